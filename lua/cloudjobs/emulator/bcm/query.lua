--- An export's query: which columns of which table, by the rules that
--- CreateExport holds a query to.

local ascii = require "cloudjobs.base.ascii"
local refuse = require("cloudjobs.emulator.refuse").refuse
local tables = require "cloudjobs.emulator.bcm.tables"

local FORBIDDEN = { "group by", "order by", "having", "join", "like", "between", "union", "is null", "is not null" }

local function invalid(message, field)
  refuse("ValidationException", message, {
    Reason = "fieldValidationFailed",
    Fields = { { Name = field, Message = message } },
  })
end

--- The table of a name, or nil.
local function find(name)
  for _, one in ipairs(tables) do
    if one.name == name then
      return one
    end
  end
end

local function find_property(of, name)
  for _, property in ipairs(of.properties) do
    if property.Name == name then
      return property
    end
  end
end

local function is_one_of(values, value)
  for _, valid in ipairs(values) do
    if valid == value then
      return true
    end
  end
  return #values == 0
end

--- The table's properties with their defaults filled in.
local function settle(of, properties, field)
  local settled = {}
  for _, property in ipairs(of.properties) do
    settled[property.Name] = property.DefaultValue
  end
  for name, value in pairs(properties or {}) do
    local property = find_property(of, name)
    if not property then
      invalid(("The table %s has no property %s."):format(of.name, name), field)
    elseif not is_one_of(property.ValidValues, value) then
      invalid(("%s is not a valid value for the table property %s."):format(value, name), field)
    end
    settled[name] = value
  end
  return settled
end

--- The columns `{ Name, Type }` that the settled properties produce.
local function columns(of, properties)
  local list = {}
  for _, group in ipairs(of.columns) do
    if not group.when or properties[group.when[1]] == group.when[2] then
      for name, kind in group[1]:gmatch("(%S+) (%S+)") do
        list[#list + 1] = { Name = name, Type = kind }
      end
    end
  end
  table.sort(list, function(a, b)
    return a.Name < b.Name
  end)
  return list
end

local function split(statement)
  local flat = statement:gsub("%s+", " "):match("^ ?(.*[^ ;])") or ""
  local lower = ascii.lower(flat)
  for _, words in ipairs(FORBIDDEN) do
    if lower:find("%f[%w_]" .. words .. "%f[^%w_]") then
      return nil
    end
  end
  local first, last = lower:find(" from ", 1, true)
  if lower:sub(1, 7) ~= "select " or not first then
    return nil
  end
  local name, rest = flat:sub(last + 1):match("^([%w_]+)(.*)$")
  if not name or not (rest == "" or ascii.lower(rest):find("^ where ") or ascii.lower(rest):find("^ limit %d+$")) then
    return nil
  end
  return flat:sub(8, first - 1), name
end

--- Reads an export's data query: its table, its properties settled, and its
--- columns in order as `{ Name, Type }` under the names the query gives them.
--- Refuses a query that breaks a rule.
local function read(data_query)
  local list, name = split(data_query.QueryStatement)
  if not list or list:find("*", 1, true) then
    invalid("Invalid QueryStatement", "Export.DataQuery.QueryStatement")
  end
  local of = find(name)
  if not of then
    invalid(("The table %s does not exist."):format(name), "Export.DataQuery.QueryStatement")
  end
  local configurations = data_query.TableConfigurations or {}
  for configured in pairs(configurations) do
    if configured ~= name then
      invalid(("The query does not use the table %s."):format(configured), "Export.DataQuery.TableConfigurations")
    end
  end
  local properties = settle(of, configurations[name], "Export.DataQuery.TableConfigurations")

  local types = {}
  for _, column in ipairs(columns(of, properties)) do
    types[column.Name] = column.Type
  end
  local chosen = {}
  for item in (list .. ","):gmatch(" *(.-) *,") do
    local column, alias = item:match("^(%S+) [aA][sS] ([%w_]+)$")
    column = column or item
    local base, key = column:match("^([%w_]+)%.?([%w_]*)$")
    if not base then
      invalid("Invalid QueryStatement", "Export.DataQuery.QueryStatement")
    elseif not types[base] or key ~= "" and not types[base]:find("^map") then
      invalid(
        ("The columns in the query provided are not a subset of the table %s: %s."):format(name, column),
        "Export.DataQuery.QueryStatement"
      )
    end
    local kind = key == "" and types[base] or types[base]:match(",(%w+)>")
    chosen[#chosen + 1] = { Name = alias or key ~= "" and key or base, Type = kind }
  end
  return { table = of, properties = properties, columns = chosen }
end

return { find = find, settle = settle, columns = columns, read = read }
