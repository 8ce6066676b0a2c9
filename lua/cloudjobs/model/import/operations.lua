--- The operations and errors of a service description -> text in the notation.

local ascii = require "cloudjobs.base.ascii"
local companions = require "cloudjobs.model.import.companions"
local flag = require "cloudjobs.model.import.flags"
local quote = require "cloudjobs.base.quote"
local traits = require "cloudjobs.model.import.traits"

local check = traits.check
local check_name = traits.check_name
local refuse = traits.refuse

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

-- The flags of checksums: the algorithms, and the parameters that select them.
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

-- Whether the service reads a body that is compressed by gzip.
local function add_compression(words, op, where)
  local compression = check("requestcompression", op.requestcompression or {}, where)
  for _, encoding in ipairs(compression.encodings or {}) do
    if encoding == "gzip" then
      flag.add(words, "compressible")
    end
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
  add_compression(words, op, name)
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

-- The parameters of the endpoint rules that an operation sets: constants, members, paths.
local function context_of(shapes, op, where)
  local context = {}
  for name, param in pairs(op.staticContextParams or {}) do
    context[name] = { value = check("static", param, where).value }
  end
  for name, param in pairs(op.operationContextParams or {}) do
    context[name] = { path = companions.check_expression(check("path", param, where).path, where .. ": " .. name) }
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

return {
  reason_against = reason_against, text = operation_text, context_of = context_of, error_text = error_text,
}
