--- What a call sends that must not come back in an error: a service may repeat
--- the request it refuses, down to the canonical request with its tokens.

local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"

local MAX_DEPTH = 32

local function add_texts(list, value, depth)
  if type(value) == "string" then
    list[#list + 1] = value
  elseif type(value) == "table" and depth < MAX_DEPTH then
    for _, item in pairs(value) do
      add_texts(list, item, depth + 1)
    end
  end
end

-- Adds the texts of all members that are secrets by the model or by their names; the items of a list have its shape.
local function add_members(list, model, shape, value, depth)
  local members = {}
  for _, member in ipairs(shape and core.members(shape) or {}) do
    members[member.name] = member
  end
  for name, item in pairs(value) do
    local member = members[name]
    local kind = member and member.type:match("^%u%w*")
    if type(name) == "number" then
      add_members(list, model, shape, type(item) == "table" and item or {}, depth + 1)
    elseif quote.is_secret(name) or name == "code" or (member and member.sensitive) then
      add_texts(list, item, depth)
    elseif type(item) == "table" and depth < MAX_DEPTH then
      add_members(list, model, kind and model:shape(kind), item, depth + 1)
    end
  end
end

local function secrets_of(op, params, identity, sent)
  local list = {}
  if identity then
    list = {
      identity.session_token or false, identity.secret_access_key or false, identity.token or false,
      identity.signature or false, identity.encoded_signature or false,
    }
  end
  add_members(list, op.model, op.input, params or {}, 0)
  if sent then
    add_members(list, op.model, op.input, sent, 0)
  end
  return list
end

local function hide_in(value, list, depth)
  for name, item in pairs(value) do
    if type(item) == "string" then
      value[name] = quote.without(item, list)
    elseif type(item) == "table" and depth < MAX_DEPTH then
      hide_in(item, list, depth + 1)
    end
  end
end

--- Takes the secrets of a call out of the error of its response.
---@param err cloudjobs.Error
---@param op table
---@param params table|nil
---@param identity table|nil
---@param sent table|nil the parameters as they were sent, where hooks changed them: a key may have been encoded
local function hide(err, op, params, identity, sent)
  local list = secrets_of(op, params, identity, sent)
  err.message = quote.without(err.message, list)
  err.hint = err.hint and quote.without(err.hint, list)
  for _, name in ipairs { "fields", "problems" } do
    if err[name] then
      hide_in(err[name], list, 0)
    end
  end
end

return { hide = hide }
