--- A job's state in one vocabulary, made from a service's own record.

local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"
local quote = require "cloudjobs.base.quote"

-- The states in which a job ends. `unknown` is final only when the record has an end.
local ENDS = { "succeeded", "failed", "timed_out", "cancelled", "skipped", "no_data", "stopped", "unknown" }

-- No new data is no failure: there was nothing to deliver.
local OK = { succeeded = true, no_data = true }

local FINAL = {}
for _, state in ipairs(ENDS) do
  FINAL[state] = state ~= "unknown" or nil
end

---@class cloudjobs.Status
---@field state "queued"|"running"|"succeeded"|"failed"|"timed_out"|"cancelled"|"skipped"|"no_data"|"stopped"|"unknown"
---@field ok boolean it succeeded, or there was no new data to deliver
---@field final boolean it does not change any more
---@field code string|nil the service's own state
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
  text = self.reason and text .. ": " .. self.reason or text
  return quote.clean(text)
end

local function text_at(record, path)
  local value = member.at(record, path, "string")
  return value ~= "" and value or nil
end

--- The time at a path in epoch seconds. Azure's times are text, which may lack
--- its zone.
---@param record table
---@param path string|nil
---@return number|nil
local function time_at(record, path)
  local value = path and member.at(record, path, "string")
  if value then
    return (core.epoch(value))
  end
  return path and member.at(record, path, "number")
end

--- Reads a record.
---@param kind cloudjobs.Kind
---@param record table
---@param id string
---@param outcome string|nil the state that the comparison of polls gave
---@return cloudjobs.Status
local function new(kind, record, id, outcome)
  local members = kind.members
  local code = text_at(record, members.code)
  local ended_at = time_at(record, members.ended_at)
  local state = outcome or kind.states[code] or "unknown"
  return setmetatable({
    state = state,
    ok = OK[state] or false,
    -- An undocumented state is final when the record has an end.
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

--- A status for a job that could not be followed to its end: the last one, or
--- `unknown`, with the reason in `err`.
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

return { new = new, time_at = time_at, unknown = unknown, ENDS = ENDS }
