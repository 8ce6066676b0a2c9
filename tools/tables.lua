--- `make tables`: writes the tables of docs/ that follow from the kinds of job and the index of the models, each behind
--- the line that names it: `<!-- table: kinds -->`.

local Model = require "cloudjobs.model"
local index = require "cloudjobs.models.index"
local kinds = require "cloudjobs.job.kinds"
local sorted = require("cloudjobs.base.options").sorted_keys

local function code(text)
  return "`" .. text .. "`"
end

local function codes(list)
  local words = {}
  for i, word in ipairs(list) do
    words[i] = code(word)
  end
  return table.concat(words, ", ")
end

local TABLES = {}

function TABLES.kinds()
  local rows = { { "kind", "job", "client", "parameters", "found or started by" } }
  for _, kind in ipairs(kinds) do
    local params, finders = {}, {}
    for _, name in ipairs(kind.params) do
      params[#params + 1] = name
    end
    for _, how in ipairs { "next", "run" } do
      finders[#finders + 1] = kind[how] and kind[how].finder
    end
    finders[#finders + 1] = kind.start and "job:start()" or nil
    rows[#rows + 1] = {
      code(kind.kind), kind.about, code(("cloudjobs.%s.%s"):format(kind.cloud, kind.service)), codes(params),
      codes(finders),
    }
  end
  return rows
end

function TABLES.states()
  local rows = { { "kind", "state", "the service's own states" } }
  for _, kind in ipairs(kinds) do
    local by_state = {}
    for _, own in ipairs(sorted(kind.states)) do
      local state = kind.states[own]
      by_state[state] = by_state[state] or {}
      table.insert(by_state[state], own)
    end
    for _, state in ipairs(sorted(by_state)) do
      rows[#rows + 1] = { code(kind.kind), code(state), codes(by_state[state]) }
    end
  end
  return rows
end

function TABLES.intervals()
  local rows = { { "kind", "first interval", "growth", "longest", "floor" } }
  for _, kind in ipairs(kinds) do
    local interval = kind.interval
    rows[#rows + 1] = {
      code(kind.kind), ("%g s"):format(interval.start), ("%g"):format(interval.growth), ("%g s"):format(interval.cap),
      ("%g s"):format(interval.floor),
    }
  end
  return rows
end

function TABLES.services()
  local rows = { { "constructor", "service", "operations" } }
  for _, entry in ipairs(index) do
    if entry.name then
      local model = Model.load(entry.model)
      rows[#rows + 1] = {
        code(("cloudjobs.%s.%s"):format(entry.cloud, entry.name)), model.service.id, tostring(#model:operations()),
      }
    end
  end
  return rows
end

local function table_text(rows)
  local lines = {}
  for i, row in ipairs(rows) do
    lines[#lines + 1] = "| " .. table.concat(row, " | ") .. " |"
    if i == 1 then
      lines[2] = "|" .. ("---|"):rep(#row)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The text with the lines of each table behind its mark made anew.
local function rewrite(text)
  local lines, name = {}, nil
  for line in text:gmatch("([^\n]*)\n") do
    local is_row = line:sub(1, 1) == "|"
    if not (name and is_row) then
      lines[#lines + 1] = line .. "\n"
    end
    local mark = line:match("^<!%-%- table: (%a+) %-%->$")
    if mark then
      name = mark
      lines[#lines + 1] = table_text(TABLES[mark]())
    elseif not is_row then
      name = nil
    end
  end
  return table.concat(lines)
end

for _, path in ipairs(arg) do
  local file = assert(io.open(path, "rb"))
  local text = rewrite(file:read("*a"))
  file:close()
  file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end
