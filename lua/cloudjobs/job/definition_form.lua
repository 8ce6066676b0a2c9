--- The form of a definition of a kind of job: its fields, their types and which fields require others. definition.lua
--- checks them against the service's description.

local Status = require "cloudjobs.job.status"
local quote = require "cloudjobs.base.quote"
local sorted_keys = require("cloudjobs.base.options").sorted_keys
local suggest = require "cloudjobs.base.suggest"

local MAX_DEPTH = 32 -- tables in each other in the template of a request
local MAX_TABLES = 1000 -- in a template

-- The fields of a definition with their types: Lua's, and those of CHECKS.
local FIELDS = {
  kind = "string", title = "string", about = "string", cloud = "string", service = "string",
  params = "names", optional = "names", id = "string", name = "function", example = "texts", operation = "string",
  request = "template", record = "path", fetch = "function", listing = "fields", record_id = "function",
  began = "path", members = "fields", milliseconds = "boolean", states = "texts", state = "function",
  hints = "texts", result = "function", missing = "set|function", interval = "fields",
  cancel = "string|fields|function", start = "string", stop = "string", detail = "function", refuse = "function",
  not_resumable = "string", run = "fields", next = "fields", baseline = "function", outcome = "function",
}

-- The fields of those that are "fields".
local PARTS = {
  members = {
    code = "path", reason = "path|paths", started_at = "path", updated_at = "path", ended_at = "path",
    retry_after = "path",
  },
  interval = { start = "seconds", growth = "seconds", cap = "seconds", floor = "seconds" },
  listing = { operation = "string", params = "names", items = "path" },
  run = {
    finder = "string", operation = "string", token = "string", ids = "paths", already = "set", params = "texts",
    period = "string", start = "function", is_ours = "function",
  },
  next = { finder = "string", request = "function", refusal = "function" },
  cancel = { operation = "string", request = "template" },
}

local REQUIRED = { "kind", "cloud", "service", "params", "members", "states" }

-- Field -> the fields that it requires.
local NEEDS = {
  members = { "members.code" },
  listing = { "listing.operation", "listing.params", "listing.items", "record_id" },
  next = { "next.finder", "listing", "began" },
  outcome = { "baseline" },
  ["run.is_ours"] = { "run.start", "listing" },
}

-- Names that references use themselves, see ref.lua.
local RESERVED = {
  v = true, since = true, failure = true, region = true, profile = true, cloud = true, api_version = true,
}

-- Whether a text is a path of base/path: names separated by dots, each with an optional index.
local function is_path(text)
  if type(text) ~= "string" then
    return false
  end
  for part in (text .. "."):gmatch("([^.]*)%.") do
    local indexes = part:match("^[^%[%]]+(.*)$")
    if not indexes or indexes:gsub("%[%d+%]", "") ~= "" then
      return false
    end
  end
  return true
end

-- Whether each of a table's values is one of those that `fits` accepts.
local function all(value, fits)
  for name, item in pairs(value) do
    if not fits(item, name) then
      return false
    end
  end
  return true
end

local function is_list(value)
  return all(value, function(_, place)
    return type(place) == "number" and place >= 1 and place <= #value and place % 1 == 0
  end)
end

-- `room.tables` counts down, since a table may stand in several places or in itself.
local function is_template(value, depth, room)
  if type(value) ~= "table" then
    return true
  end
  room.tables = room.tables - 1
  return depth < MAX_DEPTH and room.tables >= 0 and all(value, function(item)
    return is_template(item, depth + 1, room)
  end)
end

-- Types beyond Lua's, with the words for them.
local CHECKS = {
  fields = { "table", function(value)
    return type(value) == "table"
  end },
  names = { "list of different strings", function(value)
    local seen = {}
    return type(value) == "table" and is_list(value) and all(value, function(name)
      local is_new = type(name) == "string" and not seen[name]
      seen[name] = true
      return is_new
    end)
  end },
  path = { "path", is_path },
  paths = { "table of paths", function(value)
    return type(value) == "table" and all(value, is_path)
  end },
  seconds = { "number above 0", function(value)
    return type(value) == "number" and value > 0 and value < math.huge
  end },
  set = { "table of names, each true", function(value)
    return type(value) == "table" and all(value, function(item, name)
      return type(name) == "string" and item == true
    end)
  end },
  template = { ("table with names, at most %d deep and of %d tables"):format(MAX_DEPTH, MAX_TABLES), function(value)
    return type(value) == "table" and is_template(value, 0, { tables = MAX_TABLES }) and all(value, function(_, name)
      return type(name) == "string"
    end)
  end },
  texts = { "table of strings", function(value)
    return type(value) == "table" and all(value, function(item, name)
      return type(name) == "string" and type(item) == "string"
    end)
  end },
}

local function fits(value, expected)
  for name in expected:gmatch("[^|]+") do
    local check = CHECKS[name]
    if check and check[2](value) or type(value) == name then
      return true
    end
  end
  return false
end

local function words_of(expected)
  return (expected:gsub("[^|]+", function(name)
    return CHECKS[name] and CHECKS[name][1] or name
  end):gsub("|", " or "))
end

-- The wrong type, or the value where its type is right.
local function got(value, expected)
  local is_value = type(value) == "number" and expected == "seconds" or type(value) == "string"
  return is_value and quote.word(value) or type(value) == "table" and "another" or type(value)
end

-- Checks for unknown fields, and values of another type.
local function check_fields(value, known, prefix, problem)
  for _, name in ipairs(sorted_keys(value)) do
    local expected = known[name]
    if not expected then
      problem("%s%s: unknown field%s", prefix, quote.name(name), suggest(tostring(name), sorted_keys(known)))
    elseif not fits(value[name], expected) then
      problem("%s%s: expected %s, got %s", prefix, name, words_of(expected), got(value[name], expected))
    end
  end
end

-- The value of a field by its path, nil in what is no table.
local function value_at(kind, path)
  local value = kind
  for name in path:gmatch("[^.]+") do
    value = type(value) == "table" and value[name] or nil
  end
  return value
end

local function check_needs(kind, problem)
  for _, name in ipairs(REQUIRED) do
    if kind[name] == nil then
      problem("%s: required", name)
    end
  end
  for _, field in ipairs(sorted_keys(NEEDS)) do
    for _, needed in ipairs(value_at(kind, field) and NEEDS[field] or {}) do
      if value_at(kind, needed) == nil then
        problem(needed:sub(1, #field) == field and "%s: required" or "%s: required with %s", needed, field)
      end
    end
  end
  if type(kind.cancel) == "table" and kind.cancel.operation == nil then
    problem("cancel.operation: required")
  end
  if kind.operation == nil and kind.listing == nil and kind.fetch == nil then
    problem("operation: required, unless a listing or the function fetch reads the job")
  end
end

local function check_words(kind, problem)
  if type(kind.cloud) == "string" and kind.cloud ~= "aws" and kind.cloud ~= "azure" then
    problem("cloud: expected aws or azure, got %s", quote.word(kind.cloud))
  end
  if type(kind.kind) == "string" and not kind.kind:find("^%l[%l%d_]*$") then
    problem("kind: expected lower-case letters, digits and underscores, got %s", quote.word(kind.kind))
  end
end

local function check_states(kind, problem)
  for _, code in ipairs(sorted_keys(kind.states)) do
    if not Status.STATES[kind.states[code]] then
      problem("states.%s: expected one of %s, got %s", quote.name(code), table.concat(sorted_keys(Status.STATES), ", "),
        quote.word(kind.states[code]))
    end
  end
  for _, code in ipairs(sorted_keys(kind.hints or {})) do
    if not kind.states[code] then
      problem("hints.%s: no such state is in states", quote.name(code))
    end
  end
end

local function check_params(kind, problem)
  local names = {}
  for _, list in ipairs { "params", "optional" } do
    for _, name in ipairs(kind[list] or {}) do
      if RESERVED[name] or not name:find("^[%w_]+$") then
        problem("%s: expected letters, digits and underscores, and no name that references use, got %s", list,
          quote.word(name))
      elseif names[name] then
        problem("%s: %s stands in params, too", list, name)
      end
      names[name] = list
    end
  end
  if #kind.params == 0 then
    problem("params: expected the name of at least one parameter")
  elseif names[kind.id] ~= "params" then
    problem("id: expected one of params, got %s", quote.word(kind.id))
  end
end

--- Checks the form of a completed definition.
---@param kind table
---@param problem fun(text: string, ...) is called for each problem
---@return boolean is_typed whether the fields have their types, so that others can rely on them
local function check(kind, problem)
  local is_typed = true
  local function typed(...)
    is_typed = false
    problem(...)
  end
  check_fields(kind, FIELDS, "", typed)
  for _, name in ipairs(sorted_keys(PARTS)) do
    if type(kind[name]) == "table" then
      check_fields(kind[name], PARTS[name], name .. ".", typed)
    end
  end
  check_needs(kind, typed)
  check_words(kind, typed)
  if is_typed then
    check_states(kind, problem)
    check_params(kind, problem)
  end
  return is_typed
end

return check
