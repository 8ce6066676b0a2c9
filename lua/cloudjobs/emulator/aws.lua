--- The front of the AWS services: JSON over POST, named by X-Amz-Target. Bodies
--- are read, checked and written by the same models and codec as a client's.

local auth = require "cloudjobs.emulator.auth"
local core = require "cloudjobs.core"
local input = require "cloudjobs.emulator.input"
local model = require "cloudjobs.model"
local paging = require "cloudjobs.emulator.page"
local refusal = require "cloudjobs.emulator.refuse"

local refuse = refusal.refuse

local Aws = {}
local aws_mt = { __name = "cloudjobs.emulator.aws", __index = Aws }

---@param world table what all services share
---@param services table service modules: { new, model, namespace, operations, page_size }
local function new(world, services)
  local by_target = {}
  for _, service in ipairs(services) do
    local of = model.load(service.model)
    by_target[of.service.target] = { module = service, model = of, state = service.new(world), responses = {} }
  end
  return setmetatable({ _world = world, _by_target = by_target }, aws_mt)
end

local function json_response(self, target, status, body)
  return {
    status = status,
    headers = {
      ["content-type"] = target.content_type or "application/x-amz-json-1.1",
      ["x-amzn-requestid"] = self._world.uuid(),
    },
    body = body,
  }
end

local function error_response(self, target, refused)
  local body = { Message = refused.message }
  for name, value in pairs(refused.members or {}) do
    body[name] = value
  end
  local modelled = target.service and target.service.model:error(refused.code)
  body.__type = modelled and target.service.module.namespace .. "#" .. refused.code or refused.code
  if not modelled then -- errors of the common front have a small m
    body.message, body.Message = body.Message, nil
  end
  local response = json_response(self, target, refused.status, core.json_encode(body))
  response.headers["x-amzn-errortype"] = refused.code
  return response
end

--- Which operation a request is for: `{ service, name, operation, content_type }`,
--- or nil when it is not for AWS at all.
function Aws:route(request)
  local header = request.headers["x-amz-target"]
  if not header then
    return nil
  end
  local prefix, name = header:match("^([^.]+)%.(.+)$")
  local service = self._by_target[prefix]
  local version = service and service.model.service.protocol:match("^json%-(.+)$")
  return {
    service = service,
    service_name = service and service.module.model,
    name = name,
    operation = service and service.model:operation(name),
    content_type = version and "application/x-amz-json-" .. version,
  }
end

local function pager(target)
  return function(items, key, params)
    local size = params.MaxResults or target.service.module.page_size
    local slice, token = paging.page(target.name, items, key, params.NextToken, size)
    if not slice then
      local describe = target.service.module.describe
      local members = describe and describe { { path = "NextToken", message = "is not valid" } }
      refuse("ValidationException", "The NextToken is not valid.", members)
    end
    return slice, token
  end
end

--- Carries an operation out; a client token makes it happen once.
local function once(target, caller, params, text, run)
  local token = target.operation.has_token and params.ClientToken
  if not token then
    return run()
  end
  local key = table.concat({ caller.account, caller.region, target.name, token }, " ")
  local before = target.service.responses[key]
  if not before then
    before = { text = text, output = run() }
    target.service.responses[key] = before
  elseif before.text ~= text then
    refuse(target.service.module.token_reused, "The client token was used before with other parameters.")
  end
  return before.output
end

--- Carries out an operation for an authenticated caller.
function Aws:run(target, caller, params, text)
  local service = target.service
  local handler = service.module.operations[target.name]
  if not handler then
    refuse("NotImplementedException", "This emulator does not emulate " .. target.name .. ".", nil, 501)
  end
  caller.now = self._world.clock:now()
  caller.page = pager(target)
  service.state:advance(caller.now)
  return once(target, caller, params, text, function()
    return handler(service.state, params, caller)
  end)
end

local function respond(self, target, request)
  if not target.operation then
    refuse("UnknownOperationException", "")
  end
  local world = self._world
  local signing = target.service.model.service.signing
  local caller = auth.verify_signature(request, signing, world.keys, world.wall())
  local params, text = input.read(target, request.body)
  local output = self:run(target, caller, params, text)
  return output and assert(core.encode(target.operation.output, output)) or ""
end

--- Answers a routed request.
function Aws:respond(target, request)
  local ok, result = refusal.attempt(respond, self, target, request)
  if ok then
    return json_response(self, target, 200, result)
  end
  return error_response(self, target, result)
end

--- An error that a fault rule ordered.
function Aws:fail(target, fault)
  local throttled = fault.throttle
  return error_response(self, target, {
    code = fault.code or throttled and "ThrottlingException" or "InternalServerException",
    message = fault.message or throttled and "Rate exceeded" or "An internal error occurred.",
    members = fault.members,
    status = fault.status or throttled and 400 or 500,
  })
end

--- Brings every service's jobs to a time.
function Aws:advance(now)
  for _, service in pairs(self._by_target) do
    service.state:advance(now)
  end
end

--- Service -> its operations, for the faults that name them.
function Aws:operations()
  local known = {}
  for _, service in pairs(self._by_target) do
    known[service.module.model] = service.model:operations()
  end
  return known
end

--- Carries out one operation of a seed, unsigned; gives its output.
function Aws:seed(name, operation, params, caller)
  for _, service in pairs(self._by_target) do
    if service.module.model == name then
      local op = operation and service.model:operation(operation)
      if not op then
        error("no such operation", 0)
      end
      local target = { service = service, name = op.name, operation = op }
      local with_token = op.has_token and { ClientToken = self._world.uuid() } or {}
      for member, value in pairs(params) do
        with_token[member] = value
      end
      local read, text = input.read(target, core.json_encode(with_token))
      return self:run(target, caller, read, text)
    end
  end
  error("no such service", 0)
end

--- The state of a service, for the controls that reach into it.
function Aws:state(name)
  for _, service in pairs(self._by_target) do
    if service.module.model == name then
      return service.state
    end
  end
end

return { new = new }
