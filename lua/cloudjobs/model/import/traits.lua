--- The treatment of each trait of a service description: it is translated and
--- has this type, or is left out for the reason given. A trait that is not
--- listed is refused.

local quote = require "cloudjobs.base.quote"

local TEXT, FLAG, NUMBER, TABLE = "string", "boolean", "number", "table"
local KEEP = "translated" -- of any type
local PROSE = "for people"
local SERVER = "the service checks it"
local EASE = "works without"

local TRAITS = {
  description = {
    metadata = KEEP, operations = KEEP, shapes = KEEP, clientContextParams = KEEP,
    version = EASE,
    documentation = PROSE, examples = PROSE, deprecated = PROSE, deprecatedMessage = PROSE,
  },
  metadata = {
    apiVersion = TEXT, auth = TABLE, awsQueryCompatible = TABLE, endpointPrefix = TEXT, globalEndpoint = TEXT,
    jsonVersion = TEXT, protocol = TEXT, protocols = TABLE, serviceId = TEXT, signatureVersion = TEXT,
    signingName = TEXT, targetPrefix = TEXT, xmlNamespace = TEXT,
    serviceAbbreviation = PROSE, serviceFullName = PROSE, uid = PROSE, ripServiceName = PROSE,
    protocolSettings = EASE, -- HTTP/2, which only event streams need
    checksumFormat = EASE, -- an upload's checksum is also a parameter
  },
  operation = {
    name = TEXT, http = TABLE, input = TABLE, output = TABLE, readonly = FLAG, idempotent = FLAG, authtype = TEXT,
    auth = TABLE, unsignedPayload = FLAG, endpoint = TABLE, endpointdiscovery = TABLE, httpChecksum = TABLE,
    httpChecksumRequired = FLAG, staticContextParams = TABLE, operationContextParams = TABLE,
    errors = EASE, -- an error is found by its code among the service's
    endpointoperation = EASE, -- an ordinary operation to its callers
    requestcompression = TABLE,
    documentation = PROSE, deprecated = PROSE, deprecatedMessage = PROSE, deprecatedSince = PROSE,
  },
  endpoint = { hostPrefix = TEXT },
  endpointdiscovery = { required = FLAG },
  requestcompression = { encodings = TABLE },
  httpChecksum = {
    requestAlgorithmMember = TEXT, requestChecksumRequired = FLAG, requestValidationModeMember = TEXT,
    responseAlgorithms = TABLE,
  },
  static = { value = KEEP }, -- of an operation for its endpoint rules
  path = { path = TEXT }, -- likewise
  http = { method = TEXT, requestUri = TEXT, responseCode = EASE },
  -- A shape, a reference to one, or a member: a reference may override its shape.
  shape = {
    shape = TEXT, type = TEXT, members = TABLE, member = TABLE, key = TABLE, value = TABLE, required = TABLE,
    min = NUMBER, enum = TABLE, sensitive = FLAG, sparse = FLAG, union = FLAG, document = FLAG, payload = TEXT,
    timestampFormat = TEXT, idempotencyToken = FLAG, hostLabel = FLAG, contextParam = TABLE, jsonvalue = FLAG,
    location = TEXT, locationName = TEXT, eventstream = FLAG, resultWrapper = TEXT,
    flattened = FLAG, queryName = TEXT, xmlAttribute = FLAG, xmlNamespace = KEEP,
    exception = FLAG, error = TABLE, fault = FLAG, retryable = TABLE,
    max = SERVER, pattern = SERVER, requiresLength = SERVER,
    box = EASE, -- an absent member is nil either way
    wrapper = EASE, xmlOrder = EASE, synthetic = EASE,
    streaming = FLAG,
    event = EASE, eventpayload = EASE, eventheader = EASE, -- within an event stream, which is left out
    documentation = PROSE, deprecated = PROSE, deprecatedMessage = PROSE, deprecatedSince = PROSE,
  },
  error = { code = TEXT, httpStatusCode = NUMBER, fault = FLAG, senderFault = EASE },
  retryable = { throttling = FLAG },
  paginator = {
    input_token = KEEP, output_token = KEEP, result_key = KEEP, limit_key = TEXT, more_results = TEXT,
    non_aggregate_keys = EASE, -- they stand in every page
    py_input_token = EASE,
  },
  waiter = {
    operation = TEXT, delay = NUMBER, maxAttempts = NUMBER, acceptors = TABLE,
    description = PROSE,
  },
  acceptor = { state = TEXT, matcher = TEXT, expected = KEEP, argument = TEXT },
}

local MAX_MESSAGE = 500 -- bytes; names come from the description

-- Leaves the import with a message. A table, so that a bug of ours is not taken for one.
local function refuse(where, message, ...)
  local text = quote.clean(where .. ": " .. message:format(...))
  error({ refused = #text > MAX_MESSAGE and text:sub(1, MAX_MESSAGE) .. "…" or text }, 0)
end

local CHECKED = { [TEXT] = "text", [FLAG] = "true or false", [NUMBER] = "a number", [TABLE] = "an object or a list" }

-- The type of a JSON value, for a message.
local function type_name(value)
  return type(value) == "userdata" and "null" or type(value)
end

--- Refuses a value of another type.
---@param expected "string"|"boolean"|"number"|"table"
---@param value any
---@param where string
local function check_type(expected, value, where)
  if type(value) ~= expected then
    refuse(where, "expected %s, got %s", CHECKED[expected], type_name(value))
  end
end

--- Refuses a value that is no object, or has a trait that is not listed for its kind, or one of another type.
---@param kind string
---@param value any
---@param where string
---@return table value
local function check(kind, value, where)
  if type(value) ~= "table" then
    refuse(where, "expected an object, got %s", type_name(value))
  end
  for trait, given in pairs(value) do
    local expected = TRAITS[kind][trait]
    if not expected then
      refuse(where, "unknown trait %s", tostring(trait))
    elseif CHECKED[expected] and type(given) ~= expected then
      check_type(expected, given, where .. ": " .. trait)
    end
  end
  return value
end

-- Names of operations, shapes and members are parts of headers, of paths and of the notation.
local NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
local MAX_NAME = 256 -- bytes

--- Refuses a value that cannot be the name of an operation, a shape or a member.
---@param name any
---@param where string
---@return string name
local function check_name(name, where)
  if type(name) ~= "string" or #name > MAX_NAME or not name:find(NAME) then
    refuse(where, "expected a name of letters, digits and underscores, got %s", quote.value(name))
  end
  return name
end

return { check = check, check_name = check_name, check_type = check_type, refuse = refuse }
