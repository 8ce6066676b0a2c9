--- A service description in botocore's JSON form -> a model table in the
--- notation of model.lua. Reads at run time what `make models` reads at ours.
--- What it makes of each trait stands in import/traits.lua.

local Document = require "cloudjobs.model.import.document"
local ascii = require "cloudjobs.base.ascii"
local flag = require "cloudjobs.model.import.flags"
local jmespath = require "cloudjobs.base.jmespath"
local quote = require "cloudjobs.base.quote"
local Shapes = require "cloudjobs.model.import.shapes"
local traits = require "cloudjobs.model.import.traits"

local check = traits.check
local check_name = traits.check_name
local check_type = traits.check_type
local refuse = traits.refuse

-- Best first where a service speaks several: the order that AWS agreed on for its SDKs. Those of Python and Ruby
-- prefer JSON, whose decoders are faster there.
local PROTOCOLS = { "smithy-rpc-v2-cbor", "json", "rest-json", "rest-xml", "query", "ec2" }

local AUTH_FLAGS = { none = "unsigned", ["v4-unsigned-body"] = "unsigned_body", v4 = false }
local AUTH_SCHEMES = { ["aws.auth#sigv4"] = true, ["smithy.api#noAuth"] = true }

-- Why requests of an operation cannot be signed, or nil.
local function reason_against_scheme(op)
  local kind = op.authtype
  if kind ~= nil and AUTH_FLAGS[kind] == nil then
    return ("it needs the authentication %s, which cloudjobs does not support"):format(quote.name(kind))
  end
  for _, scheme in ipairs(op.auth or {}) do
    if AUTH_SCHEMES[scheme] then
      return nil
    end
  end
  if op.auth and #op.auth > 0 and not kind then
    return ("it needs the authentication %s, which cloudjobs does not support"):format(
      quote.name(table.concat(op.auth, " or ")))
  end
end

-- Why an operation has no place in the model, or nil.
local function reason_against(shapes, name, op, auth_reason)
  if auth_reason and op.authtype ~= "none" then
    return auth_reason
  elseif shapes:has_stream(op.input, name) or shapes:has_stream(op.output, name) then
    return "it needs event streams, which cloudjobs does not speak yet"
  elseif op.endpointdiscovery and op.endpointdiscovery.required then
    return "it needs endpoint discovery, which cloudjobs does not do"
  end
  return reason_against_scheme(op)
end

local function auth_flag(op)
  if op.authtype == nil then
    local only = op.auth and #op.auth == 1 and op.auth[1]
    return only == "smithy.api#noAuth" and "unsigned" or (op.unsignedPayload and "unsigned_body")
  end
  return AUTH_FLAGS[op.authtype]
end

-- Whether the whole body is a blob that may be long.
local function is_upload(shapes, reference, where)
  local shape = reference and shapes:target(reference, where)
  local member = shape and shape.payload and shape.members[shape.payload]
  return member and (member.streaming or shapes:target(member, where).streaming)
end

-- Which checksums are sent and verified, and which parameters say so.
local function add_checksums(words, op, where)
  local http = check("httpChecksum", op.httpChecksum or {}, where)
  if op.httpChecksumRequired or http.requestChecksumRequired then
    flag.add(words, "checksum")
  end
  if http.requestAlgorithmMember then
    flag.add(words, "algorithm", http.requestAlgorithmMember)
  end
  if http.requestValidationModeMember then
    flag.add(words, "validation", http.requestValidationModeMember)
    flag.add(words, "verifies", ascii.lower(table.concat(http.responseAlgorithms or {}, ",")))
  end
end

-- The element that the body of a request is.
local function add_root(words, input, shape)
  flag.add(words, "as", shape.locationName or input.locationName or input.shape)
  flag.add_namespace(words, input.xmlNamespace or shape.xmlNamespace)
end

local function operation_text(shapes, name, op)
  local http = check("http", op.http or {}, name)
  local method, uri = http.method or "POST", http.requestUri or "/"
  local input, output = op.input, op.output
  if not method:find("^%u+$") or not uri:find("^/[!-~]*$") then
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
  local auth = auth_flag(op)
  if auth then
    flag.add(words, auth)
  end
  add_checksums(words, op, name)
  if is_upload(shapes, input, name) then
    flag.add(words, "upload")
  end
  if op.endpoint then
    local prefix = check("endpoint", op.endpoint, name).hostPrefix
    if prefix and not prefix:find("^[A-Za-z0-9.{}-]+$") then
      refuse(name, "expected a prefix of hosts, got %s", quote.value(prefix))
    end
    flag.add(words, "host", prefix)
  end
  if output and output.resultWrapper then
    flag.add(words, "result", output.resultWrapper)
  end
  if input and shapes.protocol == "rest-xml" then
    add_root(words, input, shapes:target(input, name))
  end
  return table.concat(words, " ")
end

local MAX_EXPRESSION = 500 -- bytes

-- A JMESPath expression that compiles.
local function check_expression(text, where)
  check_type("string", text, where)
  if #text <= MAX_EXPRESSION and text:find("^[A-Za-z_][A-Za-z0-9_]*$") then
    return text -- a member's name, as most are
  end
  local ok, message = pcall(jmespath.compile, #text <= MAX_EXPRESSION and text or "(")
  if not ok then
    refuse(where, "%s", tostring(message))
  end
  return text
end

-- The same for one or several.
local function check_expressions(value, where)
  for _, text in ipairs(type(value) == "table" and value or { value }) do
    check_expression(text, where)
  end
  return value
end

-- What an operation gives the endpoint rules: constants, members, paths.
local function context_of(shapes, op, where)
  local context = {}
  for name, param in pairs(op.staticContextParams or {}) do
    context[name] = { value = check("static", param, where).value }
  end
  for name, param in pairs(op.operationContextParams or {}) do
    context[name] = { path = check_expression(check("path", param, where).path, where .. ": " .. name) }
  end
  local input = op.input and shapes:target(op.input, where)
  for name, member in pairs(input and input.members or {}) do
    local param = check("shape", member, where).contextParam
    if param then
      context[check_name(param.name, where)] = { member = name }
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
  local protocols = metadata.protocols
  local offered = {}
  for _, name in ipairs(protocols and protocols[1] and protocols or { metadata.protocol }) do
    offered[name] = true
  end
  for _, name in ipairs(PROTOCOLS) do
    if offered[name] then
      return name
    end
  end
  refuse(where, "protocol %s is not supported; %s are", tostring(metadata.protocol), table.concat(PROTOCOLS, ", "))
end

-- Why the requests of a service cannot be signed, or nil.
local function reason_against_auth(metadata)
  local scheme = metadata.signatureVersion
  for _, name in ipairs(metadata.auth or {}) do
    scheme = name == "aws.auth#sigv4" and "v4" or scheme
  end
  if scheme ~= "v4" and scheme ~= "s3v4" then
    return ("it needs a signature of version %s, which cloudjobs does not make; v4 is made"):format(quote.name(scheme))
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

-- The one object in a document beside a description.
local function section(name, document, member)
  local value = document and document[member] or {}
  check_type("table", value, name .. ": " .. member)
  return value
end

local function pages_of(paginators)
  local pages = {}
  for name, paginator in pairs(section("paginators", paginators, "pagination")) do
    local where = "paginator " .. tostring(name)
    check("paginator", paginator, where)
    if paginator.input_token == nil or paginator.output_token == nil then
      refuse(where, "it has no tokens")
    end
    pages[name] = {
      token = check_expressions(paginator.input_token, where),
      next = check_expressions(paginator.output_token, where),
      items = check_expressions(paginator.result_key, where),
      limit = paginator.limit_key,
      more = check_expressions(paginator.more_results, where),
    }
  end
  return pages
end

local STATES = flag.set { "success", "failure", "retry" }
local PATHS = flag.set { "path", "pathAll", "pathAny" }
local MAX_DELAY = 86400 -- seconds

local function check_acceptor(acceptor, where)
  check("acceptor", acceptor, where)
  if not STATES[acceptor.state] then
    refuse(where, "unknown state %s", tostring(acceptor.state))
  elseif PATHS[acceptor.matcher] then
    check_expression(acceptor.argument, where)
  elseif acceptor.matcher ~= "status" and acceptor.matcher ~= "error" then
    refuse(where, "unknown matcher %s", tostring(acceptor.matcher))
  end
end

local function waiters_of(source)
  local waiters = {}
  for name, waiter in pairs(section("waiters", source, "waiters")) do
    local where = "waiter " .. tostring(name)
    check("waiter", waiter, where)
    check_name(waiter.operation, where)
    check_type("table", waiter.acceptors, where .. ": acceptors")
    local delay, attempts = waiter.delay, waiter.maxAttempts
    if not (delay and attempts and delay > 0 and delay <= MAX_DELAY and attempts >= 1) then
      refuse(where, "expected a delay and a number of attempts")
    end
    for _, acceptor in ipairs(waiter.acceptors) do
      check_acceptor(acceptor, where)
    end
    waiters[check_name(name, where)] = {
      operation = waiter.operation,
      delay = delay,
      max_attempts = attempts,
      acceptors = waiter.acceptors,
    }
  end
  return waiters
end

-- The endpoint rules, whose expressions are checked when they are first evaluated.
local function endpoints_of(rules)
  if rules == nil then
    return nil
  end
  check_type("table", rules.rules, "endpoint rules: rules")
  check_type("table", rules.parameters, "endpoint rules: parameters")
  for name, parameter in pairs(rules.parameters) do
    local where = "endpoint rules: " .. tostring(name)
    check_type("table", parameter, where)
    check_type("string", parameter.type, where .. ": type")
    if parameter.builtIn ~= nil then
      check_type("string", parameter.builtIn, where .. ": builtIn")
    end
  end
  return rules
end

-- What becomes a part of headers and hosts.
local PATTERNS = {
  serviceId = "^[ -~]+$", endpointPrefix = "^[A-Za-z0-9.-]+$", signingName = "^[A-Za-z0-9._-]+$",
  targetPrefix = "^[A-Za-z0-9._-]+$", jsonVersion = "^%d+%.%d+$", globalEndpoint = "^[A-Za-z0-9.-]+$",
  apiVersion = "^[A-Za-z0-9.-]+$", xmlNamespace = "^[!-~]+$",
}

-- What the requests of a protocol need.
local NEEDED = {
  json = "targetPrefix", ["smithy-rpc-v2-cbor"] = "targetPrefix", query = "apiVersion", ec2 = "apiVersion",
}

local function require_member(metadata, name)
  if name and metadata[name] == nil then
    refuse("metadata", "it has no %s", name)
  end
end

local function service_and_protocol(metadata)
  check("metadata", metadata, "metadata")
  require_member(metadata, "serviceId")
  require_member(metadata, "endpointPrefix")
  for name, pattern in pairs(PATTERNS) do
    if metadata[name] and not metadata[name]:find(pattern) then
      refuse("metadata", "%s: unexpected characters in %s", name, quote.value(metadata[name]))
    end
  end
  local protocol = protocol_of(metadata, metadata.serviceId)
  require_member(metadata, NEEDED[protocol])
  return service_of(metadata, protocol), protocol
end

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

-- The text of an operation. What else the model says of it is noted on the way.
local function read_operation(model, shapes, name, op, auth_reason)
  check("operation", op, check_name(name, "operations"))
  model.left_out[name] = reason_against(shapes, name, op, auth_reason)
  if model.left_out[name] then
    return nil
  end
  model.contexts[name] = context_of(shapes, op, name)
  return operation_text(shapes, name, op)
end

-- The text of a structure that can be read and written, else nil.
local function read_shape(shapes, name, shape)
  check("shape", shape, check_name(name, "shapes"))
  local is_stream = shape.eventstream or shapes:has_stream({ shape = name }, name)
  if shape.type == "structure" and not shape.document and not is_stream then
    return shapes:structure(name, shape)
  end
end

-- What is known of an error, or nil where the shape is none.
local function read_error(model, name, shape)
  if type(shape) == "table" and shape.exception and model.shapes[name] then
    return error_text(name, shape)
  end
end

--- A model of a description, of which each operation and shape is translated when it is first asked for.
---@param description cloudjobs.Description
---@param companions table
local function translate(description, companions)
  check("description", flag.set(description.names), "the description")
  local service, protocol = service_and_protocol(description.metadata)
  local shapes = Shapes.new(description.shapes, description.orders, protocol)
  local auth_reason = reason_against_auth(description.metadata)
  local model = {
    service = service,
    operation_names = description.operation_names,
    left_out = {}, contexts = {},
    pages = pages_of(companions.paginators),
    waiters = waiters_of(companions.waiters),
    endpoints = endpoints_of(companions.endpoints),
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

--- The whole model, for whatever wants more than a client's calls.
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

--- A decoded description -> a model table, for Model.new.
---@param description table
---@param companions { paginators: table, waiters: table, endpoints: table }|nil decoded likewise
---@param orders table<table, string[]>|nil core.json_decode_strict's; members are sorted without
---@return table|nil model
---@return string|nil message names the trait and where it stands
local function parse(description, companions, orders)
  return guarded(function()
    return translate_all(wrapped(description, orders), companions or {})
  end)
end

--- The same, but each operation is translated when it is first called.
---@param description table
---@param companions table|nil
---@return table|nil model
---@return string|nil message
local function wrap(description, companions)
  return guarded(function()
    return translate(wrapped(description), companions or {})
  end)
end

-- A document and what patches it, under the names that botocore gives.
local function read_patched(folder, name, orders)
  local document, extras = Document.read(folder .. name, orders), Document.read(folder .. name .. ".sdk-extras", orders)
  if document and extras and extras.merge then
    return Document.merge(document, extras.merge, orders)
  end
  return document
end

-- The description at `path`, and what lies beside it, as a model.
local function read_all(path, make)
  local folder = path:match("^(.*[/\\])") or ""
  local orders = {}
  local extras = Document.read(folder .. "service-2.sdk-extras", orders)
  local companions = {
    paginators = read_patched(folder, "paginators-1", orders),
    waiters = read_patched(folder, "waiters-2", orders),
    endpoints = read_patched(folder, "endpoint-rule-set-1", orders),
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
