--- How a service refuses a request: it raises a refusal, and the front that called it
--- writes it as that service's error. Handlers then read as what they do.

local refusal_mt = {
  __name = "cloudjobs.emulator.refusal",
  __tostring = function(refusal)
    return refusal.code .. ": " .. refusal.message
  end,
}

--- Raises a refusal.
---@param code string the service's own error code
---@param message string
---@param members table|nil further members of the error
---@param status number|nil the HTTP status, 400 by default
local function refuse(code, message, members, status)
  error(setmetatable({ code = code, message = message, members = members, status = status or 400 }, refusal_mt), 0)
end

--- Calls f. Gives true and its result, or false and the refusal it raised; any
--- other error goes on its way.
local function attempt(f, ...)
  local ok, result = pcall(f, ...)
  if not ok and getmetatable(result) ~= refusal_mt then
    error(result, 0)
  end
  return ok, result
end

return { refuse = refuse, attempt = attempt }
