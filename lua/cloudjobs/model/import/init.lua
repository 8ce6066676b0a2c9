--- A service description in botocore's JSON form -> a model table in the
--- notation of model.lua. Reads at run time what `make models` reads at ours.
--- What it makes of each trait stands in import/traits.lua.

local Companions = require "cloudjobs.model.import.companions"
local Document = require "cloudjobs.model.import.document"
local Service = require "cloudjobs.model.import.service"
local Shapes = require "cloudjobs.model.import.shapes"
local flag = require "cloudjobs.model.import.flags"
local operations = require "cloudjobs.model.import.operations"
local quote = require "cloudjobs.base.quote"
local traits = require "cloudjobs.model.import.traits"

local check = traits.check
local check_name = traits.check_name
local refuse = traits.refuse

-- Passes a refusal on, and makes one of the error that another value of a wrong type caused.
local function refuse_broken(where, problem)
  if type(problem) == "table" then
    error(problem, 0)
  end
  refuse(where, "the description is broken: %s", (tostring(problem):gsub("^[^\n]-:%d+: ", "")))
end

-- A table whose entries are made when they are first asked for.
local function lazy(make)
  return setmetatable({}, {
    __index = function(self, name)
      local ok, value = pcall(make, name)
      if not ok then
        refuse_broken(name, value)
      elseif value ~= nil then
        rawset(self, name, value)
      end
      return value
    end,
  })
end

-- The text of an operation. Its other parts of the model are added as a side effect.
local function read_operation(model, shapes, name, op, auth_reason)
  check("operation", op, check_name(name, "operations"))
  model.left_out[name] = operations.reason_against(shapes, name, op, auth_reason)
  if model.left_out[name] then
    return nil
  end
  model.contexts[name] = operations.context_of(shapes, op, name)
  return operations.text(shapes, name, op)
end

-- The text of a structure that can be read and written, else nil.
local function read_shape(shapes, name, shape)
  check("shape", shape, check_name(name, "shapes"))
  local is_stream = shape.eventstream or shapes:has_stream({ shape = name }, name)
  if shape.type == "structure" and not shape.document and not is_stream then
    return shapes:structure(name, shape)
  end
end

-- The record of an error, or nil where the shape is none.
local function read_error(model, name, shape)
  if type(shape) == "table" and shape.exception and model.shapes[name] then
    return operations.error_text(name, shape)
  end
end

--- A model of a description, of which each operation and shape is translated when it is first asked for.
---@param description cloudjobs.Description
---@param companions { pages: table, waiters: table, endpoints: table|nil } translated
local function translate(description, companions)
  check("description", flag.set(description.names), "the description")
  local service, protocol = Service.read(description.metadata)
  local shapes = Shapes.new(description.shapes, description.orders, protocol)
  local auth_reason = Service.reason_against_auth(description.metadata)
  local model = {
    service = service,
    operation_names = description.operation_names,
    left_out = {}, contexts = {},
    pages = companions.pages,
    waiters = companions.waiters,
    endpoints = companions.endpoints,
    enums = shapes.enums,
    client_context = description.client_context,
    error_names = description.exceptions,
  }
  model.operations = lazy(function(name)
    local op = description.operations[name]
    return op and read_operation(model, shapes, name, op, auth_reason)
  end)
  model.shapes = lazy(function(name)
    local shape = description.shapes[name]
    return shape and read_shape(shapes, name, shape)
  end)
  model.errors = lazy(function(name)
    return read_error(model, name, description.shapes[name])
  end)
  return model
end

-- The entries of a lazy table that have these names.
local function all_of(entries, names)
  local all = {}
  for _, name in ipairs(names) do
    all[name] = entries[name]
  end
  return all
end

--- The whole model, with every operation and shape translated.
local function translate_all(description, companions)
  local model = translate(description, companions)
  model.operations = all_of(model.operations, description.operation_names)
  model.shapes = all_of(model.shapes, description.shape_names)
  model.errors = all_of(model.errors, description.shape_names)
  model.operation_names, model.error_names = nil, nil
  return model
end

-- What `f` returns, or nil and a message: of what it refused, or of the value of
-- another type at which it failed. Descriptions come from outside, and not each
-- of their many places is checked on its own.
local function guarded(f, ...)
  local ok, result = pcall(f, ...)
  if ok then
    return result
  elseif type(result) == "table" then
    return nil, result.refused
  end
  return nil, "the description is broken: " .. tostring(result):gsub("^[^\n]-:%d+: ", "")
end

local function wrapped(description, orders)
  if type(description) ~= "table" then
    refuse("the description", "expected an object, got %s", type(description))
  end
  return Document.wrap(description, orders or {})
end

local function translate_companions(companions)
  return {
    pages = Companions.pages_of(companions.paginators),
    waiters = Companions.waiters_of(companions.waiters),
    endpoints = Companions.endpoints_of(companions.endpoints),
  }
end

--- A decoded description -> a model table, for Model.new.
---@param description table
---@param companions { paginators: table, waiters: table, endpoints: table }|nil decoded likewise
---@param orders table<table, string[]>|nil core.json_decode_strict's; members are sorted without
---@return table|nil model
---@return string|nil message names the trait and where it stands
local function parse(description, companions, orders)
  return guarded(function()
    return translate_all(wrapped(description, orders), translate_companions(companions or {}))
  end)
end

--- The same, but each operation is translated when it is first called.
---@param description table
---@param companions table|nil
---@return table|nil model
---@return string|nil message
local function wrap(description, companions)
  return guarded(function()
    return translate(wrapped(description), translate_companions(companions or {}))
  end)
end

-- A document and its patch, under botocore's names.
local function read_patched(folder, name, orders)
  local document, path = Document.read(folder .. name, orders)
  local extras = Document.read(folder .. name .. ".sdk-extras", orders)
  if document and extras and extras.merge then
    document = Document.merge(document, extras.merge, orders)
  end
  return document, path
end

-- A document beside the description, translated. Its errors are reported under its own name.
local function read_companion(folder, name, orders, translate_one)
  local document, path = read_patched(folder, name, orders)
  local companion, message = guarded(translate_one, document)
  if message then
    refuse(quote.path(path), "%s", message)
  end
  return companion
end

-- The description at `path`, and the documents beside it, as a model.
local function read_all(path, make)
  local folder = path:match("^(.*[/\\])") or ""
  local orders = {}
  local extras = Document.read(folder .. "service-2.sdk-extras", orders)
  local companions = {
    pages = read_companion(folder, "paginators-1", orders, Companions.pages_of),
    waiters = read_companion(folder, "waiters-2", orders, Companions.waiters_of),
    endpoints = read_companion(folder, "endpoint-rule-set-1", orders, Companions.endpoints_of),
  }
  local description = Document.open(path, extras and extras.merge, orders)
  local model, message = guarded(make, description, companions)
  if not model then
    refuse(quote.path(path), "%s", message)
  end
  model.path = path
  return model
end

--- Reads `service-2.json` or `service-2.json.gz` and, beside it, its paginators, waiters and endpoint rule set, and
--- translates all of it.
---@param path string
---@return table|nil model
---@return string|nil message
local function load(path)
  return guarded(read_all, path, translate_all)
end

--- The same, but each operation is translated when it is first called.
---@param path string
---@return table|nil model
---@return string|nil message
local function open(path)
  return guarded(read_all, path, translate)
end

return { guarded = guarded, load = load, open = open, parse = parse, wrap = wrap }