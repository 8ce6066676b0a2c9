--- The environment's variables: those of the process, or of a table that stands for them.

---@class cloudjobs.Env
---@field values table<string, string>|nil the table, nil for the process's own
local Env = {}
local env_mt = { __name = "cloudjobs.cloud.env", __index = Env }

--- A variable as it is; an empty one is an empty string.
---@param name string
---@return string|nil
function Env:raw(name)
  local values = self.values
  if values then
    return values[name]
  end
  return os.getenv(name)
end

--- A variable, or nil. An empty one counts as unset, as in the clouds' own tools.
---@param name string
---@return string|nil
function Env:get(name)
  local value = self:raw(name)
  return value ~= "" and value or nil
end

---@param values table<string, string>|nil
---@return cloudjobs.Env
local function new(values)
  return setmetatable({ values = values }, env_mt)
end

return { new = new }
