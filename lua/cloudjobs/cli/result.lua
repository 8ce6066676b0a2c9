--- What a call answered, as rows: the items of its list where it has one, else its own members.

local core = require "cloudjobs.core"

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
    columns[i] = { title = name, shrinks = true, value = function(row)
      return row[name]
    end }
  end
  return { columns = columns, fields = fields }
end

return { rows = rows, shape = shape }
