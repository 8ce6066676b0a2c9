--- Puts an AWS identity on a request: SigV4 in the Authorization header.

local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"

local Sigv4 = {}
local sigv4_mt = { __name = "cloudjobs.aws.auth", __index = Sigv4 }

-- A signer holds its identity's key of the day. It is found by the identity
-- itself: after a rotation, even under the same key id, there is another.
local function new_signer(self, identity)
  local signer, message = core.signer(identity.access_key_id, identity.secret_access_key, identity.session_token)
  if not signer then
    return nil, Error.new { kind = "credentials", code = "unusable", message = message }
  end
  self._signers[identity] = signer
  return signer
end

--- Writes the header lines of `request`, signed: each attempt has its own date,
--- token and signature.
---@param request table `route` { fields } and `body`
---@param identity cloudjobs.Identity
---@param now number epoch seconds
---@param call_id string|true the id that all attempts of a call share, true for a new UUID
---@param attempt_info string which attempt this is
---@return table|nil request
---@return cloudjobs.Error|nil err
function Sigv4:sign(request, identity, now, call_id, attempt_info)
  local signer = self._signers[identity]
  if not signer then
    local err
    signer, err = new_signer(self, identity)
    if not signer then
      return nil, err
    end
  end
  local body = request.body
  if type(body) == "table" then
    body = nil -- it streams: a header field has its hash, or a keyword in its place
  end
  local lines, message = signer:sign(request.route.fields, body, now, call_id, attempt_info)
  if not lines then
    return nil, Error.new { kind = "validation", message = message }
  end
  request.lines, request.headers = lines, nil
  return request
end

--- The URL that carries the signature of `request` in its query.
---@param request table `method`, `url`, `path`, `query`, `headers` (all are signed; with host), `signing`
---@param identity cloudjobs.Identity
---@param now number epoch seconds
---@param seconds integer for which the URL shall be good
---@return string|nil url
---@return cloudjobs.Error|nil err
function Sigv4:presign(request, identity, now, seconds) -- luacheck: ignore 212/self
  local scope = request.signing
  local headers = {}
  for name, value in pairs(request.headers) do
    headers[#headers + 1] = { name, value }
  end
  local signed, err = require("cloudjobs.aws.sigv4").sign({
    method = request.method, path = request.path, query = request.query, headers = headers,
  }, {
    credentials = identity, region = scope.region, service = scope.name, time = now, location = "query",
    expires = seconds,
    -- S3's: the body of a presigned request is not known when it is signed.
    normalize_path = not scope.raw_path, encode_path_once = not scope.raw_path, unsigned_payload = scope.raw_path,
  })
  if not signed then
    return nil, err
  end
  return request.url:match("^[^?]*") .. "?" .. signed.query
end

local function new()
  return setmetatable({ _signers = setmetatable({}, { __mode = "k" }) }, sigv4_mt)
end

return { new = new }
