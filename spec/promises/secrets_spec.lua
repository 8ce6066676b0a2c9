--- Marked secrets in every place that text comes from. No six characters of one in a row may be in an error, a log event
--- or a printed object.

local Config = require "cloudjobs.aws.config"
local Home = require "spec.support.home"
local SETTINGS = require "cloudjobs.aws.config.settings"
local Stub = require "cloudjobs.stub"
local azure_cli = require "cloudjobs.azure.credentials.cli"
local cloudjobs = require "cloudjobs"

local MARK = "Zq7pXk29vLmBt4Rw8YsD/k3J+aQe5NcFh1Tg6UoVi"
local PEM = "-----BEGIN PRIVATE KEY-----\n" .. MARK .. "\n-----END PRIVATE KEY-----\n"
local TOKEN = "eyJ" .. MARK:gsub("[/+]", "-") .. ".eyJ" .. MARK:sub(5, 20) .. ".x9"

-- The first six characters in a row that `text` has of a secret.
local function leak(text, secret)
  for i = 1, #secret - 5 do
    local piece = secret:sub(i, i + 5)
    if text:find(piece, 1, true) and piece ~= "-----B" and not piece:find("^%-*[BEGINDPRVATKY %-]*%-*\n?$") then
      return piece
    end
  end
end

local function texts_of(value, list, seen)
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    list[#list + 1] = tostring(value)
    for key, item in pairs(value) do
      texts_of(key, list, seen)
      texts_of(item, list, seen)
    end
  else
    list[#list + 1] = tostring(value)
  end
  return list
end

local function assert_quiet(value, what)
  local text = table.concat(texts_of(value, {}, {}), "\n")
  for _, secret in ipairs { MARK, TOKEN } do
    assert.is_nil(leak(text, secret), ("%s: %s"):format(what or "", text))
  end
  return text
end

-- What f raises or answers besides its success, which has to be a failure.
local function failure(f)
  local ok, value, err = pcall(f)
  assert.is_falsy(ok and value)
  return ok and err or value
end

local function call(options, env)
  local events = {}
  options.env = env or { HOME = "/none" }
  options.transport = options.transport or Stub.new { { body = {} } }
  options.transport.honours = options.transport.honours
    or setmetatable({}, { __index = function() return true end })
  options.logger = function(event)
    events[#events + 1] = event
  end
  local ok, output, err = pcall(function()
    return cloudjobs.aws.ssm(options):list_commands()
  end)
  return { ok and err or output, events }
end

describe("a secret", function()
  local VALUES = { MARK, TOKEN, PEM, "https://user:" .. MARK .. "@host/x?sig=" .. MARK, "x\n" .. MARK }

  describe("in a setting of AWS", function()
    for name, setting in pairs(SETTINGS) do
      for _, variable in ipairs(setting.env or {}) do
        it("is not shown of " .. variable, function()
          for _, value in ipairs(VALUES) do
            local env = { HOME = "/none", AWS_REGION = "eu-west-1", AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "s" }
            env[variable] = value
            assert_quiet({ select(2, Config.new({ env = env }):get(name)) })
            assert_quiet(call({}, env)[1])
          end
        end)
      end
    end

    for _, variable in ipairs {
      "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "AWS_CREDENTIAL_EXPIRATION",
      "AWS_CREDENTIAL_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "REQUESTS_CA_BUNDLE",
    } do
      it("is not shown of " .. variable, function()
        for _, value in ipairs(VALUES) do
          local env = {
            HOME = "/none", AWS_REGION = "eu-west-1", AWS_EC2_METADATA_DISABLED = "true", AWS_ROLE_ARN = "arn",
            AWS_CONTAINER_CREDENTIALS_FULL_URI = variable:find("TOKEN") and "http://127.0.0.1/c" or nil,
          }
          if variable:find("EXPIRATION") then
            env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY = "AKID", "s"
          end
          env[variable] = value
          assert_quiet(call({}, env), value)
        end
      end)
    end

    for _, name in ipairs { "region", "profile", "endpoint", "proxy", "no_proxy", "ca_bundle", "client_cert", "client_key", "app_id" } do
      it("is not shown of the option " .. name, function()
        for _, value in ipairs(VALUES) do
          local options = { region = "eu-west-1", credentials = { access_key_id = "AKID", secret_access_key = "s" } }
          options[name] = value
          assert_quiet(call(options)[1], value)
        end
      end)
    end

    it("is not shown of an option that is unknown or of a wrong type", function()
      for _, options in ipairs {
        { retry = { mode = MARK } }, { retry = { generation = MARK } }, { timeout = MARK }, { env = { A = { MARK } } },
        { credentials = { access_key_id = MARK } }, { region = { MARK } },
      } do
        assert_quiet(failure(function()
          return cloudjobs.aws.ssm(options)
        end))
      end
    end)
  end)

  describe("in a config file", function()
    local home

    before_each(function()
      home = Home.new {}
    end)

    after_each(function()
      home:remove()
    end)

    local LINES = {
      ["without an equals sign"] = "[default]\n%s",
      ["before the first section"] = "%s = x",
      ["a section that is there twice"] = "[%s]\n[%s]",
      ["a key that is there twice"] = "[default]\n%s = 1\n%s = 2",
      ["a sub-section's line"] = "[default]\ns3 =\n  %s",
      ["a sub-section's name"] = "[default]\n%s =\n  a",
      ["a continued value"] = "[default]\n%s = x\n  %s\n \255",
      ["behind a byte that is not UTF-8"] = "[default]\nkey = \255%s",
      ["a comment before a mistake"] = "# %s\nx",
    }
    for what, text in pairs(LINES) do
      it("is not shown of " .. what, function()
        for _, name in ipairs { "config", "credentials" } do
          home:write(".aws/" .. name, (text:gsub("%%s", function() return MARK end)))
          local result = call({}, { HOME = home.path, AWS_EC2_METADATA_DISABLED = "true" })
          assert.equal("table", type(result[1]))
          assert_quiet(result)
          os.remove(home.path .. "/.aws/" .. name)
        end
      end)
    end

    local KEYS = {
      "region", "retry_mode", "max_attempts", "source_profile", "credential_source", "role_arn", "role_session_name",
      "external_id", "mfa_serial", "duration_seconds", "sso_session", "sso_start_url", "sso_region", "sso_account_id",
      "sso_role_name", "web_identity_token_file", "services", "endpoint_url", "ca_bundle", "login_session",
      "credential_process", "sts_regional_endpoints", "ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode",
      "metadata_service_timeout", "use_fips_endpoint", "aws_access_key_id", "aws_secret_access_key", "aws_session_token",
    }
    local FORMS = {
      "%s", "x\n  %s", "eu-west-1\n  aws_access_key_id = AKID\n  aws_secret_access_key = %s", "https://user:%s@host/?sig=%s",
      "\n  a = %s",
    }
    for _, key in ipairs(KEYS) do
      it("is not shown of " .. key, function()
        for _, form in ipairs(FORMS) do
          local value = form:gsub("%%s", function() return MARK end)
          home:write(".aws/config", ("[profile p]\nrole_arn = arn:r\n%s%s = %s\n"):format(
            key:find("^sso") and "sso_account_id = 1\nsso_role_name = r\n" or "", key, value):gsub("role_arn = arn:r\n(.*)",
            function(rest)
              return (key:find("^role") or key:find("source") or key == "mfa_serial") and not rest:find("role_arn")
                and "role_arn = arn:r\n" .. rest or rest
            end))
          local env = { HOME = home.path, AWS_PROFILE = "p", AWS_EC2_METADATA_DISABLED = "true" }
          local result = call({ region = key ~= "region" and "eu-west-1" or nil }, env)
          assert_quiet(result, value)
        end
      end)
    end

    it("is not shown of a token's file", function()
      for _, case in ipairs {
        { "AWS_WEB_IDENTITY_TOKEN_FILE", MARK }, { "AWS_CREDENTIAL_FILE", "AWSAccessKeyId=AK\nAWSSecretKey " .. MARK },
        { "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", MARK .. "\n" .. MARK },
      } do
        local env = {
          HOME = home.path, AWS_ROLE_ARN = "arn", AWS_REGION = "eu-west-1", AWS_EC2_METADATA_DISABLED = "true",
          AWS_CONTAINER_CREDENTIALS_FULL_URI = case[1]:find("CONTAINER") and "http://127.0.0.1/c" or nil,
          [case[1]] = home:write("token", case[2]),
        }
        local body = "<ErrorResponse><Error><Code>Denied</Code><Message>token %s</Message></Error></ErrorResponse>"
        local stub = Stub.new { { status = 403, body = body:format(MARK) } }
        assert_quiet(call({ transport = stub }, env))
      end
    end)
  end)

  describe("in the output of credential_process", function()
    local OUTPUTS = {
      "echo %s", "echo %s >&2; exit 1", 'echo \'{"Version":1,"SecretAccessKey":"%s"}\'', 'echo \'{"Version":"%s"}\'',
      'echo \'{"Version":1,"AccessKeyId":"A","SecretAccessKey":"%s","Expiration":"%s"}\'',
      'echo \'{"Version":1,"AccessKeyId":"A","SecretAccessKey":"%s","Expiration":"2001-01-01T00:00:00Z"}\'',
    }
    for i, output in ipairs(OUTPUTS) do
      it(("is not shown (%d)"):format(i), function()
        local home = Home.new { keys = "#!/bin/sh\n" .. output:gsub("%%s", function() return MARK end) }
        os.execute("chmod +x " .. home.path .. "/keys")
        home:write(".aws/config", "[default]\ncredential_process = {HOME}/keys --secret " .. MARK)
        local result = call({ region = "eu-west-1" }, { HOME = home.path })
        home:remove()
        assert.equal("credentials", result[1].kind)
        assert_quiet(result)
      end)
    end
  end)

  describe("in a response", function()
    local CREDENTIALS = { access_key_id = "AKID", secret_access_key = MARK, session_token = TOKEN }

    it("that repeats the request is not shown", function()
      local message = ("The Canonical String should have been\n'POST\n/\nx-amz-security-token:%s\n' (%s)"):format(TOKEN, MARK)
      for _, body in ipairs {
        { __type = "InvalidSignatureException", message = message }, { __type = "UnknownError", Message = message },
      } do
        local stub = Stub.new { { status = 403, body = body } }
        local result = call { region = "eu-west-1", credentials = CREDENTIALS, transport = stub }
        assert.equal("service", result[1].kind)
        assert_quiet(result)
      end
    end)

    it("of the members that the call sent is not shown", function()
      local events = {}
      local oidc = cloudjobs.aws.sso_oidc {
        region = "eu-west-1", env = {}, logger = function(event)
          events[#events + 1] = event
        end,
        transport = Stub.new { { status = 400, body = {
          error = "invalid_grant", error_description = "code " .. MARK, message = "bad " .. MARK .. " " .. TOKEN,
        } } },
      }
      local _, err = oidc:create_token {
        clientId = "c", clientSecret = MARK, grantType = "authorization_code", code = MARK, refreshToken = TOKEN,
      }
      assert_quiet({ err, events })
    end)

    it("is not in an event for a member that holds one", function()
      local events = {}
      local ssm = cloudjobs.aws.ssm {
        region = "eu-west-1", env = {}, credentials = CREDENTIALS,
        transport = Stub.new { { body = { ActivationId = "a", ActivationCode = MARK } }, { body = { TokenValue = MARK } } },
        logger = function(event)
          events[#events + 1] = event
        end,
      }
      ssm:create_activation { IamRole = "r" }
      assert.is_true(#events > 3)
      assert_quiet(events)
    end)

    it("of a metadata service or a container's agent is not shown", function()
      local BODIES = { MARK, { AccessKeyId = "A", SecretAccessKey = MARK, Expiration = MARK }, { Code = MARK }, { SecretAccessKey = MARK } }
      for _, body in ipairs(BODIES) do
        for _, env in ipairs { {}, { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/c" } } do
          env.HOME = "/none"
          local stub = Stub.new { { body = body }, { body = body }, { body = body } }
          assert_quiet(call({ region = "eu-west-1", transport = stub }, env))
        end
      end
    end)
  end)

  describe("in a setting of Azure", function()
    local function azure(options, transport)
      options.transport = transport or Stub.new {}
      options.env = options.env or {}
      return failure(function()
        return cloudjobs.azure.credentials(options):get()
      end)
    end

    local PROOF = { tenant_id = "t", client_id = "c" }
    for _, name in ipairs {
      "certificate_path", "certificate", "federated_token_file", "authority", "tenant_id", "kind", "certificate_algorithm",
    } do
      it("is not shown of " .. name, function()
        for _, value in ipairs(VALUES) do
          local options = { client_secret = (name == "authority" or name == "tenant_id") and "s" or nil }
          for key, proof in pairs(PROOF) do
            options[key] = proof
          end
          options[name] = value
          assert_quiet(azure(options, Stub.new { { status = 400 }, { status = 400 } }), name)
        end
      end)
    end

    for _, variable in ipairs {
      "AZURE_AUTHORITY_HOST", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TOKEN_CREDENTIALS",
      "IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    } do
      it("is not shown of " .. variable, function()
        for _, value in ipairs(VALUES) do
          local env = { AZURE_TENANT_ID = "t", AZURE_CLIENT_ID = "c", IDENTITY_HEADER = MARK, [variable] = value }
          if variable:find("AUTHORITY_HOST") then
            env.AZURE_CLIENT_SECRET = MARK
          elseif variable:find("^I") or variable:find("POD") then
            env.AZURE_TOKEN_CREDENTIALS = "ManagedIdentityCredential"
          end
          assert_quiet(azure({ env = env }, Stub.new { { status = 400, body = { error_description = MARK } } }), variable)
        end
      end)
    end

    it("is not shown of what Entra repeats", function()
      for _, body in ipairs {
        { error = "invalid_client", error_description = "AADSTS7000215: secret " .. MARK .. " is wrong" }, { error = MARK },
        { access_token = "a b " .. MARK }, MARK,
      } do
        for _, status in ipairs { 200, 401 } do
          local options = { tenant_id = "t", client_id = "c", client_secret = MARK }
          assert_quiet(azure(options, Stub.new { { status = status, body = body } }))
        end
      end
    end)

    it("is not shown of az", function()
      for _, result in ipairs {
        { status = 0, stdout = MARK }, { status = 0, stdout = '{"accessToken":"a b ' .. MARK .. '"}' },
        { status = 1, stdout = MARK, stderr = "ERROR: the token " .. TOKEN .. " and key=" .. MARK },
      } do
        local cli = azure_cli.new {
          transport = Stub.new {}, run = function()
            return { status = result.status, stdout = result.stdout, stderr = result.stderr or "" }
          end,
        }
        assert_quiet({ select(2, cli:get("x")) })
      end
    end)

    it("is not shown of a client's options", function()
      for _, name in ipairs { "scope", "endpoint", "api_version", "client_type", "cloud", "proxy" } do
        for _, value in ipairs(VALUES) do
          local stub = Stub.new { { status = 400 } }
          stub.honours = { proxy = true }
          local options = {
            transport = stub, env = {}, credentials = { token = MARK },
            scope = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c",
          }
          options[name] = value
          assert_quiet(failure(function()
            return cloudjobs.azure.cost_exports(options):list()
          end), name)
        end
      end
    end)

    it("is not shown of an export's options", function()
      for _, name in ipairs {
        "name", "type", "schedule", "from", "timeframe", "granularity", "format", "compression", "storage", "container",
      } do
        for _, value in ipairs(VALUES) do
          local options = { name = "n", container = "costs", storage = "/subscriptions/s/x/storageAccounts/a", from = "2031-01-01" }
          options[name] = value
          assert_quiet(failure(function()
            return cloudjobs.azure.export(options)
          end), name)
        end
      end
      assert_quiet(failure(function()
        return cloudjobs.azure.export {
          name = "n", container = "costs", from = "2031-01-01", storage = "https://a.blob.core.windows.net/costs?sv=1&sig=" .. MARK,
        }
      end))
    end)
  end)

  it("is not in a printed object", function()
    local keys = { access_key_id = "AKID", secret_access_key = MARK, session_token = TOKEN }
    local client = cloudjobs.aws.ssm { region = "eu-west-1", env = {}, credentials = keys }
    local provider = cloudjobs.aws.credentials(keys)
    local tokens = cloudjobs.azure.credentials { token = TOKEN }
    for _, object in ipairs { client, provider, provider:get(), tokens, tokens:get() } do
      assert.is_nil(leak(tostring(object), MARK))
      assert.is_nil(leak(tostring(object), TOKEN))
    end
  end)
end)
