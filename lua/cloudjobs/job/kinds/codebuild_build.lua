--- A build of AWS CodeBuild. An automatic retry is a build of its own.

local member = require "cloudjobs.base.path"

local WAITING = { SUBMITTED = true, QUEUED = true }

-- The messages of the phases that failed.
local function reason_of(record)
  local texts = {}
  for _, phase in ipairs(member.records(record, "phases")) do
    local message = member.at(phase, "contexts[0].message", "string")
    if phase.phaseStatus ~= "SUCCEEDED" and message and message ~= "" then
      texts[#texts + 1] = ("%s: %s"):format(phase.phaseType, message)
    end
  end
  return texts[1] and table.concat(texts, "; ")
end

---@class cloudjobs.jobs
---@field codebuild_build cloudjobs.Maker
---@field start_codebuild_build cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "codebuild_build",
  title = "CodeBuild build",
  about = "build of AWS CodeBuild",
  cloud = "aws",
  service = "codebuild",
  service_id = "CodeBuild",
  params = { "id" },
  id = "id",
  example = { id = "nightly:0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.id:match("^[^:]+")
  end,
  operation = "batch_get_builds",
  request = { ids = { "{id}" } },
  record = "builds[0]",
  members = { code = "buildStatus", started_at = "startTime", ended_at = "endTime" },
  states = {
    IN_PROGRESS = "running",
    SUCCEEDED = "succeeded",
    FAILED = "failed",
    FAULT = "failed",
    TIMED_OUT = "timed_out",
    STOPPED = "stopped",
  },
  state = function(record, _, state)
    if state == "running" and WAITING[record.currentPhase] then
      return "queued"
    end
    return nil, reason_of(record)
  end,
  missing = {},
  interval = { start = 5, growth = 1.5, cap = 30, floor = 1 },
  cancel = "stop_build",
  -- The description does not mark the token, so no client fills it by itself.
  run = {
    finder = "start_codebuild_build",
    operation = "start_build", token = "idempotencyToken", ids = { id = "build.id" },
  },
}
