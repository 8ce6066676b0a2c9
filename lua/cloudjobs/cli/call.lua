--- `cloudjobs call SERVICE OPERATION [JSON|@FILE] [--Member VALUE …]`: any operation of any service we have a model of.

local Model = require "cloudjobs.model"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local out = require "cloudjobs.cli.out"
local suggest = require "cloudjobs.suggest"

local SERVICES = { "bcm-data-exports", "cost-exports", "partnercentral-selling", "ssm" }
local AZURE = { ["cost-exports"] = "azure_cost_exports" }

-- Client options and how they are written on the command line.
local COMMON = { { "endpoint", "--endpoint", "Address to call in place of the service's own." } }
local AWS = {
  { "region", "--region", "AWS region, else AWS_REGION or the profile's." },
  { "profile", "--profile", "Profile of the shared AWS configuration." },
}
local NUMERIC = { integer = true, long = true, number = true, time = true, ["time.iso"] = true, ["time.http"] = true }
local TEXT = { string = true, blob = true }

local function dashed(name)
  return (Model.snake(name):gsub("_", "-"))
end

local function add_options(command, options)
  for _, option in ipairs(options) do
    command:option(option[2]):target(option[1]):description(option[3])
  end
end

-- Each member is an option under its own name, and dashed as the AWS command line has it.
local function add_members(command, members)
  local taken = { ["--help"] = true }
  for _, option in ipairs({ COMMON[1], AWS[1], AWS[2] }) do
    taken[option[2]] = true
  end
  for _, member in ipairs(members) do
    local names = "--" .. member.name
    local alias = "--" .. dashed(member.name)
    if alias ~= names and not taken[alias] then
      names = names .. " " .. alias
    end
    command:option(names):target("member " .. member.name):argname("<" .. member.type .. ">")
      :description(member.required and "Required." or "")
  end
end

local function find_service(name)
  name = name:gsub("_", "-"):lower()
  for _, known in ipairs(SERVICES) do
    if known == name then
      return name
    end
  end
  return nil, ("unknown service '%s'%s"):format(name, suggest(name, SERVICES))
end

local function find_operation(model, name)
  local op = model:operation((name:gsub("-", "_")))
  if not op then
    return nil, ("%s has no operation '%s'%s"):format(model.service.id, name, suggest(name, model:operations()))
  end
  return op
end

--- Adds what SERVICE and OPERATION, the first two words, allow. Returns a message when they name nothing.
local function define(command, args)
  command:argument("service"):description("One of " .. table.concat(SERVICES, ", ") .. ".")
  command:argument("operation"):description("Such as get-execution or GetExecution.")
  command:argument("params"):args("?"):argname("<json>")
    :description("Parameters as JSON, or @FILE to read them from one.")
  add_options(command, COMMON)

  local service, operation = args[2], args[3]
  if not service or service:find("^%-") then
    return nil
  end
  local name, message = find_service(service)
  if not name then
    return message
  end
  if not AZURE[name] then
    add_options(command, AWS)
  end
  local model = Model.load(AZURE[name] or (name:gsub("-", "_")))
  if not operation or operation:find("^%-") then
    command:epilog("Operations:\n   " .. table.concat(model:operations(), "\n   "):gsub("_", "-"))
    return nil
  end
  local op
  op, message = find_operation(model, operation)
  if op and op.input then
    command.members = core.members(op.input)
    add_members(command, command.members)
  end
  return message
end

local function read_source(text)
  local path = text:match("^@(.+)")
  if not path then
    return text
  end
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local content = file:read("*a")
  file:close()
  return content
end

-- What a member's words on the command line mean: text, a number, true or false; all else is JSON.
local function value_of(member, text)
  local kind = member.type:match("^[%w.]+$") or "json"
  if TEXT[kind] then
    return text
  elseif NUMERIC[kind] and text:find("^%-?[%d.]+$") then
    return core.json_decode(text)
  elseif NUMERIC[kind] then
    return text
  end
  local value, message = core.json_decode(text)
  if value == nil then
    return nil, message
  end
  return value
end

local function read_params(parsed, members)
  local params = {}
  if parsed.params then
    local text, message = read_source(parsed.params)
    params = nil
    if text then
      params, message = core.json_decode(text)
    end
    if type(params) ~= "table" then
      return nil, "parameters: " .. (message or "expected a JSON object")
    end
  end
  for _, member in ipairs(members) do
    local text = parsed["member " .. member.name]
    if text then
      local value, message = read_source(text)
      if value then
        value, message = value_of(member, value)
      end
      if value == nil then
        return nil, ("--%s: %s"):format(member.name, message)
      end
      params[member.name] = value
    end
  end
  return params
end

--- Makes the call. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed, command)
  local params, message = read_params(parsed, command.members or {})
  if not params then
    return nil, message
  end
  local name = find_service(parsed.service)
  local options = { endpoint = parsed.endpoint, region = parsed.region, profile = parsed.profile }
  local new = AZURE[name] and cloudjobs.azure.cost_exports or cloudjobs.aws[name:gsub("-", "_")]
  local ok, client = pcall(new, options)
  if not ok then
    return nil, client
  end
  local output, err = client[parsed.operation:gsub("-", "_")](client, params)
  if not output then
    return out.fail(err)
  end
  return out.json(output)
end

return { define = define, run = run }
