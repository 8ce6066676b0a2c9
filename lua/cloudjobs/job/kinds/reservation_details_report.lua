--- An Azure reservation details report. It is read from the Location of the
--- response to its start, which is rebuilt from the operation's id and the API's
--- version.

local member = require "cloudjobs.base.path"
local report = require "cloudjobs.job.report"

---@class cloudjobs.jobs
---@field reservation_details_report cloudjobs.Maker
---@field start_reservation_details_report cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "reservation_details_report",
  title = "Azure reservations",
  about = "Azure reservation details report",
  cloud = "azure",
  service = "cost_reports",
  service_id = "Cost Management Reports",
  params = { "scope", "operationId" },
  optional = { "apiVersion" },
  id = "operationId",
  example = {
    scope = "providers/Microsoft.Billing/billingAccounts/12345", operationId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
  },
  name = function(params)
    return params.operationId
  end,
  fetch = report.fetch "reservationDetailsOperationResults",
  members = report.MEMBERS,
  states = report.STATES,
  result = function(record)
    return {
      url = member.at(record, "properties.reportUrl", "string"),
      valid_until = member.at(record, "properties.validUntil", "string"),
    }
  end,
  refuse = report.refuse,
  missing = report.MISSING,
  interval = report.INTERVAL,
  run = {
    finder = "start_reservation_details_report",
    params = { scope = "string", startDate = "string", endDate = "string" },
    start = function(client, params, limits)
      local started, err = client:start_operation("generate_reservation_details_report", params, limits)
      return report.resumable(started, err, params)
    end,
  },
}
