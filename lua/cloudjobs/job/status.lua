--- A job's state in one vocabulary, made from a service's own record.

local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"

-- The states in which a job ends. `unknown` is final only when the record has an end.
local ENDS = { "succeeded", "failed", "timed_out", "cancelled", "skipped", "no_data", "stopped", "unknown" }

-- No new data is no failure: there was nothing to deliver.
local OK = { succeeded = true, no_data = true }

local FINAL = {}
local STATES = { queued = true, running = true }
for _, state in ipairs(ENDS) do
  FINAL[state] = state ~= "unknown" or nil
  STATES[state] = true
end

---@class cloudjobs.Status
---@field state "queued"|"running"|"succeeded"|"failed"|"timed_out"|"cancelled"|"skipped"|"no_data"|"stopped"|"unknown"
---@field ok boolean it succeeded, or there was no new data to deliver
---@field final boolean it does not change any more
---@field code string|nil the service's own state
---@field reason string|nil
---@field hint string|nil what the job waits for, where it does not go on by itself
---@field started_at number|nil epoch seconds, as all times here
---@field updated_at number|nil
---@field ended_at number|nil
---@field result table|nil what a job that has ended hands out, where its kind names it; no text of a status shows it
---@field retry_after number|nil seconds until the service wants the next poll
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
  return quote.message(text)
end

local function text_at(record, path)
  local value = member.at(record, path, "string")
  return value ~= "" and value or nil
end

-- The texts at one path or several.
local function reason_of(record, paths)
  if type(paths) == "string" then
    return text_at(record, paths)
  end
  local texts = {}
  for _, path in ipairs(paths or {}) do
    texts[#texts + 1] = text_at(record, path)
  end
  return texts[1] and table.concat(texts, ": ")
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

-- The times of a status, by the names of its fields.
local TIMES = { "started_at", "updated_at", "ended_at" }

local function set_times(status, kind, record)
  local unit = kind.milliseconds and 1000 or 1
  for _, name in ipairs(TIMES) do
    local time = time_at(record, kind.members[name])
    -- A service that counts milliseconds has 0 for an event that is not there yet.
    status[name] = time and (unit == 1 or time > 0) and time / unit or nil
  end
end

-- The state and reason from the kind's own function. A user's function may return anything.
local function refine(kind, record, params, state)
  local refined, reason = kind.state(record, params, state)
  if refined ~= nil and not STATES[refined] then
    option.mistake(("%s: state: expected one of %s, got %s"):format(kind.kind,
      table.concat(option.sorted_keys(STATES), ", "), quote.word(refined)))
  elseif reason ~= nil and type(reason) ~= "string" then
    option.mistake(("%s: state: expected a string as reason, got %s"):format(kind.kind, type(reason)))
  end
  return refined or state, reason
end

--- Reads a record.
---@param kind cloudjobs.Kind
---@param record table
---@param id string
---@param params table<string, string> the job's parameters
---@param outcome string|nil the state that the comparison of polls gave
---@return cloudjobs.Status
local function new(kind, record, id, params, outcome)
  local members = kind.members
  local code = text_at(record, members.code)
  local status = { code = code and quote.message(code), id = id, kind = kind.kind }
  status.hint = kind.hints and kind.hints[code]
  set_times(status, kind, record)
  local state, reason = outcome or kind.states[code] or "unknown", nil
  if kind.state then
    state, reason = refine(kind, record, params, state)
  end
  status.state = state
  status.ok = OK[state] or false
  -- An undocumented state is final when the record has an end.
  status.final = FINAL[state] or (state == "unknown" and status.ended_at ~= nil)
  -- A standing job's record keeps its last failure while it goes on.
  if not kind.outcome or state == "failed" then
    reason = reason or reason_of(record, members.reason)
    -- A reason may repeat a signed link, as any text may.
    status.reason = reason and quote.message(reason)
  end
  status.retry_after = members.retry_after and member.at(record, members.retry_after, "number") or nil
  if status.final and kind.result then
    status.result = kind.result(record)
  end
  return setmetatable(status, status_mt)
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

return { new = new, time_at = time_at, unknown = unknown, ENDS = ENDS, STATES = STATES }
