local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local lua = require("spec.support.process").lua

local BUSY = { status = 400, body = '{"__type":"ThrottlingException","message":"Rate exceeded"}' }

local function recorder()
  local events = {}
  return events, function(event)
    events[#events + 1] = event
  end
end

local function ssm(answers, options)
  local settings = {
    transport = Stub.new(answers), region = "eu-west-1", env = {},
    credentials = { access_key_id = "AKID", secret_access_key = "canary-secret", session_token = "canary-token" },
  }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return cloudjobs.aws.ssm(settings)
end

describe("a logger", function()
  it("gets an event for each step of a call", function()
    local events, logger = recorder()
    local client = ssm({ BUSY, { body = '{"Commands":[]}', headers = { ["x-amzn-requestid"] = "r-1" } } }, { logger = logger })
    assert(client:list_commands { MaxResults = 10 })
    local names = {}
    for i, event in ipairs(events) do
      names[i] = event.event .. (event.attempt and " " .. event.attempt or "")
      assert.same({ "SSM", "ListCommands" }, { event.service, event.operation })
    end
    assert.same({
      "request", "credentials 1", "attempt 1", "response 1", "retry 1", "credentials 2", "attempt 2", "response 2",
    }, names)

    local request, credentials, attempt, refused, again, answered =
      events[1], events[2], events[3], events[4], events[5], events[8]
    assert.same({ "POST", "https://ssm.eu-west-1.amazonaws.com/", { MaxResults = 10 } },
      { request.method, request.url, request.params })
    assert.same({ "static", "AKID" }, { credentials.source, credentials.access_key_id })
    assert.same({ "AmazonSSM.ListCommands", "[hidden]", "[hidden]" }, {
      attempt.headers["x-amz-target"], attempt.headers.authorization, attempt.headers["x-amz-security-token"],
    })
    assert.same({ 400, "ThrottlingException", true }, { refused.status, refused.err.code, refused.err.throttling })
    assert.is_true(again.delay >= 0 and again.err.code == "ThrottlingException")
    assert.same({ 200, "r-1", { Commands = {} } },
      { answered.status, answered.headers["x-amzn-requestid"], answered.output })
  end)

  it("gets the paths of texts in which something that is no Unicode was replaced", function()
    for body, expected in pairs {
      ['{"Commands":[{"Comment":"a"},{"Comment":"a\255b"}]}'] = { "Commands[2].Comment" },
      ['{"Commands":[{"Comment":"\\ud800"}],"NextToken":"\128"}'] = { "Commands[1].Comment", "NextToken" },
      ['{"Commands":[{"Comment":"\239\191\189"}]}'] = false,
      ['{"Commands":[{"Comment":"\\ud83d\\ude00"}]}'] = false,
    } do
      local events, logger = recorder()
      assert(ssm({ { body = body } }, { logger = logger }):list_commands())
      assert.same(expected, events[#events].replaced or false)
    end
  end)

  it("gets an event for an attempt without a response", function()
    local events, logger = recorder()
    local down = Error.new { kind = "transport", code = "connect", message = "refused" }
    ssm({ down }, { logger = logger }):list_commands()
    local last = events[#events]
    assert.same({ "response", "connect" }, { last.event, last.err.code })
    assert.is_nil(last.status)
  end)

  it("sees no member that the service's model calls sensitive, at any depth", function()
    local events, logger = recorder()
    local client = ssm({ { body = cloudjobs.json.encode {
      Parameters = { { Name = "password", Type = "SecureString", Value = "canary-value" } },
    } } }, { logger = logger })
    local output = assert(client:get_parameters { Names = { "password" }, WithDecryption = true })
    assert.equal("canary-value", output.Parameters[1].Value)
    assert.same({ { Name = "password", Type = "SecureString", Value = "[hidden]" } }, events[#events].output.Parameters)

    client = ssm({ { body = '{"Version":1}' } }, { logger = logger })
    assert(client:put_parameter { Name = "password", Value = "canary-value", Type = "SecureString" })
    assert.same({ Name = "password", Value = "[hidden]", Type = "SecureString" }, events[#events - 3].params)
  end)

  it("sees no secret of Azure's either, nor what a URL carries behind its path", function()
    local events, logger = recorder()
    local costs = cloudjobs.azure.cost_exports {
      transport = Stub.new { { body = { name = "a", properties = { accountKey = "canary-key", format = "Csv" } } } },
      env = {}, scope = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c",
      credentials = { token = "canary-token" }, logger = logger,
    }
    assert(costs:get { exportName = "a" })
    assert.same({ name = "a", properties = { accountKey = "[hidden]", format = "Csv" } }, events[#events].output)
    assert.equal("[hidden]", events[3].headers.authorization)
    assert.matches("/exports/a$", events[1].url)
  end)

  it("is a function", function()
    assert.error_matches(function()
      ssm({}, { logger = true })
    end, "option logger: expected function, got boolean")
  end)
end)

-- Everything reachable from a value, as one text.
local function all_text(value, seen)
  seen = seen or {}
  if type(value) ~= "table" or seen[value] then
    return tostring(value)
  end
  seen[value] = true
  local parts = { getmetatable(value) and tostring(value) or "" }
  for key, item in pairs(value) do
    parts[#parts + 1] = all_text(key, seen) .. "=" .. all_text(item, seen)
  end
  return table.concat(parts, "\n")
end

describe("a whole life with secrets in it", function()
  local function failing(status, body)
    return { status = status, headers = {}, body = body }
  end

  -- Answers for a chain that ends in a role: STS twice, then the service.
  local ROLE = [[<AssumeRoleResponse><AssumeRoleResult><Credentials>
    <AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId><SecretAccessKey>canary-sts-secret</SecretAccessKey>
    <SessionToken>canary-sts-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
    </Credentials><AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/r/s</Arn>
    <AssumedRoleId>AROAEXAMPLEEXAMPLE00:s</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>]]

  it("shows none in any event, error or text", function()
    local events, logger = recorder()
    local told = {}
    local function keep(result, err)
      told[#told + 1] = err or "fine"
      return result
    end
    local stub = Stub.new {
      failing(403, "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>over</Message></Error></ErrorResponse>"),
      failing(200, ROLE),
      BUSY,
      failing(200, '{"Parameter":{"Name":"p","Type":"SecureString","Value":"canary-parameter"}}'),
      failing(500, "<html>"),
      failing(503, ""), failing(500, "{"), failing(500, "canary-body"),
      failing(200, "canary-body: no JSON"),
      Error.new { kind = "transport", code = "closed", message = "closed" },
      failing(200, ROLE),
    }
    local options = {
      transport = stub, region = "us-east-1", env = {}, logger = logger,
      proxy = "http://user:canary-proxy@proxy.example:3128",
      credentials = { access_key_id = "AKID", secret_access_key = "canary-secret", session_token = "canary-session" },
    }
    local provider = cloudjobs.aws.credentials {
      transport = stub, region = "us-east-1", env = {}, logger = logger, credentials = options.credentials,
      proxy = options.proxy, role_arn = "arn:aws:iam::111122223333:role/r", external_id = "canary-external-secret",
    }
    keep(provider:get())
    told[#told + 1] = tostring(keep(provider:get()))
    options.credentials = provider
    local client = cloudjobs.aws.ssm(options)
    keep(client:get_parameter { Name = "p", WithDecryption = true })
    keep(client:put_parameter { Name = "p", Value = "canary-value" })
    keep(client:put_parameter { Name = "p", Value = {} })
    for _ = 1, 3 do
      keep(client:get_parameter { Name = "p" })
    end
    local sts = cloudjobs.aws.sts(options)
    keep(sts:assume_role { RoleArn = "arn:aws:iam::111122223333:role/r", RoleSessionName = "s", TokenCode = "909090" })
    told[#told + 1] = tostring(client) .. tostring(provider) .. tostring(stub)
    assert.is_true(#events > 20)
    assert.equal(11, #stub.requests)

    local text = all_text(events) .. all_text(told)
    for _, secret in ipairs { "canary%-secret", "canary%-session", "canary%-sts", "canary%-proxy", "canary%-value",
      "canary%-parameter", "canary%-body", "909090" } do
      assert.not_matches(secret, text)
    end
  end)
end)

describe("CLOUDJOBS_LOG=debug", function()
  local PROGRAM = [[
    local stub = require("cloudjobs.stub").new { { body = "{}" } }
    assert(require("cloudjobs").aws.ssm({
      transport = stub, region = "eu-west-1", credentials = { access_key_id = "AKID", secret_access_key = "canary" },
    }):list_commands())
  ]]

  it("prints each event as a line of JSON on stderr", function()
    local _, _, err = lua(PROGRAM, { CLOUDJOBS_LOG = "debug" })
    local names = {}
    for line in err:gmatch("[^\n]+") do
      names[#names + 1] = assert(cloudjobs.json.decode(line)).event
    end
    assert.same({ "request", "credentials", "attempt", "response" }, names)
    assert.not_matches("canary", err)
  end)

  it("alone does", function()
    local _, _, err = lua(PROGRAM, { CLOUDJOBS_LOG = "info" })
    assert.equal("", err)
  end)
end)
