--- The metadata of a service description -> what the protocol and the signer need.

local quote = require "cloudjobs.base.quote"
local traits = require "cloudjobs.model.import.traits"

local check = traits.check
local refuse = traits.refuse

-- Best first where a service supports several: the order that AWS agreed on for its SDKs. Those of Python and Ruby
-- prefer JSON, whose decoders are faster there.
local PROTOCOLS = { "smithy-rpc-v2-cbor", "json", "rest-json", "rest-xml", "query", "ec2" }

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

-- Checks the metadata that becomes a part of headers and hosts.
local PATTERNS = {
  serviceId = "^[ -~]+$", endpointPrefix = "^[A-Za-z0-9.-]+$", signingName = "^[A-Za-z0-9._-]+$",
  targetPrefix = "^[A-Za-z0-9._-]+$", jsonVersion = "^%d+%.%d+$", globalEndpoint = "^[A-Za-z0-9.-]+$",
  apiVersion = "^[A-Za-z0-9.-]+$", xmlNamespace = "^[!-~]+$",
}

-- Checks the metadata that the requests of a protocol need.
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

return { read = service_and_protocol, reason_against_auth = reason_against_auth }
