--- Every way to an AWS identity, over real sockets: each gets keys from the
--- emulator and lists exports with them, which it verifies.

local Emulator = require "cloudjobs.emulator"
local Home = require "spec.support.home"
local cloudjobs = require "cloudjobs"
local identities = require "spec.data.aws_identities"

local PARTNER, ROLE, KEYS = identities.PARTNER, identities.ROLE, identities.KEYS
local SSO, SSO_FILE = identities.SSO, identities.SSO_FILE
local profile, token_file = identities.profile, identities.token_file

local emulator, home

setup(function()
  emulator = assert(Emulator.start {})
end)

teardown(function()
  emulator:stop()
end)

before_each(function()
  emulator:reset()
end)

after_each(function()
  home:remove()
end)

-- An environment with these files in its home folder and the emulator as every endpoint.
local function environment(files, more)
  home = Home.new(files)
  local env = {
    HOME = home.path, PATH = os.getenv("PATH"), AWS_REGION = "us-east-1", AWS_ENDPOINT_URL = emulator.url,
    AWS_EC2_METADATA_DISABLED = "true",
  }
  for name, value in pairs(more or {}) do
    env[name] = value:gsub("{HOME}", home.path)
  end
  return env
end

-- Lists, and gives what the emulator was asked for: the services' operations.
local function seen_by_listing(options)
  options.retry = { max_attempts = 1 }
  local exports = cloudjobs.aws.bcm_data_exports(options)
  local list, err = exports:list_exports()
  assert.same({ Exports = {} }, list, tostring(err))
  local seen = {}
  for i, request in ipairs(emulator:requests()) do
    seen[i] = request.operation
  end
  return table.concat(seen, " ")
end

describe("an AWS identity", function()
  for _, way in ipairs(identities.ways) do
    it("is had from " .. way[1], function()
      local env = {}
      for name, value in pairs(way.env or {}) do
        env[name] = value:gsub("{URL}", emulator.url)
      end
      assert.equal(way.seen, seen_by_listing { env = environment(way.files, env) })
    end)
  end

  it("is had from a token whose file ends in a newline, which is no part of it", function()
    assert.equal("AssumeRoleWithWebIdentity ListExports", seen_by_listing {
      env = environment({ token = "emulator.web.identity\n" }, {
        AWS_ROLE_ARN = "arn:aws:iam::111122223333:role/ci", AWS_WEB_IDENTITY_TOKEN_FILE = "{HOME}/token",
      }),
    })
  end)

  it("is asked for once for two clients that share it", function()
    local env = environment(profile("role_arn = " .. ROLE .. "\nsource_profile = s\n[profile s]\n" .. KEYS))
    local provider = cloudjobs.aws.credentials { env = env }
    for _ = 1, 2 do
      seen_by_listing { env = env, credentials = provider }
    end
    local seen = {}
    for i, request in ipairs(emulator:requests()) do
      seen[i] = request.operation
    end
    assert.equal("AssumeRole ListExports ListExports", table.concat(seen, " "))
  end)

  it("is asked for once by 50 calls of two clients that wait for it", function()
    local transport = cloudjobs.transport.multi {}
    local env = environment(profile("role_arn = " .. ROLE .. "\nsource_profile = s\n[profile s]\n" .. KEYS))
    local provider = cloudjobs.aws.credentials { env = env, transport = transport }
    local clients = {}
    for i = 1, 2 do
      clients[i] = cloudjobs.aws.bcm_data_exports { env = env, credentials = provider, transport = transport }
    end
    local calls = {}
    for i = 1, 50 do
      calls[i] = function()
        return clients[i % 2 + 1]:list_exports()
      end
    end
    local results = cloudjobs.parallel(calls, { concurrency = 50 })
    local counts = {}
    for _, request in ipairs(emulator:requests()) do
      counts[request.operation] = (counts[request.operation] or 0) + 1
    end
    for _, result in ipairs(results) do
      assert.is_true(result.ok, tostring(result.err))
    end
    assert.same({ AssumeRole = 1, ListExports = 50 }, counts)
    transport:close()
  end)

  local refused = {
    { "a role with another external id", profile("role_arn = " .. PARTNER .. "\nexternal_id = wrong\n"
      .. "source_profile = s\n[profile s]\n" .. KEYS), "AccessDenied" },
    { "a wrong secret", profile("role_arn = " .. ROLE .. "\nsource_profile = s\n[profile s]\n"
      .. "aws_access_key_id = AKIDEMULATOR\naws_secret_access_key = wrong\n"), "SignatureDoesNotMatch" },
    { "a web identity that nobody vouches for", { token = "wrong" }, "InvalidIdentityToken",
      { AWS_ROLE_ARN = "arn:aws:iam::111122223333:role/ci", AWS_WEB_IDENTITY_TOKEN_FILE = "{HOME}/token" } },
    { "a wrong SSO token", { [".aws/config"] = "[default]\n" .. SSO, [SSO_FILE] = token_file { accessToken = "wrong" } },
      "UnauthorizedException" },
    { "an SSO session that has ended", { [".aws/config"] = "[default]\n" .. SSO,
      [SSO_FILE] = token_file { refreshToken = "wrong", expiresAt = "2020-01-01T00:00:00Z" } }, "has expired" },
    { "a wrong container token", {}, "it answered with status 403",
      { AWS_CONTAINER_CREDENTIALS_FULL_URI = "{URL}/container/credentials", AWS_CONTAINER_AUTHORIZATION_TOKEN = "wrong" } },
  }
  for _, case in ipairs(refused) do
    it("is refused to " .. case[1], function()
      local more = {}
      for name, value in pairs(case[4] or {}) do
        more[name] = value:gsub("{URL}", emulator.url)
      end
      local provider = cloudjobs.aws.credentials { env = environment(case[2], more), retry = { max_attempts = 1 } }
      local identity, err = provider:get()
      assert.is_nil(identity)
      assert.equal("credentials", err.kind)
      assert.matches(case[3], tostring(err), 1, true)
    end)
  end
end)
