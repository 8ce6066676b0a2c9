--- A fleet: the accounts and scopes that are looked at together, as a list of entries.

local kinds = require "cloudjobs.job.kinds"
local merged = require "cloudjobs.base.merged"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"

---@class cloudjobs.FleetEntry
---@field cloud "aws"|"azure"
---@field label string|nil its name in rows: letters, digits, "_", "." and "-"; no two entries have the same
---@field profile string|nil AWS
---@field role_arn string|nil AWS: the role to assume, with `external_id` and `role_session_name` where it needs them
---@field credentials table|nil a provider or keys; of AWS or of Azure
---@field region string|nil AWS
---@field regions string[]|nil AWS: several, each looked at
---@field account string|nil AWS: the account's name in rows where no ARN has its id
---@field exports boolean|nil AWS: exports, unless false
---@field windows boolean|nil AWS: maintenance windows that are open
---@field snapshot_catalogs string[]|nil AWS: catalogs of Partner Central whose jobs are listed
---@field scope string|nil Azure
---@field api_version string|nil Azure
---@field endpoint string|nil URL to call in place of the service's own
---@field ca_bundle string|nil file of certificates to trust

-- Their types; each kind of job adds the member that asks for it.
local MEMBERS = {
  cloud = "string", label = "string", profile = "string", role_arn = "string", external_id = "string",
  role_session_name = "string", credentials = "table", region = "string", regions = "table", endpoint = "string",
  account = "string", scope = "string", api_version = "string", ca_bundle = "string",
}
for _, kind in ipairs(kinds) do
  if kind.inventory and kind.inventory.option then
    MEMBERS[kind.inventory.option] = kind.inventory.type
  end
end

-- Those that are options of the entry's clients.
local CLIENT_OPTIONS = {
  aws = { "profile", "credentials", "region", "endpoint", "ca_bundle" },
  azure = { "scope", "credentials", "api_version", "endpoint", "ca_bundle" },
}

local MAX_LABEL = 64 -- bytes, since references carry it

local function check_label(label, seen, what)
  if not label then
    return
  elseif #label > MAX_LABEL or not label:find("^[%w_.-]+$") then
    option.mistake(("%s: option label: expected at most %d letters, digits, '_', '.' and '-', got %s")
      :format(what, MAX_LABEL, quote.value(label)))
  elseif seen[label] then
    option.mistake(("%s: option label: entry %d is called %s already"):format(what, seen[label], label))
  end
end

local function check_regions(entry, what)
  if not entry.regions then
    return
  elseif entry.region then
    option.mistake(what .. ": option regions: it excludes region")
  elseif #entry.regions == 0 then
    option.mistake(what .. ": option regions: expected a list of names")
  end
  option.check_list(entry.regions, what .. ": option regions")
  for i, region in ipairs(entry.regions) do
    if type(region) ~= "string" then
      option.mistake(("%s: option regions: expected a list of names, got a %s at %d"):format(what, type(region), i))
    end
  end
end

local function check_entry(entry, seen, what)
  option.check(entry, MEMBERS, what)
  if not CLIENT_OPTIONS[entry.cloud] then
    option.mistake(("%s: cloud: expected aws or azure, got %s"):format(what, tostring(entry.cloud)))
  elseif entry.cloud == "azure" and not entry.scope then
    option.mistake(what .. ": expected scope")
  elseif (entry.external_id or entry.role_session_name) and not entry.role_arn then
    option.mistake(("%s: option %s: expected role_arn beside it")
      :format(what, entry.external_id and "external_id" or "role_session_name"))
  end
  check_label(entry.label, seen, what)
  check_regions(entry, what)
end

--- Checks a fleet, and makes of each entry one for each of its regions. Raises for a mistake.
---@param fleet cloudjobs.FleetEntry[]
---@param what string the function that was given it
---@return table[] entries with `given`, the entry of the fleet
local function expand(fleet, what)
  option.check_list(fleet, what .. ": fleet")
  local entries, seen = {}, {}
  for i, entry in ipairs(fleet) do
    check_entry(entry, seen, ("%s: entry %d"):format(what, i))
    if entry.label then
      seen[entry.label] = i
    end
    for _, region in ipairs(entry.regions or { entry.region or false }) do
      entries[#entries + 1] = merged(entry, { region = region or nil, given = entry })
    end
  end
  return entries
end

--- The options of an entry's clients that are members of it.
---@param entry table
---@return table
local function client_options(entry)
  local options = {}
  for _, name in ipairs(CLIENT_OPTIONS[entry.cloud]) do
    options[name] = entry[name]
  end
  return options
end

return { expand = expand, client_options = client_options }
