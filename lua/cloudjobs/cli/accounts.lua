--- The settings of a demo on real accounts: a file of JSON with the settings of each service.

local file = require "cloudjobs.cli.file"
local option = require "cloudjobs.base.options"
local suggest = require "cloudjobs.base.suggest"

local EXAMPLE = [[
{
  "bcm_data_exports": { "region": "us-east-1", "bucket": "example-billing", "prefix": "demo" },
  "ssm": { "region": "us-east-1", "profile": "operations" },
  "partnercentral_selling": { "catalog": "Sandbox", "opportunity": "O1234567", "template": "Default" },
  "azure": {
    "scope": "subscriptions/ID",
    "storage": "/subscriptions/ID/resourceGroups/billing/providers/Microsoft.Storage/storageAccounts/examplebilling",
    "container": "exports"
  }
}
]]

-- The members of each service's settings, and whether there must be one.
local MEMBERS = {
  bcm_data_exports = { bucket = true, prefix = true, region = true, profile = false, endpoint = false },
  ssm = { region = false, profile = false, endpoint = false },
  partnercentral_selling = {
    catalog = true, opportunity = true, template = true, region = false, profile = false, endpoint = false,
  },
  azure = { scope = true, storage = true, container = true, endpoint = false },
}
local SERVICES = option.sorted_keys(MEMBERS)

-- What is wrong with one service's settings, nil when nothing is.
local function problem_of(settings, members)
  if type(settings) ~= "table" then
    return "expected an object"
  end
  for name, value in pairs(settings) do
    if members[name] == nil then
      return ("unknown member '%s'%s"):format(tostring(name), suggest(tostring(name), option.sorted_keys(members)))
    elseif type(value) ~= "string" then
      return name .. ": expected text"
    end
  end
  for _, name in ipairs(option.sorted_keys(members)) do
    if members[name] and not settings[name] then
      return "expected " .. name
    end
  end
end

local function check(accounts)
  if type(accounts) ~= "table" then
    return "expected a JSON object"
  elseif next(accounts) == nil then
    return "expected one of " .. table.concat(SERVICES, ", ")
  end
  for name, settings in pairs(accounts) do
    if not MEMBERS[name] then
      return ("unknown service '%s'%s"):format(tostring(name), suggest(tostring(name), SERVICES))
    end
    local problem = problem_of(settings, MEMBERS[name])
    if problem then
      return name .. ": " .. problem
    end
  end
end

--- Reads such a file.
---@param path string
---@return table<string, table<string, string>>|nil
---@return string|nil message
local function load_file(path)
  local accounts, message = file.read_json(path)
  if accounts == nil then
    return nil, message
  end
  message = check(accounts)
  if message then
    return nil, path .. ": " .. message
  end
  return accounts
end

return { EXAMPLE = EXAMPLE, load = load_file }
