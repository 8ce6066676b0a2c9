--- The flags behind a type or an operation, gathered as words.

local refuse = require("cloudjobs.model.import.traits").refuse

-- A number as the notation writes it.
local function number_text(value)
  if type(value) ~= "number" or value ~= value or math.abs(value) == math.huge then
    refuse("min", "expected a number, got %s", tostring(value))
  elseif value == math.floor(value) and math.abs(value) < 2 ^ 53 then
    return ("%d"):format(value)
  end
  return ("%.17g"):format(value)
end

-- A flag: `name`, or `name=value` where a value is given: printable ASCII, since it may come to stand in a header, and
-- no "@", which the notation has for itself.
local function add(flags, name, value)
  if value ~= nil and not tostring(value):find("^[!-?A-~]+$") then
    refuse(name, "expected one word of printable characters")
  end
  flags[#flags + 1] = value == nil and name or name .. "=" .. value
end

-- Older descriptions have the address alone.
local function add_namespace(flags, namespace)
  if type(namespace) == "string" then
    add(flags, "namespace", namespace)
  elseif namespace then
    add(flags, "namespace", namespace.uri)
    if namespace.prefix then
      add(flags, "prefix", namespace.prefix)
    end
  end
end

-- { "a" } -> { a = true }
local function set(names)
  local known = {}
  for _, name in ipairs(names) do
    known[name] = true
  end
  return known
end

return { set = set, number_text = number_text, add = add, add_namespace = add_namespace }
