--- Errors of Azure's storage: a code in a header, since HEAD has no body, and a document of XML.

local Error = require "cloudjobs.base.error"
local azure_error = require "cloudjobs.azure.error"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"

local DOCUMENT = core.shape({ Error = "Code string\nMessage string" }, "Error")

-- Status -> the message where the response has none: to HEAD, or 304.
local REASONS = {
  [304] = "the blob has not changed", [403] = "access is denied", [404] = "the blob or container does not exist",
  [412] = "the blob was changed", [416] = "the range begins behind the blob's end",
}

-- What to do, by the code. With a shared access signature, by SAS_HINTS first.
local HINTS = {
  AuthorizationPermissionMismatch = "The identity needs a role for data on the storage account or container: Storage "
    .. "Blob Data Reader to read, Storage Blob Data Contributor to write; Owner is not enough. A new assignment may "
    .. "take ten minutes",
  AuthorizationFailure = "The storage account's network rules refuse this machine: allow its address or virtual "
    .. "network in the account's firewall",
  KeyBasedAuthenticationNotPermitted = "The storage account allows no shared keys, and so no signature made with one: "
    .. "leave sas out, and give credentials of an identity with the role Storage Blob Data Reader",
  BlobArchived = "The blob is in the archive tier: set its tier to Hot, Cool or Cold and wait until it is rehydrated, "
    .. "which takes hours",
  BlobBeingRehydrated = "The blob is on its way out of the archive tier, which takes hours",
  InvalidAuthenticationInfo = "The token has to be one for https://storage.azure.com/: a token given as text for Azure "
    .. "Resource Manager is none. Give the blobs' client credentials of its own",
  NoAuthenticationInformation = "The request had neither a token nor a signature",
  PublicAccessNotPermitted = "The storage account allows no anonymous access: give credentials or sas",
  ConditionNotMet = "The blob was changed since its entity tag was read: list it again",
  InvalidHeaderValue = "Perhaps the service does not have this api_version: pass another one",
}

local SAS_HINTS = {
  AuthorizationPermissionMismatch = "The shared access signature lacks a permission: sp=rl reads and lists",
  AuthorizationResourceTypeMismatch = "The shared access signature is for other resources: srt=co has containers and "
    .. "blobs",
  AuthorizationFailure = "The shared access signature, or the storage account's network rules, refuse this machine",
  AuthenticationFailed = "The shared access signature has ended, has not begun yet, or was changed: make a new one, "
    .. "and check this machine's clock",
}

-- The tenant whose tokens a 401 asks for.
local function tenant_of(headers)
  local challenge = headers["www-authenticate"] or ""
  return challenge:match('authorization_uri="?https://[^" ]-/(%x+%-%x+%-%x+%-%x+%-%x+)/')
end

local function hint_of(err, has_sas)
  local hint = has_sas and SAS_HINTS[err.code] or HINTS[err.code]
  if not hint and err.status == 401 and err.tenant then
    hint = ("Ask for tokens of the tenant that owns the storage account: credentials = { tenant_id = %q, … }"):format(
      err.tenant)
  end
  return hint
end

--- The error of a response.
---@param response { status: integer, headers: table<string, string>, body: string }
---@param has_sas boolean whether the client signs in by a shared access signature
---@return cloudjobs.Error kind "service"
local function decode(response, has_sas)
  local status, headers = response.status, response.headers
  local document = response.body ~= "" and core.xml_decode(DOCUMENT, response.body) or {}
  local code = headers["x-ms-error-code"] or document.Code
  -- The id of the request and the time follow on lines of their own.
  local message = document.Message and document.Message:match("^[^\r\n]*")
  local err = Error.new {
    kind = "service",
    code = code or ("%d"):format(status),
    message = message or REASONS[status] or "",
    status = status,
    request_id = azure_error.request_id(response),
    retry_after = azure_error.retry_after(headers),
    conflict = status == 409 or status == 412,
    claims = azure_error.claims(headers),
    tenant = tenant_of(headers),
  }
  err.hint = hint_of(err, has_sas)
  if status >= 300 and status < 400 and status ~= 304 then
    err.hint = "Redirects are never followed, so that the token stays with this service"
  elseif not code and not err.hint then
    err.hint = "The response is no error of Azure's storage: "
      .. quote.line(headers["content-type"] or "no content type") .. ", perhaps from a proxy or gateway on the way"
  end
  return err
end

return { decode = decode }
