--- The download of an Azure price sheet. It is identified only by the Location of
--- the response to its start, which contains a session token.

local member = require "cloudjobs.base.path"
local report = require "cloudjobs.job.report"

local OPERATIONS = {
  { "invoiceName", "download_price_sheet_of_invoice" },
  { "billingPeriodName", "download_price_sheet_of_period" },
}

local function operation_for(params)
  for _, operation in ipairs(OPERATIONS) do
    if params[operation[1]] then
      return operation[2]
    end
  end
  return "download_price_sheet"
end

-- The text under one of some names, in the document or its properties.
local function text_of(record, names)
  local properties = type(record.properties) == "table" and record.properties or record
  for _, name in ipairs(names) do
    local text = member.at(properties, name, "string")
    if text then
      return text
    end
  end
end

local LINKS = { "downloadUrl", "reportUrl" }
local ENDS = { "expiryTime", "validTill", "validUntil" }

---@class cloudjobs.jobs
---@field price_sheet cloudjobs.Maker
---@field start_price_sheet cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "price_sheet",
  title = "Azure price sheet",
  about = "download of an Azure price sheet",
  cloud = "azure",
  service = "cost_reports",
  service_id = "Cost Management Reports",
  params = { "location", "operationId" },
  id = "operationId",
  not_resumable = "Azure lets only the process that started it read it",
  name = function(params)
    return params.operationId
  end,
  fetch = function(client, params, limits)
    return report.read(client, params.location, limits)
  end,
  members = report.MEMBERS,
  states = report.STATES,
  -- The sheets of newer agreements have no status: a document with a link is final.
  state = function(record)
    return record.status == nil and text_of(record, LINKS) and "succeeded" or nil
  end,
  result = function(record)
    return { url = text_of(record, LINKS), valid_until = text_of(record, ENDS) }
  end,
  missing = report.MISSING,
  interval = report.INTERVAL,
  run = {
    finder = "start_price_sheet",
    params = { scope = "string", invoiceName = "string", billingPeriodName = "string" },
    start = function(client, params, limits)
      local started, err = client:start_operation(operation_for(params), params, limits)
      local ids, problem = report.ids(started, err, params)
      if ids and not ids.location then
        return nil, report.no_location()
      end
      return ids and { location = ids.location, operationId = ids.operationId }, problem
    end,
  },
}
