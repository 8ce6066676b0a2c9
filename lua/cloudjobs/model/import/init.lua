--- A service description in botocore's JSON form -> a model table in the
--- notation of model.lua. Reads at run time what `make models` reads at ours.
--- What it makes of each trait stands in import/traits.lua.

local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"
local flag = require "cloudjobs.model.import.flags"
local Shapes = require "cloudjobs.model.import.shapes"
local traits = require "cloudjobs.model.import.traits"

local check = traits.check
local refuse = traits.refuse

-- Best first where a service speaks several.
local PROTOCOLS = { json = true, ["rest-json"] = true, query = true }

-- Why an operation has no place in the model, or nil.
local function reason_against(shapes, name, op)
  if shapes:has_stream(op.input, name) or shapes:has_stream(op.output, name) then
    return "it needs event streams, which cloudjobs does not speak yet"
  elseif op.endpointdiscovery and op.endpointdiscovery.required then
    return "it needs endpoint discovery, which cloudjobs does not do"
  end
end

local AUTH_FLAGS = { none = "unsigned", ["v4-unsigned-body"] = "unsigned_body", v4 = false }

local function auth_flag(op, where)
  if op.authtype == nil then
    local only = op.auth and #op.auth == 1 and op.auth[1]
    return only == "smithy.api#noAuth" and "unsigned" or (op.unsignedPayload and "unsigned_body")
  end
  local found = AUTH_FLAGS[op.authtype]
  if found == nil then
    refuse(where, "unknown authtype %s", tostring(op.authtype))
  end
  return found
end

local function operation_text(shapes, name, op)
  local http = check("http", op.http or {}, name)
  local method, uri = http.method or "POST", http.requestUri or "/"
  local input, output = op.input, op.output
  if not method:find("^%u+$") or not uri:find("^/[^%s@]*$") then
    refuse(name, "expected a method and a path")
  end
  for _, reference in pairs { input = input, output = output } do
    if shapes:target(reference, name).type ~= "structure" then
      refuse(name, "%s is no structure", tostring(reference.shape))
    end
  end
  local words = { input and input.shape or "-", "->", output and output.shape or "-" }
  if shapes.is_rest or method ~= "POST" or uri ~= "/" then
    table.insert(words, 1, method .. " " .. uri)
  end
  for _, known in ipairs { "readonly", "idempotent" } do
    if op[known] then
      flag.add(words, known)
    end
  end
  local auth = auth_flag(op, name)
  if auth then
    flag.add(words, auth)
  end
  if op.httpChecksumRequired or (op.httpChecksum and op.httpChecksum.requestChecksumRequired) then
    flag.add(words, "checksum")
  end
  if op.endpoint then
    flag.add(words, "host", op.endpoint.hostPrefix)
  end
  if output and output.resultWrapper then
    flag.add(words, "result", output.resultWrapper)
  end
  if input and input.locationName then
    flag.add(words, "as", input.locationName)
  end
  flag.add_namespace(words, input and input.xmlNamespace)
  return table.concat(words, " ")
end

-- What an operation gives the endpoint rules: constants, members, paths.
local function context_of(shapes, op)
  local context = {}
  for name, param in pairs(op.staticContextParams or {}) do
    context[name] = { value = param.value }
  end
  for name, param in pairs(op.operationContextParams or {}) do
    context[name] = { path = param.path }
  end
  local input = op.input and shapes.shapes[op.input.shape]
  for name, member in pairs(input and input.members or {}) do
    if member.contextParam then
      context[member.contextParam.name] = { member = name }
    end
  end
  return next(context) and context or nil
end

local function error_text(name, shape)
  local words = {}
  local detail = check("error", shape.error or {}, name)
  if detail.code and detail.code ~= name then
    flag.add(words, "code", detail.code)
  end
  if detail.httpStatusCode then
    flag.add(words, "status", flag.number_text(detail.httpStatusCode))
  end
  if shape.retryable then
    flag.add(words, check("retryable", shape.retryable, name).throttling and "throttle" or "retry")
  end
  if shape.fault or detail.fault then
    flag.add(words, "fault")
  end
  return table.concat(words, " ")
end

local function protocol_of(metadata, where)
  for _, name in ipairs(metadata.protocols or { metadata.protocol }) do
    if PROTOCOLS[name] then
      return name
    end
  end
  refuse(where, "protocol %s is not supported yet; json, rest-json and query are", tostring(metadata.protocol))
end

local function check_auth(metadata, where)
  local scheme = metadata.signatureVersion
  for _, name in ipairs(metadata.auth or {}) do
    scheme = name == "aws.auth#sigv4" and "v4" or scheme
  end
  if scheme ~= "v4" and scheme ~= "s3v4" then
    refuse(where, "requests of signatureVersion %s are not supported; v4 is", tostring(scheme))
  end
end

local function service_of(metadata, protocol)
  return {
    id = metadata.serviceId,
    protocol = protocol == "json" and "json-" .. (metadata.jsonVersion or "1.0") or protocol,
    target = metadata.targetPrefix,
    signing = metadata.signingName or metadata.endpointPrefix,
    endpoint = metadata.endpointPrefix,
    api_version = metadata.apiVersion,
    global_endpoint = metadata.globalEndpoint,
    xml_namespace = protocol == "query" and metadata.xmlNamespace or nil,
    query_compatible = metadata.awsQueryCompatible and true or nil,
  }
end

local function pages_of(paginators)
  local pages = {}
  for name, paginator in pairs(paginators and paginators.pagination or {}) do
    check("paginator", paginator, "paginator " .. name)
    pages[name] = {
      token = paginator.input_token,
      next = paginator.output_token,
      items = paginator.result_key,
      limit = paginator.limit_key,
      more = paginator.more_results,
    }
  end
  return pages
end

local function waiters_of(source)
  local waiters = {}
  for name, waiter in pairs(source and source.waiters or {}) do
    check("waiter", waiter, "waiter " .. name)
    for _, acceptor in ipairs(waiter.acceptors) do
      check("acceptor", acceptor, "waiter " .. name)
    end
    waiters[name] = {
      operation = waiter.operation,
      delay = waiter.delay,
      max_attempts = waiter.maxAttempts,
      acceptors = waiter.acceptors,
    }
  end
  return waiters
end

local function service_and_protocol(metadata)
  check("metadata", metadata, "metadata")
  local where = metadata.serviceId or metadata.endpointPrefix or "metadata"
  local protocol = protocol_of(metadata, where)
  check_auth(metadata, where)
  return service_of(metadata, protocol), protocol
end

local function add_operations(model, shapes, operations)
  for name, op in pairs(operations) do
    check("operation", op, name)
    model.left_out[name] = reason_against(shapes, name, op)
    if not model.left_out[name] then
      model.operations[name] = operation_text(shapes, name, op)
      model.contexts[name] = context_of(shapes, op)
    end
  end
end

local function add_shapes(model, shapes)
  for name, shape in pairs(shapes.shapes) do
    check("shape", shape, name)
    local is_stream = shape.eventstream or shapes:has_stream({ shape = name }, name)
    if shape.type == "structure" and not shape.document and not is_stream then
      model.shapes[name] = shapes:structure(name, shape)
      model.errors[name] = shape.exception and error_text(name, shape) or nil
    end
  end
end

local function translate(description, companions, orders)
  check("description", description, "the description")
  local service, protocol = service_and_protocol(description.metadata)
  local shapes = Shapes.new(description.shapes or {}, orders or {}, protocol)
  local model = {
    service = service,
    operations = {}, errors = {}, shapes = {}, left_out = {}, contexts = {},
    pages = pages_of(companions.paginators),
    waiters = waiters_of(companions.waiters),
    endpoints = companions.endpoints,
    enums = shapes.enums,
    client_context = description.clientContextParams,
  }
  add_operations(model, shapes, description.operations or {})
  add_shapes(model, shapes)
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

--- A decoded description -> a model table, for Model.new.
---@param description table
---@param companions { paginators: table, waiters: table, endpoints: table }|nil decoded likewise
---@param orders table<table, string[]>|nil core.json_decode_strict's; members are sorted without
---@return table|nil model
---@return string|nil message names the trait and where it stands
local function parse(description, companions, orders)
  return guarded(translate, description, companions or {}, orders)
end

-- A file's document, nil where there is no file.
local function read(path, orders)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  if not text then
    return nil
  end
  local document, message = core.json_decode_strict(text, orders)
  if document == nil then
    refuse(quote.path(path), "%s", message)
  end
  return document
end

-- The description, and what lies beside it under the names botocore gives.
local function read_all(path)
  if path:find("%.gz$") then
    refuse(quote.path(path), "compressed descriptions cannot be read yet; unpack it with gunzip")
  end
  local orders = {}
  local folder = path:match("^(.*[/\\])") or ""
  local description = read(path, orders) or refuse(quote.path(path), "cannot be read")
  local model, message = parse(description, {
    paginators = read(folder .. "paginators-1.json", orders),
    waiters = read(folder .. "waiters-2.json", orders),
    endpoints = read(folder .. "endpoint-rule-set-1.json", orders),
  }, orders)
  return model or refuse(quote.path(path), "%s", message)
end

--- Reads `service-2.json` and, beside it, its paginators, waiters and endpoint rule set.
---@param path string
---@return table|nil model
---@return string|nil message
local function load(path)
  return guarded(read_all, path)
end

return { load = load, parse = parse }
