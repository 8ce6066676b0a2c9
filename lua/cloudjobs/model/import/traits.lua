--- What becomes of each trait of a service description: it is translated, or
--- left out for the reason given. One that is not listed is refused.

local KEEP = "translated"
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
    apiVersion = KEEP, auth = KEEP, awsQueryCompatible = KEEP, endpointPrefix = KEEP, globalEndpoint = KEEP,
    jsonVersion = KEEP, protocol = KEEP, protocols = KEEP, serviceId = KEEP, signatureVersion = KEEP,
    signingName = KEEP, targetPrefix = KEEP, xmlNamespace = KEEP,
    serviceAbbreviation = PROSE, serviceFullName = PROSE, uid = PROSE, ripServiceName = PROSE,
    protocolSettings = EASE, -- HTTP/2, which only event streams need
    checksumFormat = EASE, -- an upload's checksum is also a parameter
  },
  operation = {
    name = KEEP, http = KEEP, input = KEEP, output = KEEP, readonly = KEEP, idempotent = KEEP, authtype = KEEP,
    auth = KEEP, unsignedPayload = KEEP, endpoint = KEEP, endpointdiscovery = KEEP, httpChecksum = KEEP,
    httpChecksumRequired = KEEP, staticContextParams = KEEP, operationContextParams = KEEP,
    errors = EASE, -- an error is found by its code among the service's
    endpointoperation = EASE, -- an ordinary operation to its callers
    requestcompression = EASE, -- never needed
    documentation = PROSE, deprecated = PROSE, deprecatedMessage = PROSE, deprecatedSince = PROSE,
  },
  http = { method = KEEP, requestUri = KEEP, responseCode = EASE },
  -- A shape, a reference to one, or a member: a reference may override its shape.
  shape = {
    shape = KEEP, type = KEEP, members = KEEP, member = KEEP, key = KEEP, value = KEEP, required = KEEP,
    min = KEEP, enum = KEEP, sensitive = KEEP, sparse = KEEP, union = KEEP, document = KEEP, payload = KEEP,
    timestampFormat = KEEP, idempotencyToken = KEEP, hostLabel = KEEP, contextParam = KEEP, jsonvalue = KEEP,
    location = KEEP, locationName = KEEP, eventstream = KEEP, resultWrapper = KEEP,
    flattened = KEEP, queryName = KEEP, xmlAttribute = KEEP, xmlNamespace = KEEP,
    exception = KEEP, error = KEEP, fault = KEEP, retryable = KEEP,
    max = SERVER, pattern = SERVER, requiresLength = SERVER,
    box = EASE, -- an absent member is nil either way
    wrapper = EASE, xmlOrder = EASE, synthetic = EASE,
    streaming = KEEP,
    event = EASE, eventpayload = EASE, eventheader = EASE, -- within an event stream, which is left out
    documentation = PROSE, deprecated = PROSE, deprecatedMessage = PROSE, deprecatedSince = PROSE,
  },
  error = { code = KEEP, httpStatusCode = KEEP, fault = KEEP, senderFault = EASE },
  retryable = { throttling = KEEP },
  paginator = {
    input_token = KEEP, output_token = KEEP, result_key = KEEP, limit_key = KEEP, more_results = KEEP,
    non_aggregate_keys = EASE, -- they stand in every page
    py_input_token = EASE,
  },
  waiter = {
    operation = KEEP, delay = KEEP, maxAttempts = KEEP, acceptors = KEEP,
    description = PROSE,
  },
  acceptor = { state = KEEP, matcher = KEEP, expected = KEEP, argument = KEEP },
}

-- Leaves the import with a message. A table, so that a bug of ours is not taken for one.
local function refuse(where, message, ...)
  error({ refused = where .. ": " .. message:format(...) }, 0)
end

--- Refuses what is no object, or has a trait that is not listed for its kind.
---@param kind string
---@param value any
---@param where string
---@return table value
local function check(kind, value, where)
  if type(value) ~= "table" then
    refuse(where, "expected an object, got %s", type(value))
  end
  for trait in pairs(value) do
    if not TRAITS[kind][trait] then
      refuse(where, "unknown trait %s", tostring(trait))
    end
  end
  return value
end

return { check = check, refuse = refuse }
