--- `cloudjobs kinds`: the kinds of job, each with the reference of an example.

local catalog = require "cloudjobs.cli.catalog"
local kinds = require "cloudjobs.job.kinds"
local out = require "cloudjobs.cli.out"
local ref = require "cloudjobs.job.ref"
local rows = require "cloudjobs.cli.rows"

local EXAMPLES = [[
   cloudjobs kinds
   cloudjobs kinds --kinds ours.lua --output json]]

local FIELDS = { "kind", "about", "cloud", "service", "ids", "example" }

local function define(command, args)
  rows.define(command)
  return catalog.define_kinds(command, args)
end

-- A parameter without an example stands for itself.
local function example_of(kind)
  if kind.not_resumable then
    return nil
  end
  local fields = {}
  for _, name in ipairs(kind.params) do
    fields[name] = kind.example and kind.example[name] or name
  end
  return ref.format(kind.kind, fields)
end

local function row_of(kind)
  return {
    kind = catalog.name_of_kind(kind),
    about = kind.about,
    cloud = kind.cloud,
    service = kind.service,
    ids = table.concat(kind.params, " "),
    example = example_of(kind),
  }
end

local function column(title, name, more)
  more = more or {}
  more.title, more.value = title, function(row)
    return row[name]
  end
  return more
end

local COLUMNS = {
  column("KIND", "kind"), column("JOB", "about", { spare = true }), column("IDS", "ids", { spare = true }),
  column("EXAMPLE", "example", { whole = true }),
}

--- Prints the kinds. Returns the exit status.
local function run(parsed)
  local list = {}
  for i, kind in ipairs(kinds) do
    list[i] = row_of(kind)
  end
  rows.print(list, { columns = COLUMNS, fields = FIELDS }, parsed)
  return out.EXIT.succeeded
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
