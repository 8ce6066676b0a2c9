local blob_error = require "cloudjobs.azure.blob.error"
local blobs = require "spec.support.blobs"

local function decode(response, has_sas)
  response.headers, response.body = response.headers or {}, response.body or ""
  return blob_error.decode(response, has_sas or false)
end

describe("an error of Blob Storage", function()
  it("has code and message of its document", function()
    local response = blobs.failure(404, "ContainerNotFound", "The specified container does not exist.")
    response.headers["x-ms-error-code"], response.headers["x-ms-request-id"] = nil, "7"
    local err = decode(response)
    assert.same({ "service", "ContainerNotFound", "The specified container does not exist.", 404, "7" },
      { err.kind, err.code, err.message, err.status, err.request_id })
  end)

  it("has the code of the header where there is no body", function()
    local err = decode { status = 404, headers = { ["x-ms-error-code"] = "BlobNotFound" } }
    assert.same({ "BlobNotFound", "the blob or container does not exist" }, { err.code, err.message })
    assert.equal("304", decode({ status = 304 }).code)
  end)

  local HINTS = {
    { 403, "AuthorizationPermissionMismatch", "Storage Blob Data Reader", "sp=rl" },
    { 403, "AuthorizationFailure", "firewall", "network rules" },
    { 403, "KeyBasedAuthenticationNotPermitted", "leave sas out", "leave sas out" },
    { 403, "AuthenticationFailed", nil, "has ended" },
    { 409, "BlobArchived", "rehydrated", "rehydrated" },
    { 401, "InvalidAuthenticationInfo", "https://storage.azure.com/", "https://storage.azure.com/" },
  }
  for _, case in ipairs(HINTS) do
    it("says what to do about " .. case[2], function()
      local with_token, with_sas = decode(blobs.failure(case[1], case[2])), decode(blobs.failure(case[1], case[2]), true)
      assert.matches(case[3] or "^nil$", tostring(with_token.hint), case[3] ~= nil and 1 or nil, case[3] ~= nil)
      assert.matches(case[4], with_sas.hint, 1, true)
    end)
  end

  it("has the tenant and the claims that a 401 asks for", function()
    local tenant = "5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
    local err = decode { status = 401, headers = {
      ["www-authenticate"] = "Bearer authorization_uri=https://login.microsoftonline.com/" .. tenant
        .. "/oauth2/authorize resource_id=https://storage.azure.com",
    } }
    assert.equal(tenant, err.tenant)
    assert.matches(tenant, err.hint, 1, true)
    err = decode { status = 401, headers = {
      ["www-authenticate"] = 'Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="',
    } }
    assert.equal('{"a":1}', err.claims)
  end)

  it("says what is no response of the service", function()
    local err = decode { status = 502, headers = { ["content-type"] = "text/html" }, body = "<html>" }
    assert.same({ "502", "" }, { err.code, err.message })
    assert.matches("text/html, perhaps from a proxy", err.hint)
    assert.matches("Redirects", decode({ status = 307, body = "" }).hint)
  end)
end)
