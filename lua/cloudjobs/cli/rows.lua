--- Rows as a table for people, or as JSON or CSV for programs.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local out = require "cloudjobs.cli.out"
local quote = require "cloudjobs.base.quote"

local FORMATS = { "table", "json", "csv" }

--- Adds the options of what is shown to people.
local function define_display(command)
  command:flag("--wide"):description("Cut nothing to the width of the terminal.")
  command:flag("--no-color"):description("No colours, as with NO_COLOR in the environment.")
  command:flag("--utc"):description("Times in UTC, not in local time.")
end

--- Adds the options that `print` heeds.
---@param format string|nil what --output is unless given, a table when nil
local function define(command, format)
  command:option("--output"):argname("<format>"):choices(FORMATS):default(format or "table")
    :description("table, json or csv.")
  define_display(command)
end

-- A field as a program reads it: whole seconds, and an error as a table.
local function plain(value)
  if Error.is(value) then
    return { kind = value.kind, code = value.code, message = tostring(value) }
  elseif type(value) == "number" then
    return math.floor(value)
  end
  return value
end

local function as_json(rows, fields)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = {}
    for _, name in ipairs(fields) do
      list[i][name] = plain(row[name])
    end
  end
  out.json(setmetatable(list, core.array_mt))
end

local function csv_cell(name, value)
  if value == nil then
    return ""
  elseif name:find("_at$") and type(value) == "number" then
    value = core.iso(math.floor(value))
  elseif type(value) == "number" then
    value = ("%.0f"):format(math.floor(value))
  end
  value = quote.clean(type(value) == "table" and not Error.is(value) and core.json_encode(value) or tostring(value))
  return value:find('[",\r\n]') and '"' .. value:gsub('"', '""') .. '"' or value
end

-- As RFC 4180 has it.
local function as_csv(rows, fields)
  local titles = {}
  for i, name in ipairs(fields) do
    titles[i] = csv_cell("", name)
  end
  local lines = { table.concat(titles, ",") }
  for i, row in ipairs(rows) do
    local cells = {}
    for place, name in ipairs(fields) do
      cells[place] = csv_cell(name, row[name])
    end
    lines[i + 1] = table.concat(cells, ",")
  end
  out.write(table.concat(lines, "\r\n"), "\r\n")
end

--- Prints rows in the format that the command line asks for.
---@param rows table[]
---@param shape { columns: table[], fields: string[] } columns: those of the table; fields: those for programs, in order
---@param parsed table
---@param summary string|nil a line below the table
local function print_rows(rows, shape, parsed, summary)
  if parsed.output == "json" then
    return as_json(rows, shape.fields)
  elseif parsed.output == "csv" then
    return as_csv(rows, shape.fields)
  end
  if summary and #rows == 0 then
    return out.write(summary, "\n")
  end
  local table_ = require "cloudjobs.cli.table"
  local screen = require("cloudjobs.cli.terminal").new(parsed)
  local lines = table_.render(shape.columns, rows, {
    width = not parsed.wide and screen:size() or nil, paint = screen.paint,
  })
  lines[#lines + 1] = summary and "\n" .. summary
  out.write(table.concat(lines, "\n"), "\n")
end

return { define = define, define_display = define_display, print = print_rows }
