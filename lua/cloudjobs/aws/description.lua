--- The choice of a client's service description: the one that the caller names,
--- one in the folders of CLOUDJOBS_MODELS, the shipped one for the operations
--- that it has, and one that another AWS tool has installed.

local Import = require "cloudjobs.model.import"
local Model = require "cloudjobs.model"
local Search = require "cloudjobs.model.search"
local models = require "cloudjobs.models.index"
local quote = require "cloudjobs.base.quote"

--- The name of the shipped model of a service, in any spelling.
---@param service string
---@return string|nil
local function shipped_name(service)
  for _, entry in ipairs(models) do
    if entry.cloud == "aws" and entry.name and Search.squashed(entry.name) == Search.squashed(service) then
      return entry.name
    end
  end
end

local function shipped_names()
  local names = {}
  for _, entry in ipairs(models) do
    names[#names + 1] = entry.cloud == "aws" and entry.name and Search.dashed(entry.name) or nil
  end
  return names
end

local function open(path)
  local data, message = Import.open(path)
  if not data then
    return nil, message
  end
  return Model.new(data)
end

-- The description that the option `model` names: a path, or a service's name.
local function named(text, service, search)
  if text:find("[{\n]") then
    return nil, ("expected a path or a name, got a text of %d bytes; cloudjobs.json.decode makes a table of it")
      :format(#text)
  elseif Search.is_path(text) then
    return open(Search.at(text, service))
  end
  local path = search:named(text) or search:installed(text)
  if not path then
    return nil, ("no description is called '%s'%s; %s"):format(quote.name(text), search:suggest(text), search:places())
  end
  return open(path)
end

-- The shipped model, with an installed description for the operations that it lacks.
local function with_installed(name, search)
  return Model.load(name):with_fallback(function()
    local path = search:installed(name)
    return path and open(path) or nil, search:places()
  end)
end

--- The description of a service.
---@param options { service: string|nil, model: string|nil } model: a path, or the name of a description
---@param get fun(name: string): string|nil an environment variable's value
---@return cloudjobs.Model|nil
---@return string|nil message
local function find(options, get)
  local search, service = Search.new(get), options.service
  if options.model then
    return named(options.model, service, search)
  end
  local path = search:named(service)
  local name = not path and shipped_name(service)
  if name then
    return with_installed(name, search)
  end
  path = path or search:installed(service)
  if path then
    return open(path)
  end
  return nil, ("unknown service '%s'%s; %s"):format(
    quote.name(service), search:suggest(service, shipped_names()), search:places())
end

return { find = find, shipped_name = shipped_name }
