--- Which retry policy an AWS client has: by its options, else by environment
--- and profile.

local Quota = require "cloudjobs.aws.retry.quota"
local Standard = require "cloudjobs.aws.retry.standard"
local assembly = require "cloudjobs.cloud.options"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"

local FIELDS = { mode = "string", generation = "string", quota = "table" }
local KNOWN = {
  mode = { standard = true, adaptive = true },
  generation = { ["2026"] = true, former = true },
}
local EXPECTED = { mode = "standard or adaptive", generation = "2026 or former" }

-- botocore's oldest mode has no rules of its own here: what is configured for
-- other programs on this machine gets the nearest there is.
local LEGACY_ATTEMPTS = 5

--- Checks the option `retry`; raises at the caller's line.
---@return table
local function check(options, what)
  local given = assembly.retry(options, FIELDS, what)
  for name, values in pairs(KNOWN) do
    local value = given[name]
    if value and not values[value] then
      local hint = value == "legacy" and "; legacy mode's nearest is standard with generation = \"former\"" or ""
      option.mistake(("%s: retry: option %s: expected %s, got %s%s"):format(
        what, name, EXPECTED[name], quote.name(value), hint
      ))
    end
  end
  if given.quota and not Quota.is(given.quota) then
    option.mistake(what .. ": retry: option quota: expected what cloudjobs.aws.retry_quota() gives")
  end
  return given
end

--- The policy of the settings.
---@param found { retry_mode: string, retry_generation: string, max_attempts: integer|nil }
---@param service string the service's id
---@param quota table|nil one to share
local function policy(found, service, quota)
  local mode, generation, attempts = found.retry_mode, found.retry_generation, found.max_attempts
  if mode == "legacy" then
    mode, generation, attempts = "standard", "former", attempts or LEGACY_ATTEMPTS
  end
  return Standard.new {
    mode = mode, generation = generation, max_attempts = attempts, quota = quota, service = service,
  }
end

return { check = check, policy = policy }
