--- A response as rows: the items of its list where it has one, else its own members. The model says which numbers are
--- times.

local core = require "cloudjobs.core"

local DOT = ("."):byte()

local with_times

-- A value of a type in the notation of shapes.
local function value_with_times(model, kind, value, format_time)
  if kind:find("^time") and type(value) == "number" then
    return format_time(value)
  elseif type(value) ~= "table" then
    return value
  elseif kind:find("^%u%w*$") then
    return with_times(model, model:shape(kind), value, format_time)
  end
  local inner = kind:match("^(.*)[%[{][%]}]$")
  if not inner then
    return value
  end
  local copy = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do
    copy[key] = value_with_times(model, inner, item, format_time)
  end
  return copy
end

--- A copy of a structure's value in which `format_time` has made texts of the times.
---@param model table
---@param shape any the structure's
---@param value table
---@param format_time fun(time: number): string
---@return table
function with_times(model, shape, value, format_time)
  local copy = {}
  for name, item in pairs(value) do
    copy[name] = item
  end
  for _, member in ipairs(core.members(shape)) do
    if copy[member.name] ~= nil then
      copy[member.name] = value_with_times(model, member.type, copy[member.name], format_time)
    end
  end
  return copy
end

local function is_list(value)
  return type(value) == "table" and (getmetatable(value) ~= nil or value[1] ~= nil)
end

-- The one list of tables among the members, nil where there is none or more than one.
local function list_in(output)
  local found, count = nil, 0
  for _, value in pairs(output) do
    if is_list(value) and (value[1] == nil or type(value[1]) == "table") then
      found, count = value, count + 1
    end
  end
  return count == 1 and found or nil
end

-- `{ a = { b = 1 } }` as `{ ["a.b"] = 1 }`; lists stay whole, as JSON.
local function flatten(record, into, prefix)
  for name, value in pairs(record) do
    if is_list(value) then
      into[prefix .. name] = assert(core.json_encode(value))
    elseif type(value) == "table" then
      flatten(value, into, prefix .. name .. ".")
    else
      into[prefix .. name] = tostring(value)
    end
  end
  return into
end

---@param output table
---@return table<string, string>[]
local function rows(output)
  local list = {}
  for i, record in ipairs(list_in(output) or { output }) do
    list[i] = flatten(record, {}, "")
  end
  return list
end

local function tail_of(name)
  local last = #name
  while last > 0 and name:byte(last) ~= DOT do
    last = last - 1
  end
  return name:sub(last + 1)
end

-- A column's title: the end of its name, unless another name has the same end.
local function title_of(name, fields)
  for _, other in ipairs(fields) do
    if other ~= name and tail_of(other) == tail_of(name) then
      return name
    end
  end
  return tail_of(name)
end

--- The columns for those rows: every name that one of them has, sorted.
local function shape(output)
  local seen, fields, columns = {}, {}, {}
  for _, row in ipairs(rows(output)) do
    for name in pairs(row) do
      if not seen[name] then
        seen[name] = true
        fields[#fields + 1] = name
      end
    end
  end
  table.sort(fields)
  for i, name in ipairs(fields) do
    columns[i] = { title = title_of(name, fields), shrinks = true, value = function(row)
      return row[name]
    end }
  end
  return { columns = columns, fields = fields }
end

return { rows = rows, shape = shape, with_times = with_times }
