local Config = require "cloudjobs.aws.config"
local Default = require "cloudjobs.aws.credentials.default"
local Error = require "cloudjobs.base.error"
local Home = require "spec.support.home"
local Stub = require "cloudjobs.stub"

local EXPIRATION = 1893456000

local home

-- The chain over a home's files; `calls` keeps the API calls, which answer with keys named after the role.
local function chain(given)
  home = Home.new(given.files or {})
  local env = given.env or {}
  env.HOME = home.path
  local calls = {}
  local function api(service, operation, params, more)
    local call = { operation, params.RoleArn, params.ExternalId, params.DurationSeconds }
    calls[#calls + 1] = call
    if more and more.credentials then
      local identity, err = more.credentials:get()
      if not identity then
        return nil, err
      end
      call.by = identity.access_key_id
    end
    if given.fails then
      return nil, Error.new { kind = "service", code = "AccessDenied", message = "no", service = service }
    end
    local name = params.RoleArn:match("/(.*)$")
    return {
      Credentials = {
        AccessKeyId = "AK-" .. name, SecretAccessKey = "hush", SessionToken = "token", Expiration = EXPIRATION,
      },
      AssumedRoleUser = { Arn = "arn:aws:sts::123456789012:assumed-role/" .. name .. "/s" },
    }
  end
  local transport = Stub.new(given.answers, { time = 1767225600 })
  local world = { api = api, transport = transport, mfa = given.mfa }
  local options = { env = env, profile = given.profile }
  return Default.new(Config.new(options), world), calls, transport
end

local function get(given)
  if given.imds == nil then
    given.env = given.env or {}
    given.env.AWS_EC2_METADATA_DISABLED = "true"
  end
  local provider, calls, transport = chain(given)
  local identity, err = provider:get()
  return identity, err, calls, transport
end

local function profile(text)
  return { [".aws/config"] = text }
end

local KEYS = "aws_access_key_id = AK\naws_secret_access_key = hush\n"
local ENV = { AWS_ACCESS_KEY_ID = "AK-env", AWS_SECRET_ACCESS_KEY = "hush" }
local TOKEN_FILE = "web_identity_token_file = {HOME}/token\n"

local function env(more)
  local all = {}
  for _, part in ipairs { ENV, more or {} } do
    for name, value in pairs(part) do
      all[name] = value
    end
  end
  return all
end

describe("the default chain", function()
  after_each(function()
    home:remove()
  end)

  -- Each place is taken away in turn: the next one answers.
  it("asks in botocore's order", function()
    local text = {
      "[default]\n", "role_arn = arn:aws:iam::1:role/R\nsource_profile = s\n",
      TOKEN_FILE .. "role_arn = arn:aws:iam::1:role/W\n",
      "credential_process = printf '" .. '{"Version":1,"AccessKeyId":"AK-process","SecretAccessKey":"hush"}' .. "'\n",
      "aws_access_key_id = AK-config\naws_secret_access_key = hush\n",
    }
    local given = {
      env = env { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/c" },
      files = {
        [".aws/credentials"] = "[default]\naws_access_key_id = AK-credentials\naws_secret_access_key = hush\n[s]\n" .. KEYS,
        token = "jwt",
      },
      answers = { { body = { AccessKeyId = "AK-container", SecretAccessKey = "hush", Token = "t" } } },
    }
    local function source_with(...)
      local parts = { text[1] }
      for _, i in ipairs { ... } do
        parts[#parts + 1] = text[i]
      end
      given.files[".aws/config"] = table.concat(parts)
      local identity, err = get(given)
      home:remove()
      return identity and identity.source .. " " .. identity.access_key_id or tostring(err)
    end
    assert.equal("env AK-env", source_with(2, 4, 5))
    given.env.AWS_ACCESS_KEY_ID = nil
    assert.equal("assume-role AK-R", source_with(2, 4, 5))
    assert.equal("assume-role-with-web-identity AK-W", source_with(3, 4, 5))
    assert.equal("shared-credentials-file AK-credentials", source_with(4, 5))
    given.files[".aws/credentials"] = "[s]\n" .. KEYS
    assert.equal("custom-process AK-process", source_with(4, 5))
    assert.equal("config-file AK-config", source_with(5))
    assert.equal("container-role AK-container", source_with())
  end)

  it("reads nothing before it is asked", function()
    local provider = chain { env = env(), profile = nil, files = profile "broken" }
    assert.is_truthy(provider)
  end)

  it("refuses a profile that does not exist, even with keys in the environment", function()
    local identity, err = get { env = env { AWS_PROFILE = "none" } }
    assert.is_nil(identity)
    assert.equal("config", err.kind)
    assert.matches('profile "none" is neither in ', err.message, 1, true)
  end)

  it("names the remedy, and in the cause each provider and its reason", function()
    local identity, err = get { files = profile "[default]\nregion = x" }
    assert.is_nil(identity)
    assert.equal("credentials", err.kind)
    local path = home.path .. "/.aws/"
    assert.equal("none: no AWS credentials were found. Pass credentials, set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run aws configure",
      tostring(err))
    assert.equal("tried env: AWS_ACCESS_KEY_ID is not set; "
      .. 'assume-role: profile "default" has no role_arn; '
      .. "assume-role-with-web-identity: neither AWS_WEB_IDENTITY_TOKEN_FILE nor web_identity_token_file of profile "
      .. '"default" is set; sso: profile "default" has neither sso_role_name nor sso_account_id; '
      .. "shared-credentials-file: " .. path .. 'credentials has no profile "default"; '
      .. 'login: profile "default" has no login_session; '
      .. 'custom-process: profile "default" has no credential_process; '
      .. 'config-file: profile "default" in ' .. path .. "config has no aws_access_key_id; ec2-credentials-file: AWS_CREDENTIAL_FILE is not set; "
      .. "container-role: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set; "
      .. "iam-role: AWS_EC2_METADATA_DISABLED is true", err.cause.message)
  end)

  it("leaves the environment's keys out for a profile named in code, not for one named in the environment", function()
    local text = "[profile p]\naws_access_key_id = AK-p\naws_secret_access_key = hush"
    assert.equal("AK-p", get({ env = env(), profile = "p", files = profile(text) }).access_key_id)
    home:remove()
    assert.equal("AK-env", get({ env = env { AWS_PROFILE = "p" }, files = profile(text) }).access_key_id)
  end)

  it("leaves the environment's web identity out for a profile named in code", function()
    local identity = get {
      env = { AWS_WEB_IDENTITY_TOKEN_FILE = "/none", AWS_ROLE_ARN = "arn:aws:iam::1:role/E" },
      profile = "p", files = profile("[profile p]\n" .. KEYS),
    }
    assert.equal("AK", identity.access_key_id)
  end)

  it("stops at a place that is set up and fails", function()
    local identity, err = get {
      env = { AWS_ACCESS_KEY_ID = "AK" }, files = profile("[default]\n" .. KEYS),
    }
    assert.is_nil(identity)
    assert.equal("AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not", err.message)
  end)

  it("reads the files again at each search", function()
    local provider = chain { files = profile("[default]\n" .. KEYS) }
    assert.equal("AK", provider:get().access_key_id)
    home:write(".aws/config", "[default]\naws_access_key_id = NEW\naws_secret_access_key = hush")
    assert.equal("NEW", provider:get().access_key_id)
  end)

  it("names a profile that signs in by login_session", function()
    local identity, err = get { files = profile "[default]\nlogin_session = arn:aws:iam::1:user/u" }
    assert.is_nil(identity)
    assert.equal('profile "default" signs in by login_session, which cloudjobs does not support', err.message)
    assert.matches("aws configure export-credentials", err.hint, 1, true)
  end)

  describe("of a profile's keys", function()
    it("takes aws_security_token before aws_session_token, and the account", function()
      assert.same({
        access_key_id = "AK", secret_access_key = "hush", session_token = "old", account_id = "1", source = "config-file",
      }, (get { files = profile("[default]\n" .. KEYS
        .. "aws_session_token = new\naws_security_token = old\naws_account_id = 1") }))
    end)

    it("refuses an id without a secret", function()
      local identity, err = get { files = { [".aws/credentials"] = "[default]\naws_access_key_id = AK" } }
      assert.is_nil(identity)
      assert.equal(('profile "default" in %s/.aws/credentials has aws_access_key_id but no aws_secret_access_key'):format(
        home.path), err.message)
    end)
  end)

  describe("of AWS_CREDENTIAL_FILE", function()
    local function key_file(text)
      return get { env = { AWS_CREDENTIAL_FILE = "~/keys" }, files = { keys = text } }
    end

    it("takes the two lines", function()
      assert.same({ access_key_id = "AK", secret_access_key = "h=sh", source = "ec2-credentials-file" },
        (key_file "AWSAccessKeyId = AK\nAWSSecretKey=h=sh\n"))
    end)

    it("refuses one of the two, and a file that is not there", function()
      local _, err = key_file "AWSAccessKeyId=AK\n"
      assert.equal("~/keys has AWSAccessKeyId but no AWSSecretKey", err.message)
      home:remove()
      _, err = get { env = { AWS_CREDENTIAL_FILE = "/nowhere/keys" } }
      assert.matches("AWS_CREDENTIAL_FILE: /nowhere/keys: No such file", err.message, 1, true)
    end)
  end)

  describe("of a role", function()
    local function role(text)
      return { files = { [".aws/config"] = "[default]\n" .. text } }
    end

    it("asks with the source profile's keys", function()
      local identity, _, calls = get(role("role_arn = arn:aws:iam::1:role/R\nsource_profile = s\nexternal_id = x\n"
        .. "duration_seconds = 1800\n[profile s]\n" .. KEYS))
      assert.same({
        access_key_id = "AK-R", secret_access_key = "hush", session_token = "token", account_id = "123456789012",
        expiration = EXPIRATION, source = "assume-role",
      }, identity)
      assert.same({ { "assume_role", "arn:aws:iam::1:role/R", "x", 1800, by = "AK" } }, calls)
    end)

    it("follows a chain of roles", function()
      local identity, _, calls = get(role("role_arn = arn:aws:iam::1:role/C\nsource_profile = b\n"
        .. "[profile b]\nrole_arn = arn:aws:iam::1:role/B\nsource_profile = a\n[profile a]\n" .. KEYS))
      assert.equal("AK-C", identity.access_key_id)
      assert.same({ "AK-B", "AK" }, { calls[1].by, calls[2].by })
    end)

    it("may name itself when it has keys, which are then the source", function()
      local _, _, calls = get(role("role_arn = arn:aws:iam::1:role/R\nsource_profile = default\n" .. KEYS))
      assert.same({ { "assume_role", "arn:aws:iam::1:role/R", by = "AK" } }, calls)
    end)

    it("takes a source profile's keys before its role", function()
      local _, _, calls = get(role("role_arn = arn:aws:iam::1:role/R\nsource_profile = s\n"
        .. "[profile s]\nrole_arn = arn:aws:iam::1:role/S\nsource_profile = x\n" .. KEYS))
      assert.same({ { "assume_role", "arn:aws:iam::1:role/R", by = "AK" } }, calls)
    end)

    it("takes any other source the profile has, the environment's left out", function()
      local given = role("role_arn = arn:aws:iam::1:role/R\nsource_profile = s\n[profile s]\n"
        .. TOKEN_FILE .. "role_arn = arn:aws:iam::1:role/W")
      given.files.token = "jwt"
      given.env = { AWS_ROLE_ARN = "arn:aws:iam::1:role/E" }
      local _, _, calls = get(given)
      assert.equal("AK-W", calls[1].by)
    end)

    it("asks with the environment's keys", function()
      local given = role("role_arn = arn:aws:iam::1:role/R\ncredential_source = Environment")
      given.env, given.profile = env(), "default"
      local _, _, calls = get(given)
      assert.equal("AK-env", calls[1].by)
    end)

    it("asks with the container's keys", function()
      local given = role("role_arn = arn:aws:iam::1:role/R\ncredential_source = EcsContainer")
      given.env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/c" }
      given.answers = { { body = { AccessKeyId = "AK-container", SecretAccessKey = "hush", Token = "t" } } }
      local _, _, calls = get(given)
      assert.equal("AK-container", calls[1].by)
    end)

    it("has a session name of its own unless given one, and leaves out a duration that is no number", function()
      local _, _, calls = get(role("role_arn = arn:aws:iam::1:role/R\nsource_profile = default\nduration_seconds = x\n"
        .. KEYS))
      assert.is_nil(calls[1][4])
    end)

    it("asks the callback for the code of an MFA device", function()
      local asked
      local given = role("role_arn = arn:aws:iam::1:role/R\nsource_profile = default\nmfa_serial = arn:mfa\n" .. KEYS)
      given.mfa = function(serial)
        asked = serial
        return "123456"
      end
      assert.is_truthy(get(given))
      assert.equal("arn:mfa", asked)
    end)

    local ROLE = "role_arn = arn:aws:iam::1:role/R\n"
    local mistakes = {
      { ROLE .. "source_profile = s\ncredential_source = Environment",
        'profile "default" has both source_profile and credential_source; remove one' },
      { ROLE, 'profile "default" has role_arn but neither source_profile nor credential_source' },
      { ROLE .. "source_profile = none", 'profile "default": source_profile = none does not exist' },
      { ROLE .. "source_profile = default", 'profile "default": source_profile = default leads in a circle' },
      { ROLE .. "source_profile = b\n[profile b]\n" .. ROLE .. "source_profile = default",
        'profile "b": source_profile = default leads in a circle' },
      { ROLE .. "source_profile = s\n[profile s]\nregion = x", 'profile "default": source_profile = s has no credentials' },
      { ROLE .. "credential_source = environment",
        'profile "default": credential_source = environment is not one of Environment, EcsContainer, Ec2InstanceMetadata' },
      { ROLE .. "credential_source = Environment",
        'profile "default": credential_source = Environment gives no keys: env: AWS_ACCESS_KEY_ID is not set' },
      { ROLE .. "source_profile = default\nmfa_serial = arn:mfa\n" .. KEYS,
        "arn:aws:iam::1:role/R needs a code of the MFA device arn:mfa" },
    }
    for _, case in ipairs(mistakes) do
      it("is refused with " .. case[2], function()
        local identity, err = get(role(case[1]))
        assert.is_nil(identity)
        assert.matches(case[2], tostring(err), 1, true)
        assert.not_matches("hush", tostring(err), 1, true)
      end)
    end

    it("that cannot be assumed is an error with its cause, and no other provider is used", function()
      local given = role(ROLE .. "source_profile = default\n" .. KEYS)
      given.fails = true
      local identity, err = get(given)
      assert.is_nil(identity)
      assert.equal("arn:aws:iam::1:role/R cannot be assumed: sts: AccessDenied: no", err.message)
      assert.equal("AccessDenied", err.cause.code)
    end)
  end)

  describe("of a web identity", function()
    local WEB = TOKEN_FILE .. "role_arn = arn:aws:iam::1:role/W\n"

    it("takes each setting from the environment before the profile", function()
      local _, _, calls = get {
        files = { [".aws/config"] = "[default]\n" .. WEB, token = "jwt\n" },
        env = { AWS_ROLE_ARN = "arn:aws:iam::1:role/E", AWS_ROLE_SESSION_NAME = "name" },
      }
      assert.same({ { "assume_role_with_web_identity", "arn:aws:iam::1:role/E" } }, calls)
    end)

    it("needs a role", function()
      local identity, err = get { files = { [".aws/config"] = "[default]\n" .. TOKEN_FILE, token = "jwt" } }
      assert.is_nil(identity)
      assert.equal("a web identity token file is set but no role", err.message)
    end)

    it("needs the file", function()
      local identity, err = get { files = profile("[default]\n" .. WEB) }
      assert.is_nil(identity)
      assert.matches("the web identity token cannot be read: .*/token: No such file", err.message)
    end)

    it("refuses a file that is far too large", function()
      local identity, err = get { files = { [".aws/config"] = "[default]\n" .. WEB, token = ("x"):rep(300000) } }
      assert.is_nil(identity)
      assert.matches("expected at most 262144 bytes", err.message, 1, true)
    end)
  end)

  describe("of a credential process", function()
    -- Prints `text`, a file in the home, for a start.
    local function process(output, command)
      return get {
        files = {
          [".aws/config"] = "[default]\naws_account_id = 1\ncredential_process = " .. (command or "cat '{HOME}/out file'"),
          ["out file"] = output,
        },
      }
    end

    it("takes what it prints", function()
      assert.same({
        access_key_id = "AK", secret_access_key = "hush", session_token = "t", account_id = "2",
        expiration = EXPIRATION, source = "custom-process",
      }, (process('{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"hush","SessionToken":"t","AccountId":"2",'
        .. '"Expiration":"2030-01-01T00:00:00Z"}')))
    end)

    it("needs no expiration, token or account: the profile's is taken", function()
      assert.same({ access_key_id = "AK", secret_access_key = "hush", account_id = "1", source = "custom-process" },
        (process '{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"hush"}'))
    end)

    it("runs it without a shell", function()
      local _, err = process("", "echo ; touch {HOME}/b")
      assert.is_truthy(err)
      assert.is_nil(home:read("b"))
    end)

    it("gives it the environment and the terminal, and ends it at its deadline", function()
      local os_module = require "cloudjobs.os"
      local run, seen = os_module.run, nil
      os_module.run = function(arguments, options)
        seen = { arguments, options.timeout, options.terminal, options.env.HOME }
        return nil, "timeout", "it took too long"
      end
      local _, err = process("", "prog 'a b'")
      os_module.run = run
      assert.same({ { "prog", "a b" }, 60, true, home.path }, seen)
      assert.matches("did not end within 60 s", err.message, 1, true)
    end)

    it("ends it after process_timeout, which the error names", function()
      home = Home.new { [".aws/config"] = "[default]\ncredential_process = sleep 60" }
      local provider = require("cloudjobs").aws.credentials {
        env = { HOME = home.path, PATH = os.getenv("PATH") }, process_timeout = 0.05, transport = Stub.new {},
      }
      local _, err = provider:get()
      assert.matches("credential_process did not end within 0.05 s", err.message, 1, true)
      assert.matches("process_timeout = seconds", err.hint, 1, true)
      assert.error_matches(function()
        require("cloudjobs").aws.credentials { process_timeout = 0 }
      end, "option process_timeout: expected seconds above 0")
    end)

    local KEY = '"AccessKeyId":"AK","SecretAccessKey":"hush"'
    local mistakes = {
      { "{" .. KEY .. "}", "printed no Version, or one that is not 1" },
      { '{"Version":2,' .. KEY .. "}", "printed no Version, or one that is not 1" },
      { '{"Version":1,"AccessKeyId":"AK"}', "printed no keys: expected SecretAccessKey in the answer" },
      { '{"Version":1,' .. KEY .. ',"Expiration":"soon"}', "printed no keys: Expiration: " },
      { '{"Version":1,' .. KEY .. ',"Expiration":7}', "printed no keys: Expiration: " },
      { '{"Version":1,' .. KEY, "printed no keys: expected a JSON object" },
      { "<html>hush</html>", "printed no keys: expected a JSON object" },
      { ("hush"):rep(20000), "printed more than 65536 bytes" },
      { "", "ended with status 3", "sh -c 'echo hush; echo hush >&2; exit 3'" },
      { "", "was ended by signal 9", "sh -c 'kill -9 $$'" },
      { "", "cannot be run: cannot run /nowhere/at/all: No such file", "/nowhere/at/all hush" },
      { "", "cannot be split into words: a quote is not closed", "echo 'hush" },
      { "", "names no program", "''" },
    }
    for _, case in ipairs(mistakes) do
      it("is refused when it " .. case[2], function()
        local identity, err = process(case[1], case[3])
        assert.is_nil(identity)
        assert.matches('profile "default": credential_process ' .. case[2], err.message, 1, true)
        assert.not_matches("hush", tostring(err), 1, true)
      end)
    end
  end)
end)
