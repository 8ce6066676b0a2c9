local Config = require "cloudjobs.aws.config"
local Error = require "cloudjobs.base.error"
local Home = require "spec.support.home"
local Sso = require "cloudjobs.aws.credentials.sso"
local Stub = require "cloudjobs.stub"
local core = require "cloudjobs.core"

local START = 1767225600 -- 2026-01-01
local URL = "https://d-abc123.awsapps.com/start"

local PROFILE = "[default]\nsso_session = corp\nsso_account_id = 012345678901\nsso_role_name = R\n"
local SESSION = "[sso-session corp]\nsso_start_url = " .. URL .. "\nsso_region = us-west-2\n"
local LEGACY = "[default]\nsso_start_url = " .. URL
  .. "\nsso_region = us-west-2\nsso_account_id = 012345678901\nsso_role_name = R\n"

-- The cache's files are called after the session's or the start URL's SHA-1.
local FILE = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
local LEGACY_FILE = ".aws/sso/cache/" .. core.sha1(URL) .. ".json"

local home

local function token(more)
  local document = { accessToken = "hush-token", expiresAt = "2026-01-01T08:00:00Z", startUrl = URL, extra = "kept" }
  for name, value in pairs(more or {}) do
    document[name] = value
  end
  return core.json_encode(document)
end

local REFRESHABLE = {
  refreshToken = "hush-refresh", clientId = "client", clientSecret = "hush-secret",
  registrationExpiresAt = "2026-03-01T00:00:00Z",
}

local function refreshable(expires_at)
  local more = { expiresAt = expires_at }
  for name, value in pairs(REFRESHABLE) do
    more[name] = value
  end
  return token(more)
end

-- Asks the provider over these files; `answers` are the API's by operation.
local function get(files, answers)
  home = Home.new(files)
  local calls = {}
  local function api(service, operation, params, more)
    calls[#calls + 1] = { service, operation, params, more }
    local answer = (answers or {})[operation]
    if answer then
      return answer
    elseif answer == nil and operation == "get_role_credentials" then
      return { roleCredentials = {
        accessKeyId = "AK", secretAccessKey = "hush", sessionToken = "t", expiration = 1767229200000,
      } }
    end
    return nil, Error.new { kind = "service", code = "UnauthorizedException", message = "no" }
  end
  local config = Config.new { env = { HOME = home.path } }
  local provider = Sso.new(config, "default", { api = api, transport = Stub.new({}, { time = START }) })
  local identity, err = provider:get()
  return identity, err, calls
end

describe("SSO credentials", function()
  after_each(function()
    home:remove()
  end)

  it("are a role's, for the session's token", function()
    local identity, _, calls = get { [".aws/config"] = PROFILE .. SESSION, [FILE] = token() }
    assert.same({
      access_key_id = "AK", secret_access_key = "hush", session_token = "t", account_id = "012345678901",
      expiration = 1767229200, source = "sso",
    }, identity)
    assert.same({ {
      "sso", "get_role_credentials", { roleName = "R", accountId = "012345678901", accessToken = "hush-token" },
      { region = "us-west-2" },
    } }, calls)
  end)

  it("are a role's, for the legacy token of the start URL", function()
    local identity, _, calls = get { [".aws/config"] = LEGACY, [LEGACY_FILE] = token() }
    assert.equal("AK", identity.access_key_id)
    assert.equal(1, #calls)
  end)

  it("take a start URL that profile and session agree on", function()
    assert.is_truthy(get {
      [".aws/config"] = PROFILE .. "sso_region = us-west-2\n" .. SESSION, [FILE] = token(),
    })
  end)

  it("have the token of a session renewed in its last 15 minutes, and written back for its owner alone", function()
    local identity, _, calls = get({
      [".aws/config"] = PROFILE .. SESSION, [FILE] = refreshable "2026-01-01T00:10:00Z",
    }, { create_token = { accessToken = "hush-new", expiresIn = 3600, refreshToken = "hush-next" } })
    assert.equal("AK", identity.access_key_id)
    assert.same({
      "sso_oidc", "create_token",
      { grantType = "refresh_token", clientId = "client", clientSecret = "hush-secret", refreshToken = "hush-refresh" },
      { region = "us-west-2" },
    }, calls[1])
    assert.equal("hush-new", calls[2][3].accessToken)
    assert.same({
      accessToken = "hush-new", expiresAt = "2026-01-01T01:00:00Z", startUrl = URL, region = "us-west-2", extra = "kept",
      refreshToken = "hush-next", clientId = "client", clientSecret = "hush-secret",
      registrationExpiresAt = "2026-03-01T00:00:00Z",
    }, core.json_decode(home:read(FILE)))
    local pipe = io.popen("stat -c %a " .. home.path .. "/" .. FILE)
    assert.equal("600", pipe:read("*l"))
    pipe:close()
  end)

  it("go on with a token that still lives when it cannot be renewed", function()
    local _, _, calls = get { [".aws/config"] = PROFILE .. SESSION, [FILE] = refreshable "2026-01-01T00:10:00Z" }
    assert.equal("create_token", calls[1][2])
    assert.equal("hush-token", calls[2][3].accessToken)
  end)

  it("do not try to renew a token without a registration that lives", function()
    local more = { expiresAt = "2026-01-01T00:10:00Z" }
    local _, _, calls = get { [".aws/config"] = PROFILE .. SESSION, [FILE] = token(more) }
    assert.equal(1, #calls)
    home:remove()
    for name, value in pairs(REFRESHABLE) do
      more[name] = value
    end
    more.registrationExpiresAt = "2025-01-01T00:00:00Z"
    _, _, calls = get { [".aws/config"] = PROFILE .. SESSION, [FILE] = token(more) }
    assert.equal(1, #calls)
  end)

  it("understand a time as older tools wrote it", function()
    assert.is_truthy(get { [".aws/config"] = PROFILE .. SESSION, [FILE] = token { expiresAt = "2026-01-01T08:00:00UTC" } })
  end)

  local function with(config, text)
    return { [".aws/config"] = config, [FILE] = text, [LEGACY_FILE] = text }
  end

  local mistakes = {
    { { [".aws/config"] = "[default]\n" }, "has neither sso_role_name nor sso_account_id" },
    { { [".aws/config"] = PROFILE }, 'profile "default": there is no section [sso-session corp]' },
    { { [".aws/config"] = "[default]\nsso_role_name = R" },
      'profile "default": SSO needs sso_start_url, sso_region, sso_account_id too' },
    { { [".aws/config"] = PROFILE .. "sso_region = eu-west-1\n" .. SESSION },
      'profile "default": its sso_region is not the one of [sso-session corp]; remove one' },
    { { [".aws/config"] = PROFILE .. SESSION }, "there is no token in " },
    { with(PROFILE .. SESSION, '{"accessToken":"hush'), FILE .. ": expected a JSON object" },
    { with(PROFILE .. SESSION, "{}"), FILE .. ": expected accessToken and expiresAt" },
    { with(PROFILE .. SESSION, token { expiresAt = "soon" }), FILE .. ": expected accessToken and expiresAt" },
    { with(PROFILE .. SESSION, ("x"):rep(300000)), "expected at most 262144 bytes" },
    { with(PROFILE .. SESSION, token { expiresAt = "2025-01-01T00:00:00Z" }), "has expired" },
    { with(PROFILE .. SESSION, refreshable "2025-01-01T00:00:00Z"), "has expired" },
    { with(LEGACY, token { expiresAt = "2025-01-01T00:00:00Z" }), "has expired" },
  }
  for _, case in ipairs(mistakes) do
    it("are refused with " .. case[2], function()
      local identity, err = get(case[1])
      assert.is_nil(identity)
      assert.matches(case[2], err.message, 1, true)
      assert.not_matches("hush", tostring(err), 1, true)
    end)
  end

  it("say how to sign in", function()
    local _, err = get { [".aws/config"] = PROFILE .. SESSION }
    assert.equal("Run aws sso login --profile default", err.hint)
  end)

  it("that are refused name role and account", function()
    local _, err = get({ [".aws/config"] = PROFILE .. SESSION, [FILE] = token() }, { get_role_credentials = false })
    assert.equal('profile "default": the role R of account 012345678901 cannot be had: UnauthorizedException: no', err.message)
  end)
end)
