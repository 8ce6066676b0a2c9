--- An Azure cost details report. It is read from the Location of the response to
--- its start, which is rebuilt from the operation's id and the API's version.

local Error = require "cloudjobs.base.error"
local member = require "cloudjobs.base.path"
local report = require "cloudjobs.job.report"

---@class cloudjobs.jobs
---@field cost_details_report cloudjobs.Maker
---@field start_cost_details_report cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "cost_details_report",
  title = "Azure cost details",
  about = "Azure cost details report",
  cloud = "azure",
  service = "cost_reports",
  service_id = "Cost Management Reports",
  params = { "scope", "operationId" },
  optional = { "apiVersion" },
  id = "operationId",
  example = {
    scope = "subscriptions/00000000-0000-0000-0000-000000000001", operationId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
  },
  name = function(params)
    return params.operationId
  end,
  fetch = report.fetch "costDetailsOperationResults",
  members = report.MEMBERS,
  states = report.STATES,
  result = function(record)
    return {
      blobs = member.at(record, "manifest.blobs", "table"), count = member.at(record, "manifest.blobCount", "number"),
      valid_until = member.at(record, "validTill", "string"),
    }
  end,
  refuse = report.refuse,
  missing = report.MISSING,
  interval = report.INTERVAL,
  run = {
    finder = "start_cost_details_report",
    params = { scope = "string", report = "table" },
    start = function(client, params, limits)
      local started, err = client:start_operation("generate_cost_details_report", params, limits)
      if started and started.status == 204 then
        return nil, Error.new {
          kind = "job", code = "no_data", message = "cost_details_report: there are no costs in the time asked for",
        }
      end
      return report.resumable(started, err, params)
    end,
  },
}
