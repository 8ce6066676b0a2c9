--- The one error object. Failures of the world are returned as `nil, err`;
--- a caller's mistakes are raised as strings and never come here.

local quote = require "cloudjobs.base.quote"

---@class cloudjobs.Error
---@field kind "validation"|"credentials"|"config"|"transport"|"service"|"response"|"timeout"|"cancelled"|"job"
---@field code string|nil the service's own code, or ours for the kind
---@field message string
---@field status integer|cloudjobs.Status|nil HTTP status; a job's status where the error is about a job
---@field request_id string|nil
---@field extended_request_id string|nil S3's second id of a request
---@field operation string|nil
---@field service string|nil
---@field attempts integer|nil requests sent
---@field retryable boolean
---@field throttling boolean
---@field ambiguous boolean the request may have been carried out
---@field problems { path: string, message: string }[]|nil
---@field fields table|nil members the service's model gives this error
---@field retry_after number|nil seconds the server asked to wait
---@field cause any
---@field hint string|nil what to do
local Error = {}

local function describe(problems)
  local lines = {}
  for i, problem in ipairs(problems) do
    lines[i] = problem.path == "" and problem.message or problem.path .. ": " .. problem.message
  end
  return table.concat(lines, "; ")
end

local function facts(err)
  local list = {}
  if type(err.status) == "number" then
    list[#list + 1] = "status " .. err.status
  end
  if err.request_id then
    list[#list + 1] = "request id " .. err.request_id
  end
  if err.attempts and err.attempts > 1 then
    list[#list + 1] = "after " .. err.attempts .. " attempts"
  end
  if err.ambiguous then
    list[#list + 1] = "it may have been carried out"
  end
  return #list > 0 and " (" .. table.concat(list, ", ") .. ")" or ""
end

local error_mt = { __name = "cloudjobs.error", __index = Error }

--- `<service> <operation>: <code>: <message> (status …, request id …). <hint>`
function error_mt.__tostring(err)
  local where = {}
  where[#where + 1] = err.service
  where[#where + 1] = err.operation
  local text = #where > 0 and table.concat(where, " ") .. ": " or ""
  if err.code and err.kind ~= "validation" then
    text = text .. err.code .. ": "
  end
  text = text .. (err.message ~= "" and err.message or "no message")
  if err.problems and err.kind ~= "validation" then
    text = text .. " [" .. describe(err.problems) .. "]"
  end
  text = text .. facts(err)
  if err.hint then
    text = text .. ". " .. err.hint
  end
  return text
end

-- err .. "\n" and "failed: " .. err are what people write.
function error_mt.__concat(a, b)
  return tostring(a) .. tostring(b)
end

-- Texts of others, and how many bytes of each are kept.
local TEXTS = { code = 256, message = 16 * 1024, hint = 4 * 1024, request_id = 256, extended_request_id = 256 }

-- On one line, without control characters: an error is printed and logged.
local function clean(fields)
  for name, max in pairs(TEXTS) do
    local text = fields[name]
    if type(text) == "string" then
      fields[name] = quote.message(quote.cut(text, max))
    end
  end
  for _, problem in ipairs(fields.problems or {}) do
    problem.path, problem.message = quote.clean(problem.path), quote.message(problem.message)
  end
end

--- Makes an error of `fields`, which it keeps.
---@param fields table `kind` is required; `message` follows from `problems` when absent
---@return cloudjobs.Error
local function new(fields)
  fields.message = fields.message or (fields.problems and describe(fields.problems)) or ""
  clean(fields)
  fields.retryable = fields.retryable or false
  fields.throttling = fields.throttling or false
  fields.ambiguous = fields.ambiguous or false
  return setmetatable(fields, error_mt)
end

---@return boolean
local function is(value)
  return getmetatable(value) == error_mt
end

--- The same error for one more caller: each call writes its operation into its own.
---@param err cloudjobs.Error
---@return cloudjobs.Error
local function copy(err)
  local fields = {}
  for name, value in pairs(err) do
    fields[name] = value
  end
  return new(fields)
end

local report

--- Raises an error object, for iterators.
---@param err cloudjobs.Error
local function raise(err)
  if report then
    report(err)
  end
  error(err, 0)
end

--- Has `f` called with each error object before it is raised.
---@param f fun(err: cloudjobs.Error)
local function on_raise(f)
  report = f
end

return { new = new, is = is, copy = copy, raise = raise, on_raise = on_raise }
