--- A job's state in one vocabulary, made from a service's own record.

local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"

-- What a job can end in; of these an unknown state is final only once the record says so.
local ENDS = { "succeeded", "failed", "timed_out", "cancelled", "skipped", "no_data", "stopped", "unknown" }

local FINAL = {}
for _, state in ipairs(ENDS) do
  FINAL[state] = state ~= "unknown" or nil
end

---@class cloudjobs.Status
---@field state "queued"|"running"|"succeeded"|"failed"|"timed_out"|"cancelled"|"skipped"|"no_data"|"stopped"|"unknown"
---@field ok boolean it succeeded
---@field final boolean it will not change any more
---@field code string|nil the service's own word
---@field reason string|nil
---@field started_at number|nil epoch seconds, as all times here
---@field updated_at number|nil
---@field ended_at number|nil
---@field detail table|nil when asked for
---@field id string
---@field kind string
local status_mt = { __name = "cloudjobs.status" }

function status_mt.__tostring(self)
  local text = ("%s %s: %s"):format(self.kind, self.id, self.state)
  if self.code then
    text = text .. " (" .. self.code .. ")"
  end
  return self.reason and text .. ": " .. self.reason or text
end

local function text_at(record, path)
  local value = member.at(record, path, "string")
  return value ~= "" and value or nil
end

-- Azure's times are text and may lack their zone; both clouds' become numbers.
local function time_at(record, path)
  local value = path and member.at(record, path, "string")
  if value then
    return (core.epoch(value))
  end
  return path and member.at(record, path, "number")
end

--- Reads a record.
---@param kind table a kind of job, see jobs/
---@param record table what the service says of it
---@param id string
---@param outcome string|nil the state where comparing looks told one
---@return cloudjobs.Status
local function new(kind, record, id, outcome)
  local members = kind.members
  local code = text_at(record, members.code)
  local ended_at = time_at(record, members.ended_at)
  local state = outcome or kind.states[code] or "unknown"
  return setmetatable({
    state = state,
    ok = state == "succeeded",
    -- What nobody documented is final when the record says that it ended.
    final = FINAL[state] or (state == "unknown" and ended_at ~= nil),
    code = code,
    -- A standing job's record keeps its last failure while it goes on.
    reason = (not kind.outcome or state == "failed") and text_at(record, members.reason) or nil,
    started_at = time_at(record, members.started_at),
    updated_at = time_at(record, members.updated_at),
    ended_at = ended_at,
    id = id,
    kind = kind.kind,
  }, status_mt)
end

--- A status for a job that could not be followed to its end: what was last
--- seen of it, or `unknown`, and why in `err`.
---@param last cloudjobs.Status|nil
---@param err cloudjobs.Error
---@return cloudjobs.Status
local function unknown(kind, id, last, err)
  local status = { state = "unknown", ok = false, final = false, id = id, kind = kind }
  for name, value in pairs(last or {}) do
    status[name] = value
  end
  status.err = err
  return setmetatable(status, status_mt)
end

return { new = new, unknown = unknown, ENDS = ENDS }
