--- The parts of an operation beyond its protocol: checksums, the hash of a body in a header, and rules of its service
--- that are not in its description. They follow botocore (its handlers.py).
---
--- A set of hooks has any of these functions:
---   parameters(params, op, context, is_url) -> params, or nil and an error; it copies the params it changes
---   request(request, op, params, context, endpoint, is_url, source) -> an error or nil; before the request is signed;
---     `source` has the body where it comes in pieces
---   response(response, op, params, sink) -> an error or nil; before the response is decoded; a `sink` has the body
---   output(output, op, params, response) -> the output

local checksum = require "cloudjobs.aws.checksum"
local core = require "cloudjobs.core"
local merged = require "cloudjobs.base.merged"

-- Modules, each loaded for the first operation of its service: { all = set, operations = { Name = set } }.
local SERVICES = {
  S3 = "cloudjobs.aws.customizations.s3",
  Glacier = "cloudjobs.aws.customizations.glacier",
  ["Route 53"] = "cloudjobs.aws.customizations.small",
  ["API Gateway"] = "cloudjobs.aws.customizations.small",
  EC2 = "cloudjobs.aws.customizations.small",
  RDS = "cloudjobs.aws.customizations.small",
  Neptune = "cloudjobs.aws.customizations.small",
  DocDB = "cloudjobs.aws.customizations.small",
  ["Auto Scaling"] = "cloudjobs.aws.customizations.small",
  ["Machine Learning"] = "cloudjobs.aws.customizations.small",
  ["CloudSearch Domain"] = "cloudjobs.aws.customizations.small",
}

---@class cloudjobs.aws.Hooks
local Hooks = {}
local hooks_mt = { __name = "cloudjobs.aws.hooks", __index = Hooks }

---@return table|nil params
---@return cloudjobs.Error|nil err
function Hooks:parameters(params, ...)
  for _, set in ipairs(self) do
    if set.parameters then
      local err
      params, err = set.parameters(params, ...)
      if not params then
        return nil, err
      end
    end
  end
  return params
end

---@return cloudjobs.Error|nil err
function Hooks:request(...)
  for _, set in ipairs(self) do
    local err = set.request and set.request(...)
    if err then
      return err
    end
  end
end

---@return cloudjobs.Error|nil err
function Hooks:response(...)
  for _, set in ipairs(self) do
    local err = set.response and set.response(...)
    if err then
      return err
    end
  end
end

---@return table
function Hooks:output(output, ...)
  for _, set in ipairs(self) do
    output = set.output and set.output(output, ...) or output
  end
  return output
end

local CHECKSUMS = {}

-- Requests the checksum of the response, unless the caller or the setting decides otherwise.
function CHECKSUMS.parameters(params, op, context, is_url)
  local mode = op.checksum_mode
  if not mode or params[mode] ~= nil or is_url then
    return params
  end
  local validation, err = context.config:get("response_checksum_validation")
  if err then
    return nil, err
  elseif validation == "when_supported" then
    return merged(params, { [mode] = "ENABLED" })
  end
  return params
end

function CHECKSUMS.request(request, op, params, context, _, is_url, source)
  if not source then
    local added, err = checksum.add(request, op, params, context.config, is_url)
    request.is_summed = added
    return err
  end
end

function CHECKSUMS.response(response, op, params, sink)
  if not sink and response.status >= 200 and response.status < 300 then
    return checksum.verify(op, params, response)
  end
end

-- A body from the configured size on is sent compressed, where the operation allows it and zlib is there. A checksum is
-- then of the compressed bytes.
local COMPRESSION = {
  request = function(request, _, _, context, _, is_url, source)
    local body = request.body
    if type(body) ~= "string" or is_url or source then
      return nil
    end
    local disabled, err = context.config:get("disable_request_compression")
    if err or disabled then
      return err
    end
    local least
    least, err = context.config:get("request_min_compression_size_bytes")
    local compressed = least and #body >= least and require("cloudjobs.base.gzip").encode(body)
    if compressed then
      local headers = request.headers
      local before = headers["content-encoding"]
      request.body, headers["content-encoding"] = compressed, before and before .. ", gzip" or "gzip"
    end
    return err
  end,
}

local HASH = "x-amz-content-sha256"
local UNSIGNED = "UNSIGNED-PAYLOAD"

local function is_secure(endpoint)
  return endpoint.origin:find("^https:") ~= nil
end

-- Without TLS the signature alone protects the body.
local UNSIGNED_BODY = {
  request = function(request, op, _, _, endpoint, is_url, source)
    if is_secure(endpoint) and not (is_url or source or op.unsigned) then
      request.headers[HASH] = UNSIGNED
    end
  end,
}

-- Of an upload over TLS a checksum replaces the body's hash, since it costs less.
local function is_hash_needed(request, op, endpoint)
  return not (op.upload and is_secure(endpoint) and (request.is_summed or request.headers["content-md5"]))
end

-- S3 requires the body's hash, or UNSIGNED-PAYLOAD, in each signed request.
local S3_BODY = {
  request = function(request, op, _, _, endpoint, is_url, source)
    if not (is_url or source or op.unsigned or request.headers[HASH]) then
      request.headers[HASH] = is_hash_needed(request, op, endpoint) and core.sha256(request.body or "") or UNSIGNED
    end
  end,
}

local function sets_of(op)
  local sets = {}
  local module = SERVICES[op.service.id]
  local service = module and require(module)[op.service.id]
  if op.compressible then
    sets[#sets + 1] = COMPRESSION
  end
  if op.checksum or op.checksum_member or op.checksum_mode then
    sets[#sets + 1] = CHECKSUMS
  end
  sets[#sets + 1] = service and service.all
  sets[#sets + 1] = service and service.operations and service.operations[op.name]
  if op.unsigned_body then
    sets[#sets + 1] = UNSIGNED_BODY
  elseif op.service.signing == "s3" then
    sets[#sets + 1] = S3_BODY
  end
  return #sets > 0 and setmetatable(sets, hooks_mt) or false
end

--- Operation -> its hooks, or false where it has none; found once.
---@return table<table, cloudjobs.aws.Hooks|false>
local function new()
  return setmetatable({}, {
    __mode = "k",
    __index = function(self, op)
      local hooks = sets_of(op)
      rawset(self, op, hooks)
      return hooks
    end,
  })
end

return { new = new }
