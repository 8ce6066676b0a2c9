--- The published cases of configuration, credentials, times and retries: botocore's own tests, as data.

local Config = require "cloudjobs.aws.config"
local ConfigFile = require "cloudjobs.aws.config.file"
local Error = require "cloudjobs.base.error"
local Home = require "spec.support.home"
local Standard = require "cloudjobs.aws.retry.standard"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local conformance = require "spec.support.conformance"
local core = require "cloudjobs.core"

-- Where we follow the other AWS SDKs, or refuse what botocore passes over; by a pattern of the case's id.
local DIFFERENT = {}

local home

local function here(value)
  if type(value) == "string" then
    return (value:gsub("{HOME}", function()
      return home.path
    end))
  elseif type(value) == "table" then
    local copy = {}
    for key, item in pairs(value) do
      copy[key] = here(item)
    end
    return copy
  end
  return value
end

local function null_to_nil(value)
  if value ~= core.null then
    return value
  end
end

local function environment(case)
  local env = here(case.env or {})
  env.HOME = home.path
  if case.imds == false then
    env.AWS_EC2_METADATA_DISABLED = "true"
  end
  return env
end

-- A transport with scripted responses: each reply once, anything else an empty 404.
local function scripted(replies)
  local stub = Stub.new({}, { time = 1780000000 })
  local used = {}
  local function matches(reply, request)
    local url = here(reply.url)
    return reply.method == request.method
      and (request.url == url or (reply.url_prefix and request.url:sub(1, #url) == url))
      and (not reply.body_contains or (request.body or ""):find(reply.body_contains, 1, true))
  end
  stub.send = function(self, request)
    self.requests[#self.requests + 1] = request
    for i, reply in ipairs(replies or {}) do
      if not used[i] and matches(reply, request) then
        used[i] = true
        local headers = {}
        for name, value in pairs(reply.response.headers or {}) do
          headers[name:lower()] = value
        end
        return { status = reply.response.status, headers = headers, body = here(reply.response.body or "") }
      end
    end
    return { status = 404, headers = {}, body = "" }
  end
  return stub
end

local function decode_form(body)
  local form = {}
  for name, value in (body or ""):gmatch("([^&=]+)=([^&]*)") do
    form[name] = value:gsub("+", " "):gsub("%%(%x%x)", function(hex)
      return string.char(tonumber(hex, 16))
    end)
  end
  return form
end

local function check_request(expected, request)
  assert.equal(expected.method, request.method)
  assert.equal(here(expected.url), request.url)
  for name, value in pairs(expected.headers or {}) do
    local got = request.headers[name:lower()]
    assert.is_truthy(got, name)
    local prefix = value:match("^(.*)%.%.%.$")
    assert.equal(prefix or value, prefix and got:sub(1, #prefix) or got)
  end
  if expected.form then
    local form = decode_form(request.body)
    for name, value in pairs(expected.form) do
      if value == "(generated)" then
        assert.is_truthy(form[name], name)
        form[name] = value
      end
    end
    assert.same(expected.form, form)
  end
end

local RUN = {}

function RUN.credentials(case)
  home = Home.new(case.files)
  local stub = scripted(case.http)
  local provider = cloudjobs.aws.credentials {
    env = environment(case), profile = case.profile, region = case.region, transport = stub,
  }
  local identity, err = provider:get()
  local expect = case.expect
  if expect.error then
    assert.is_nil(identity)
    assert.is_true(Error.is(err))
    return
  elseif null_to_nil(expect.provider) == nil then
    assert.is_nil(identity)
    assert.equal("none", err.code, tostring(err))
  else
    assert.is_truthy(identity, tostring(err))
    assert.same({
      provider = expect.provider, access_key = expect.access_key, secret_key = expect.secret_key,
      token = null_to_nil(expect.token), account_id = null_to_nil(expect.account_id),
    }, {
      provider = identity.source, access_key = identity.access_key_id, secret_key = identity.secret_access_key,
      token = identity.session_token, account_id = identity.account_id,
    })
    assert.equal(expect.refreshable, identity.expiration ~= nil)
    if null_to_nil(expect.expires_epoch) then
      assert.equal(expect.expires_epoch, identity.expiration)
    end
  end
  for i, request in ipairs(expect.requests or {}) do
    assert.is_truthy(stub.requests[i], "request " .. i)
    check_request(request, stub.requests[i])
  end
  if expect.requests then
    assert.equal(#expect.requests, #stub.requests)
  end
end

function RUN.profiles(case)
  home = Home.new {}
  for _, name in ipairs { "config", "credentials" } do
    if null_to_nil(case[name]) then
      home:write(".aws/" .. name, case[name])
    end
  end
  local config = Config.new { env = { HOME = home.path } }
  local _, err = config:profile("default")
  if case.expect.error then
    assert.is_true(Error.is(err), "expected an error")
    assert.equal("config", err.kind)
    return
  end
  assert.is_nil(err)
  local file = assert(ConfigFile.load(home.path .. "/.aws/config", ConfigFile.parse_config))
  for name, profile in pairs(case.expect.profiles or {}) do
    assert.same(profile, config:profile(name), name)
  end
  for kind in pairs { sso_sessions = true, services = true } do
    if case.expect[kind] then
      assert.same(case.expect[kind], file[kind])
    end
  end
end

-- botocore's name of a setting -> ours.
local NAMES = {
  user_agent_appid = "app_id",
  use_fips_endpoint = "use_fips",
  use_dualstack_endpoint = "use_dualstack",
  metadata_service_timeout = "metadata_timeout",
  metadata_service_num_attempts = "metadata_attempts",
  ec2_metadata_service_endpoint = "metadata_endpoint",
  ec2_metadata_service_endpoint_mode = "metadata_endpoint_mode",
  ec2_metadata_v1_disabled = "metadata_v1_disabled",
  imds_use_ipv6 = "metadata_ipv6",
}

local function endpoint(case, env)
  local stub = Stub.new { {} }
  local client = cloudjobs.aws[case.service:gsub("-", "_")] {
    env = env, region = case.region, transport = stub, profile = case.profile,
    credentials = { access_key_id = "AKID", secret_access_key = "secret" },
  }
  local resolved, err = client._context.endpoint:resolve()
  return resolved and resolved.origin, err
end

function RUN.settings(case)
  home = Home.new(case.files)
  local env = environment(case)
  local value, err
  if case.ask == "endpoint" then
    value, err = endpoint(case, env)
  else
    value, err = Config.new({ env = env, profile = case.profile }):get(NAMES[case.ask] or case.ask)
  end
  if case.expect.error then
    assert.is_true(Error.is(err))
  else
    assert.is_nil(err)
    assert.equal(here(null_to_nil(case.expect.value)), value)
  end
end

local WRITE = {
  iso8601 = core.iso,
  rfc822 = core.http_date,
  unixtimestamp = function(time) return ("%d"):format(time) end,
}

function RUN.timestamps(case)
  if case.op == "format" then
    assert.equal(case.expect.text, WRITE[case.format](case.input_epoch))
  elseif case.expect.error then
    assert.is_nil((core.epoch(tostring(case.input))))
  else
    assert.equal(case.expect.epoch, core.epoch(tostring(case.input)))
  end
end

-- The error that an attempt of a retry case ended with.
local function failure(case)
  local io_error = null_to_nil(case.io_error)
  if io_error then
    local code = io_error:find("Timeout") and "timeout" or "closed"
    return Error.new { kind = "transport", code = code, retryable = true }
  end
  local status = null_to_nil(case.status)
  return Error.new { kind = "service", code = null_to_nil(case.error_code) or tostring(status), status = status }
end

local GENERATION = { ["2.0"] = "former", ["2.1"] = "2026" }

local RETRY = {}

function RETRY.classify(case)
  local expect = case.expect
  for generation, cost in pairs { former = expect.quota_cost, ["2026"] = expect.quota_cost_v2_1 } do
    local policy = Standard.new {
      generation = generation, max_attempts = case.max_attempts, service = null_to_nil(case.service),
    }
    local err = failure(case)
    if err.kind == "service" then
      policy.classify(err)
    end
    assert.equal(expect.is_throttling_error, err.throttling)
    local delay = policy:after(err, case.attempt, {})
    assert.equal(expect.retryable and not expect.max_attempts_reached, delay ~= nil)
    assert.equal(delay and cost or 0, 500 - policy.quota.available)
  end
end

function RETRY.quota(case)
  local policy = Standard.new { generation = GENERATION[case.generation], max_attempts = math.huge }
  policy.quota.available = case.initial
  local call = {}
  for i, step in ipairs(case.steps) do
    local expected = case.expect.steps[i]
    if step.op == "acquire" then
      local err = step.io_error and failure(step) or Error.new { kind = "service" }
      err.retryable = true
      assert.equal(expected.ok, policy:after(err, 1, call) ~= nil)
    elseif step.status >= 200 and step.status < 300 then
      policy:succeeded(call)
    end
    assert.equal(expected.available, policy.quota.available)
  end
end

function RETRY.backoff(case)
  local policy = Standard.new {
    generation = GENERATION[case.generation or "2.0"], max_attempts = math.huge,
    random = function() return case.random end,
  }
  local err = Error.new { kind = "transport", code = "closed", retryable = true }
  assert.equal(case.expect.delay_seconds, policy:after(err, case.attempt, {}))
end

-- The rates of adaptive mode stand in spec/unit/retry/limiter_spec.lua.
function RUN.retry(case)
  local run = RETRY[case.op]
  if not run or case.modeled_errors then
    return pending(case.id .. " has no runner")
  end
  run(case)
end

local PATTERN = "^" .. conformance.root:gsub("%W", "%%%0") .. "/"

local function cases_of(path)
  describe("published " .. path:gsub(PATTERN, ""), function()
    after_each(function()
      if home then
        home:remove()
        home = nil
      end
    end)
    for case in conformance.cases(path) do
      local run = RUN[case.id:match("^[^/]+")]
      if run and not DIFFERENT[case.id] then
        it(case.id, function()
          run(case)
        end)
      end
    end
  end)
end

conformance.with("config/README.md", function()
  for _, path in ipairs(require("spec.support.files").list(conformance.root .. "/config", ".jsonl")) do
    cases_of(path)
  end
end)
