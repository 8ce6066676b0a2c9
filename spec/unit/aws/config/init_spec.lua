local Config = require "cloudjobs.aws.config"
local Home = require "spec.support.home"

describe("a setting", function()
  it("is the option before the environment", function()
    assert.equal("eu-west-1", Config.new({ region = "eu-west-1", env = { AWS_REGION = "us-east-1" } }):get("region"))
  end)

  it("takes AWS_REGION before AWS_DEFAULT_REGION", function()
    assert.equal("a", Config.new({ env = { AWS_REGION = "a", AWS_DEFAULT_REGION = "b" } }):get("region"))
    assert.equal("b", Config.new({ env = { AWS_DEFAULT_REGION = "b" } }):get("region"))
  end)

  it("counts an empty variable as unset", function()
    assert.equal("b", Config.new({ env = { AWS_REGION = "", AWS_DEFAULT_REGION = "b" } }):get("region"))
  end)

  it("comes from the process environment unless another is given", function()
    assert.equal(os.getenv("PATH"), Config.new({}):getenv("PATH"))
    assert.is_nil(Config.new({ env = {} }):getenv("PATH"))
  end)

  local typed = {
    { "max_attempts", "AWS_MAX_ATTEMPTS", "5", 5 },
    { "retry_mode", "AWS_RETRY_MODE", "Adaptive", "adaptive" },
    { "use_fips", "AWS_USE_FIPS_ENDPOINT", "True", true },
    { "use_fips", "AWS_USE_FIPS_ENDPOINT", "yes", false },
    { "use_dualstack", "AWS_USE_DUALSTACK_ENDPOINT", "true", true },
    { "ca_bundle", "AWS_CA_BUNDLE", "/ca.pem", "/ca.pem" },
    { "app_id", "AWS_SDK_UA_APP_ID", "nightly", "nightly" },
    { "metadata_disabled", "AWS_EC2_METADATA_DISABLED", "TRUE", true },
    { "metadata_disabled", "AWS_EC2_METADATA_DISABLED", "1", false },
    { "metadata_timeout", "AWS_METADATA_SERVICE_TIMEOUT", "0.5", 0.5 },
  }
  for _, case in ipairs(typed) do
    it(("%s is %s for %s=%s"):format(case[1], tostring(case[4]), case[2], case[3]), function()
      assert.equal(case[4], Config.new({ env = { [case[2]] = case[3] } }):get(case[1]))
    end)
  end

  it("has a default, or is nil without an error", function()
    local config = Config.new { env = {} }
    assert.same({ "standard" }, { config:get("retry_mode") })
    assert.same({ 1 }, { config:get("metadata_timeout") })
    assert.same({}, { config:get("max_attempts") })
  end)

  local mistakes = {
    { "max_attempts", { AWS_MAX_ATTEMPTS = "many" }, 'AWS_MAX_ATTEMPTS: expected a whole number from 1, got "many"' },
    { "max_attempts", { AWS_MAX_ATTEMPTS = "0" }, "AWS_MAX_ATTEMPTS: expected a whole number from 1" },
    { "retry_mode", { AWS_RETRY_MODE = "x" }, "AWS_RETRY_MODE: expected one of standard, adaptive, legacy" },
    { "metadata_endpoint_mode", { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "ipv5" }, "expected one of ipv4, ipv6" },
    { "metadata_timeout", { AWS_METADATA_SERVICE_TIMEOUT = "-1" }, "expected a number of seconds" },
  }
  for _, case in ipairs(mistakes) do
    it("is refused with " .. case[3], function()
      local value, err = Config.new({ env = case[2] }):get(case[1])
      assert.is_nil(value)
      assert.equal("config", err.kind)
      assert.matches(case[3], tostring(err), 1, true)
    end)
  end
end)

describe("with shared files", function()
  local home

  before_each(function()
    home = Home.new {
      [".aws/config"] = [[
[default]
region = from-default
max_attempts = 7
[profile dev]
region = from-dev
use_fips_endpoint = true
ec2_metadata_service_endpoint =
[profile both]
region = from-config
aws_access_key_id = CONFIG
output = json
]],
      [".aws/credentials"] = [[
[both]
aws_access_key_id = CREDENTIALS
[only]
region = from-credentials
]],
    }
  end)

  after_each(function()
    home:remove()
  end)

  local function config(options, env)
    options = options or {}
    options.env = env or {}
    options.env.HOME = options.env.HOME or home.path
    return Config.new(options)
  end

  it("a setting comes from the environment before the profile", function()
    assert.equal("from-default", config():get("region"))
    assert.equal(7, config():get("max_attempts"))
    assert.equal("x", config(nil, { AWS_REGION = "x" }):get("region"))
  end)

  it("a profile is the option, then AWS_PROFILE, then AWS_DEFAULT_PROFILE, then default", function()
    local env = { AWS_DEFAULT_PROFILE = "both" }
    assert.same({ "default", false }, { config():profile_name() })
    assert.same({ "both", false }, { config(nil, env):profile_name() })
    env.AWS_PROFILE = "dev"
    assert.same({ "dev", false }, { config(nil, env):profile_name() })
    assert.equal("from-dev", config(nil, env):get("region"))
    assert.same({ "only", true }, { config({ profile = "only" }, env):profile_name() })
    assert.equal("from-credentials", config({ profile = "only" }, env):get("region"))
  end)

  it("a profile has nothing of default", function()
    assert.is_nil(config({ profile = "dev" }):get("max_attempts"))
  end)

  it("an empty key is unset", function()
    assert.same({}, { config({ profile = "dev" }):get("metadata_endpoint") })
  end)

  it("a profile in both files is merged key by key, the credentials file first", function()
    assert.same({ region = "from-config", aws_access_key_id = "CREDENTIALS", output = "json" }, config():profile("both"))
    assert.same({ aws_access_key_id = "CREDENTIALS" }, (config():profile_in("credentials", "both")))
  end)

  it("a named profile that does not exist is an error, a missing default is not", function()
    for _, case in ipairs { { { profile = "dec" } }, { {}, { AWS_PROFILE = "dec" } } } do
      local value, err = config(case[1], case[2]):get("region")
      assert.is_nil(value)
      assert.equal("config", err.kind)
      assert.equal(('profile "dec" is neither in %s/.aws/config nor in %s/.aws/credentials (did you mean dev?)'):format(
        home.path, home.path), err.message)
    end
    home:write(".aws/config", "")
    assert.same({}, { config():get("region") })
  end)

  it("the files may lie elsewhere, by ~ and variables", function()
    home:write("x/config", "[default]\nregion = elsewhere")
    home:write("x/credentials", "[default]\naws_access_key_id = ELSEWHERE")
    local env = {
      AWS_CONFIG_FILE = "$WHERE/config", AWS_SHARED_CREDENTIALS_FILE = "~/${DIR}/credentials",
      WHERE = home.path .. "/x", DIR = "x",
    }
    assert.same({ region = "elsewhere", aws_access_key_id = "ELSEWHERE" }, config(nil, env):profile("default"))
    assert.equal("$UNSET/${UNSET}/~", config():expand("$UNSET/${UNSET}/~"))
    assert.equal("~other/x", config():expand("~other/x"))
  end)

  it("nothing is read before a setting needs it, and once then", function()
    home:write(".aws/config", "broken")
    local settings = config { region = "given" }
    assert.equal("given", settings:get("region"))
    home:write(".aws/config", "[default]\nca_bundle = /1.pem")
    assert.equal("/1.pem", settings:get("ca_bundle"))
    home:write(".aws/config", "[default]\nca_bundle = /2.pem")
    assert.equal("/1.pem", settings:get("ca_bundle"))
    settings:forget()
    assert.equal("/2.pem", settings:get("ca_bundle"))
  end)

  it("a file that cannot be understood is an error that names it", function()
    home:write(".aws/credentials", "[default]\nbroken")
    local value, err = config():get("region")
    assert.is_nil(value)
    assert.equal("config", err.kind)
    assert.matches(home.path .. "/.aws/credentials: line 2: ", tostring(err), 1, true)
  end)

  it("a value that cannot be understood names profile and key", function()
    home:write(".aws/config", "[profile p]\nmax_attempts = none")
    local _, err = config({ profile = "p" }):get("max_attempts")
    assert.equal('profile "p": max_attempts: expected a whole number from 1, got "none"', err.message)
  end)

  it("without a home there are no files", function()
    assert.same({}, { Config.new({ env = {} }):get("region") })
  end)

  it("an sso-session is found by its name", function()
    home:write(".aws/config", "[sso-session corp]\nsso_region = us-west-2")
    assert.same({ sso_region = "us-west-2" }, config():sso_session("corp"))
    assert.is_nil(config():sso_session("none"))
  end)

  describe("an endpoint URL", function()
    local FILE = [[
[default]
services = lab
endpoint_url = http://profile:1
[services lab]
bcm_data_exports =
  endpoint_url = http://section:1
s3 =
  endpoint_url = http://other:1
]]
    local SERVICE, GLOBAL = "AWS_ENDPOINT_URL_BCM_DATA_EXPORTS", "AWS_ENDPOINT_URL"
    local IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
    local cases = {
      { "in code wins", { endpoint = "http://code:1" }, { [SERVICE] = "http://e:1", [IGNORE] = "true" },
        { "http://code:1", "endpoint" } },
      { "of the service's variable comes next", {}, { [SERVICE] = "http://e:1", [GLOBAL] = "http://e:2" },
        { "http://e:1", SERVICE } },
      { "of the global variable beats the file's service value", {}, { [GLOBAL] = "http://e:2" },
        { "http://e:2", GLOBAL } },
      { "of the services section beats the profile's", {}, {},
        { "http://section:1", "[services lab]: bcm_data_exports: endpoint_url" } },
      { "is ignored by code", { ignore_configured_endpoint_urls = true }, { [GLOBAL] = "http://e:2" }, {} },
      { "is ignored by the environment", {}, { [GLOBAL] = "http://e:2", [IGNORE] = "TRUE" }, {} },
      { "is not ignored when code says so", { ignore_configured_endpoint_urls = false },
        { [GLOBAL] = "http://e:2", [IGNORE] = "true" }, { "http://e:2", GLOBAL } },
    }
    for _, case in ipairs(cases) do
      it(case[1], function()
        home:write(".aws/config", FILE)
        assert.same(case[4], { config(case[2], case[3]):endpoint_url("BCM Data Exports") })
      end)
    end

    it("of the profile comes last", function()
      home:write(".aws/config", FILE)
      assert.same({ "http://profile:1", 'profile "default": endpoint_url' }, { config():endpoint_url("SSM") })
    end)

    it("is ignored by the profile", function()
      home:write(".aws/config", FILE:gsub("%[default%]", "%0\nignore_configured_endpoint_urls = true"))
      assert.same({}, { config():endpoint_url("SSM") })
    end)

    it("of a services section that does not exist is an error", function()
      home:write(".aws/config", "[default]\nservices = none")
      local url, err = config():endpoint_url("SSM")
      assert.is_nil(url)
      assert.matches('profile "default": services = none, but ', tostring(err), 1, true)
      assert.matches("has no section [services none]", tostring(err), 1, true)
    end)

    it("is nil alone when there is none", function()
      assert.same({}, { config():endpoint_url("SSM") })
    end)
  end)
end)

describe("a shared file that cannot be read", function()
  local home

  before_each(function()
    home = Home.new { [".aws/credentials"] = "[default]\naws_access_key_id = AKID\naws_secret_access_key = hush" }
    assert(os.execute("mkdir -p " .. home.path .. "/.aws/config"))
  end)

  after_each(function()
    home:remove()
  end)

  local function config(options, env)
    options = options or {}
    options.env = env or {}
    options.env.HOME = home.path
    return Config.new(options)
  end

  it("counts as none where a setting is given elsewhere, or has a default", function()
    assert.equal("eu-west-1", config({ region = "eu-west-1" }):get("region"))
    assert.equal("standard", config():get("retry_mode"))
    assert.same({}, { config():endpoint_url("SSM") })
    assert.same({}, { config():get("region") })
  end)

  it("is named where a profile was needed that only it could have", function()
    local profile, err = config({ profile = "dev" }):current_profile()
    assert.is_nil(profile)
    assert.equal(home.path .. "/.aws/config cannot be read: Is a directory", err.hint)
  end)

  it("is named where no region was found", function()
    local client = require("cloudjobs").aws.ssm { env = { HOME = home.path }, transport = require("cloudjobs.stub").new {} }
    local output, err = client:list_commands()
    assert.is_nil(output)
    assert.equal("no region: " .. home.path .. "/.aws/config cannot be read: Is a directory", err.message)
  end)

  it("hinders no call whose region, endpoint and keys are given", function()
    local stub = require("cloudjobs.stub").new { { body = { Commands = {} } } }
    assert(require("cloudjobs").aws.ssm {
      env = { HOME = home.path, AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "hush" },
      region = "eu-west-1", transport = stub,
    }:list_commands())
  end)
end)

describe("a value that an indented line continues", function()
  local home

  after_each(function()
    home:remove()
  end)

  local function message(key, read)
    home = Home.new {
      [".aws/config"] = ("[profile b]\n%s = eu-central-1\n  aws_access_key_id = AKID\n  aws_secret_access_key = hush"):format(key),
    }
    local value, err = read(Config.new { profile = "b", env = { HOME = home.path } })
    assert.is_nil(value)
    assert.not_matches("hush", tostring(err), 1, true)
    return (err.message:gsub(home.path, "~"))
  end

  for _, case in ipairs {
    { "region", "region" }, { "retry_mode", "retry_mode" }, { "ca_bundle", "ca_bundle" }, { "sdk_ua_app_id", "app_id" },
  } do
    it("is refused as " .. case[1], function()
      assert.equal(('profile "b": %s: expected one line, got "eu-central-1" and more lines; in ~/.aws/config '
        .. "line 3 is indented: it continues line 2"):format(case[1]), message(case[1], function(config)
        return config:get(case[2])
      end))
    end)
  end

  for _, key in ipairs { "endpoint_url", "services" } do
    it("is refused as " .. key, function()
      assert.matches('profile "b": ' .. key .. ': expected one line, got "eu-central-1" and more lines; in ~/.aws/config line 3',
        message(key, function(config)
          return config:endpoint_url("SSM")
        end), 1, true)
    end)
  end

  for _, key in ipairs {
    "role_arn", "source_profile", "sso_session", "sso_account_id", "web_identity_token_file", "aws_access_key_id",
  } do
    it("is refused as " .. key, function()
      assert.matches('profile "b": ' .. key .. ': expected one line, got "eu-central-1" and more lines; in ~/.aws/config line 3',
        message(key, function(config)
          local world = { transport = require("cloudjobs.stub").new {} }
          return require("cloudjobs.aws.credentials.default").new(config, world):get()
        end), 1, true)
    end)
  end
end)

describe("a profile under another kind of section", function()
  local home

  after_each(function()
    home:remove()
  end)

  local function message(files, name)
    home = Home.new(files)
    local profile, err = Config.new({ profile = name, env = { HOME = home.path } }):current_profile()
    assert.is_nil(profile)
    return (err.message:gsub(home.path, "~"))
  end

  it("is named with what to write", function()
    local NEITHER = 'profile "%s" is neither in ~/.aws/config nor in ~/.aws/credentials '
    assert.equal(NEITHER:format("b") .. "(~/.aws/config has a section [b]: write [profile b] there)",
      message({ [".aws/config"] = "[b]\nregion = x" }, "b"))
    assert.equal(NEITHER:format("a b") .. '(~/.aws/config has a section [a b]: write [profile "a b"] there)',
      message({ [".aws/config"] = "[a b]\nregion = x" }, "a b"))
    assert.equal(NEITHER:format("b") .. "(~/.aws/credentials has a section [profile b]: write [b] there)",
      message({ [".aws/credentials"] = "[profile b]\nregion = x" }, "b"))
  end)
end)

describe("the certificates to trust", function()
  it("are those of AWS_CA_BUNDLE, else of the profile, else of REQUESTS_CA_BUNDLE", function()
    local home = Home.new { [".aws/config"] = "[profile b]\nca_bundle = /profile.pem" }
    local env = { HOME = home.path, AWS_CA_BUNDLE = "/aws.pem", REQUESTS_CA_BUNDLE = "/requests.pem" }
    assert.equal("/option.pem", Config.new({ env = env, ca_bundle = "/option.pem" }):get("ca_bundle"))
    assert.equal("/aws.pem", Config.new({ env = env }):get("ca_bundle"))
    env.AWS_CA_BUNDLE = ""
    assert.equal("/requests.pem", Config.new({ env = env }):get("ca_bundle"))
    assert.equal("/profile.pem", Config.new({ env = env, profile = "b" }):get("ca_bundle"))
    home:remove()
  end)
end)
