--- A request's parameters, read and checked by the model as the services check:
--- every problem in one response.

local ascii = require "cloudjobs.base.ascii"
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
    local path = problem.path:gsub("%f[%w]%u", ascii.lower)
    texts[i] = ("Value at '%s' failed to satisfy constraint: %s"):format(path, constraint(problem.message))
  end
  local message = ("%d validation error%s detected: %s")
    :format(#texts, #texts == 1 and "" or "s", table.concat(texts, "; "))
  refuse("ValidationException", message, describe and describe(problems))
end

--- Whether a list has the value.
local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then
      return true
    end
  end
  return false
end

--- How many characters a text has, elements a list or a map.
local function length(value)
  local count = 0
  if type(value) == "string" then
    count = select(2, value:gsub("[^\128-\191]", ""))
  else
    for _ in pairs(value) do
      count = count + 1
    end
  end
  return count
end

local function excess(limit, value)
  if limit.most and type(value) == "number" and value > limit.most then
    return "Member must have value less than or equal to " .. limit.most
  elseif limit.most and type(value) ~= "number" and length(value) > limit.most then
    return "Member must have length less than or equal to " .. limit.most
  elseif limit.form and not value:find(limit.form) then
    return "Member must satisfy regular expression pattern: " .. limit.regex
  end
end

--- Adds what clients leave to the services: words outside of an enumeration, and
--- what is beyond a limit. `check` is `{ model, limits, problems }`.
local check_members

local function add(check, path, message)
  check.problems[#check.problems + 1] = { path = path, message = message }
end

local function check_value(check, kind, enum, limit, value, path)
  local message = limit and excess(limit, value)
  if message then
    add(check, path, message)
  end
  local item = kind:match("^(.*)[%[{][%]}]$")
  if item then
    for key, one in pairs(value) do
      local inner = (type(key) == "number" and "%s.%d.member" or "%s.%s"):format(path, key)
      if limit and limit.keys and excess(limit.keys, key) then
        add(check, path, excess(limit.keys, key))
      end
      check_value(check, item, enum, limit and limit.each, one, inner)
    end
  elseif enum and not contains(check.model:enums()[enum], value) then
    local set = table.concat(check.model:enums()[enum], ", ")
    add(check, path, ("Member must satisfy enum value set: [%s]"):format(set))
  elseif type(value) == "table" and not kind:find("^%l") then
    check_members(check, check.model:shape(kind), value, path .. ".", check.limits[kind])
  end
end

function check_members(check, shape, params, prefix, of)
  for _, member in ipairs(core.members(shape)) do
    local value = params[member.name]
    if value ~= nil then
      check_value(check, member.type, member.enum, of and of[member.name], value, prefix .. member.name)
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
  local of = limits[service.module.model] or {}
  check_members({ model = service.model, limits = of.within or {}, problems = problems }, input, params, "", of)
  if #problems > 0 then
    refuse_problems(problems, service.module.describe)
  end
  return params, text
end

return { contains = contains, read = read }
