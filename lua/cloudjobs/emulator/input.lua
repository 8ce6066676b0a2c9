--- A request's parameters, read and checked by the model as the services check:
--- everything that is wrong in one answer.

local core = require "cloudjobs.core"
local limits = require "cloudjobs.emulator.limits"
local refuse = require("cloudjobs.emulator.refuse").refuse

--- The codec's problems in the words of the services.
local CONSTRAINTS = {
  { "^required", "Member must not be null" },
  { "^expected at least (%d+) character", "Member must have length greater than or equal to %s" },
  { "^expected at least (%d+) element", "Member must have length greater than or equal to %s" },
  { "^expected at least (%d+)", "Member must have value greater than or equal to %s" },
}

local function constraint(message)
  for _, case in ipairs(CONSTRAINTS) do
    local found = message:match(case[1])
    if found then
      return case[2]:format(found)
    end
  end
  return message
end

--- Refuses a request for problems `{ path, message }`. `describe` gives further
--- members of the service's own ValidationException.
local function refuse_problems(problems, describe)
  local texts = {}
  for i, problem in ipairs(problems) do
    local path = problem.path:gsub("%f[%w]%u", string.lower)
    texts[i] = ("Value at '%s' failed to satisfy constraint: %s"):format(path, constraint(problem.message))
  end
  local message = ("%d validation error%s detected: %s")
    :format(#texts, #texts == 1 and "" or "s", table.concat(texts, "; "))
  refuse("ValidationException", message, describe and describe(problems))
end

local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then
      return true
    end
  end
  return false
end

--- Adds what is wrong with enumerated members, which clients leave to the services.
local check_enums

local function check_value(model, kind, enum, value, path, problems)
  local item = kind:match("^(.*)[%[{][%]}]$")
  if item then
    for key, one in pairs(value) do
      check_value(model, item, enum, one, ("%s.%s"):format(path, type(key) == "number" and key + 1 or key), problems)
    end
  elseif enum and not contains(model:enums()[enum], value) then
    local set = table.concat(model:enums()[enum], ", ")
    problems[#problems + 1] = { path = path, message = ("Member must satisfy enum value set: [%s]"):format(set) }
  elseif type(value) == "table" and not kind:find("^%l") then
    check_enums(model, model:shape(kind), value, path .. ".", problems)
  end
end

function check_enums(model, shape, params, prefix, problems)
  for _, member in ipairs(core.members(shape)) do
    local value = params[member.name]
    if value ~= nil then
      check_value(model, member.type, member.enum, value, prefix .. member.name, problems)
    end
  end
end

--- How many characters a text has.
local function length(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return count
end

local function excess(limit, value)
  if limit.most and type(value) == "number" and value > limit.most then
    return "Member must have value less than or equal to " .. limit.most
  elseif limit.most and type(value) == "string" and length(value) > limit.most then
    return "Member must have length less than or equal to " .. limit.most
  elseif limit.form and not value:find(limit.form) then
    return "Member must satisfy regular expression pattern: " .. limit.regex
  end
end

--- Adds what is beyond the service's limits.
local function check_limits(service, shape, params, problems)
  local of = limits[service] or {}
  for _, member in ipairs(core.members(shape)) do
    local limit, value = of[member.name], params[member.name]
    local message = limit and value ~= nil and excess(limit, value)
    if message then
      problems[#problems + 1] = { path = member.name, message = message }
    end
  end
end

--- The parameters of a request and their canonical text. Reading by the shape
--- drops unknown members and finds wrong types; writing them again checks what
--- is required and how long it must be.
---@param target table { operation, service } as routed
---@param body string
---@return table params
---@return string text
local function read(target, body)
  local input, service = target.operation.input, target.service
  if not input then
    return {}, "{}"
  end
  local params, message = core.decode(input, body)
  if not params then
    refuse("SerializationException", message)
  end
  local text, problems = core.encode(input, params)
  problems = text and {} or problems
  check_enums(service.model, input, params, "", problems)
  check_limits(service.module.model, input, params, problems)
  if #problems > 0 then
    refuse_problems(problems, service.module.describe)
  end
  return params, text
end

return { read = read }
