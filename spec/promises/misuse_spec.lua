-- What a caller does wrong and what a service sends is a value, an error object or a string at the caller's line: nothing
-- raises inside, and no secret of the client is repeated.

local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local SECRET = "wJalrXUtnFEMI9K7MDENGbPxRfiCYqZ3k8LpT0sV"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET }
local INVOCATION = { CommandId = "11111111-2222-3333-4444-555555555555", InstanceId = "i-0123456789abcdef0" }
local NAN = 0 / 0

local function ssm(options, answers)
  options = options or {}
  options.region = options.region or "us-east-1"
  options.credentials = options.credentials or KEYS
  options.env, options.transport = {}, Stub.new(answers or {})
  return cloudjobs.aws.ssm(options)
end

local function fleet(options)
  return cloudjobs.inventory(
    { { cloud = "aws", region = "us-east-1", credentials = KEYS, endpoint = "http://127.0.0.1:1" } }, options)[1].err
end

local MISUSES = {
  ["credentials string"] = function()
    local value, err = ssm { credentials = SECRET }
    return value, err
  end,
  ["credentials key number"] = function()
    local value, err = ssm { credentials = { access_key_id = 1, secret_access_key = 2 } }:list_commands()
    return value, err
  end,
  ["credentials that contain themselves"] = function()
    local x = {} x.credentials = x
    local value, err = ssm { credentials = x }:list_commands()
    return value, err
  end,
  ["region table"] = function()
    local value, err = ssm { region = {} }
    return value, err
  end,
  ["region nan"] = function()
    local value, err = ssm { region = NAN }
    return value, err
  end,
  ["retry string"] = function()
    local value, err = ssm { retry = "x" }
    return value, err
  end,
  ["retry neg"] = function()
    local value, err = ssm { retry = { max_attempts = -1 } }
    return value, err
  end,
  ["retry nan"] = function()
    local value, err = ssm { retry = { max_attempts = NAN } }
    return value, err
  end,
  ["timeout nan"] = function()
    local value, err = ssm():list_commands({}, { timeout = NAN })
    return value, err
  end,
  ["timeout inf"] = function()
    local value, err = ssm(nil, { { body = "{}" } }):list_commands({}, { timeout = math.huge })
    return value, err
  end,
  ["timeout neg"] = function()
    local value, err = ssm(nil, { { body = "{}" } }):list_commands({}, { timeout = -1 })
    return value, err
  end,
  ["cancel {}"] = function()
    local value, err = ssm():list_commands({}, { cancel = {} })
    return value, err
  end,
  ["cancel self"] = function()
    local s = ssm()
    local value, err = s:list_commands({}, { cancel = s })
    return value, err
  end,
  ["params fn"] = function()
    local value, err = ssm():list_commands(print)
    return value, err
  end,
  ["params that contain themselves"] = function()
    local x = {} x.Filters = { x }
    local value, err = ssm():list_commands(x)
    return value, err
  end,
  ["params userdata"] = function()
    local value, err = ssm():list_commands { MaxResults = io.stdout }
    return value, err
  end,
  ["dot call"] = function()
    local value, err = ssm().list_commands {}
    return value, err
  end,
  ["dot items"] = function()
    local value, err = ssm().items("list_commands")
    return value, err
  end,
  ["all limit nan"] = function()
    local value, err = ssm():all("list_commands", {}, { limit = NAN })
    return value, err
  end,
  ["all limit neg"] = function()
    local value, err = ssm():all("list_commands", {}, { limit = -1 })
    return value, err
  end,
  ["all page_size str"] = function()
    local value, err = ssm():all("list_commands", {}, { page_size = "x" })
    return value, err
  end,
  ["wait name table"] = function()
    local value, err = ssm():wait({})
    return value, err
  end,
  ["wait timeout nan"] = function()
    local value, err = ssm():wait("command_executed", INVOCATION, { timeout = NAN })
    return value, err
  end,
  ["wait interval nan"] = function()
    local value, err = ssm():wait("command_executed", INVOCATION, { interval = NAN })
    return value, err
  end,
  ["jobs nil client"] = function()
    local value, err = cloudjobs.jobs.maintenance_window_execution(nil, {})
    return value, err
  end,
  ["jobs open nil"] = function()
    local value, err = cloudjobs.jobs.open(nil)
    return value, err
  end,
  ["jobs open huge"] = function()
    local value, err = cloudjobs.jobs.open(("x"):rep(1e6))
    return value, err
  end,
  ["opening a reference of binary"] = function()
    local value, err = cloudjobs.jobs.open("cloudjobs:\0\255")
    return value, err
  end,
  ["watch hole"] = function()
    local value, err = cloudjobs.watch({ nil, {} })
    return value, err
  end,
  ["parallel conc nan"] = function()
    local value, err = cloudjobs.parallel({ function() end }, { concurrency = NAN })
    return value, err
  end,
  ["parallel conc 0"] = function()
    local value, err = cloudjobs.parallel({ function() end }, { concurrency = 0 })
    return value, err
  end,
  ["parallel timeout nan"] = function()
    local value, err = cloudjobs.parallel({ function() end }, { timeout = NAN })
    return value, err
  end,
  ["inventory timeout nan"] = function()
    local value, err = fleet { timeout = NAN }
    return value, err
  end,
  ["inventory timeout neg"] = function()
    local value, err = fleet { timeout = -1 }
    return value, err
  end,
  ["iso nan"] = function()
    local value, err = cloudjobs.iso(NAN)
    return value, err
  end,
  ["iso huge"] = function()
    local value, err = cloudjobs.iso(1e300)
    return value, err
  end,
  ["iso table"] = function()
    local value, err = cloudjobs.iso({})
    return value, err
  end,
  ["canceller twice"] = function()
    local x = cloudjobs.canceller()
    x:cancel()
    x:cancel {}
    return x.cancelled
  end,
  ["tostring identity"] = function()
    local value, err = tostring(cloudjobs.aws.credentials { credentials = KEYS })
    return value, err
  end,
  ["model text"] = function()
    local value, err = cloudjobs.aws.client { model = ("x"):rep(1e6), region = "us-east-1" }
    return value, err
  end,
  ["curl opts"] = function()
    local value, err = cloudjobs.transport.curl { max_body = NAN }
    return value, err
  end,
  ["multi conn nan"] = function()
    local value, err = cloudjobs.transport.multi { max_connections = NAN }
    return value, err
  end,
  ["multi conn huge"] = function()
    local value, err = cloudjobs.transport.multi { max_connections = 1e18 }
    return value, err
  end,
  ["multi closed"] = function()
    local m = cloudjobs.transport.multi {}
    m:close()
    m:close()
    local value, err = m:send { method = "GET", url = "http://127.0.0.1:1/", headers = {} }
    return value, err
  end,
  ["send url nul"] = function()
    local m = cloudjobs.transport.multi {}
    local value, err = m:send { method = "GET", url = "http://127.0.0.1:1/\0x", headers = {} }
    return value, err
  end,
  ["send header nl"] = function()
    local m = cloudjobs.transport.multi {}
    local value, err = m:send { method = "GET", url = "http://127.0.0.1:1/", headers = { ["x\r\ny"] = "z" } }
    return value, err
  end,
}

local RESPONSES = {
  ["deep"] = { body = ("["):rep(100000) },
  ["array"] = { body = "[]" },
  ["number"] = { body = "1" },
  ["null"] = { body = "null" },
  ["string"] = { body = '"x"' },
  ["empty"] = { body = "" },
  ["html"] = { body = "<html>", headers = { ["content-type"] = "text/html" } },
  ["html 503"] = { status = 503, body = "<html>\27[31m" .. ("x"):rep(1e6) },
  ["commands obj"] = { body = '{ "Commands":{}}' },
  ["commands null"] = { body = '{ "Commands":null}' },
  ["commands mixed"] = { body = '{ "Commands":[1,null, "x"]}' },
  ["token number"] = { body = '{ "Commands":[], "NextToken":5}' },
  ["token object"] = { body = '{ "NextToken":{}}' },
  ["token empty"] = { body = '{ "Commands":[], "NextToken":"" }' },
  ["token same"] = { body = '{ "Commands":[], "NextToken":"a" }' },
  ["token huge"] = { body = '{ "Commands":[], "NextToken":"' .. ("a"):rep(1e6) .. '" }' },
  ["date huge"] = { body = '{ "Commands":[{ "RequestedDateTime":1e308}]}' },
  ["date text"] = { body = '{ "Commands":[{ "RequestedDateTime":"x" }]}' },
  ["date nan"] = { body = '{ "Commands":[{ "RequestedDateTime":"NaN" }]}' },
  ["int huge"] = { body = '{ "Commands":[{ "TimeoutSeconds":99999999999999999999}]}' },
  ["an integer with a fraction"] = { body = '{ "Commands":[{ "TimeoutSeconds":1.5}]}' },
  ["err no type"] = { status = 400, body = "{}" },
  ["err type number"] = { status = 400, body = '{ "__type":5, "message":[]}' },
  ["err type url"] = { status = 400, body = '{ "__type":"http://x/#' .. ("A"):rep(1e5) .. '", "message":"' .. ("m"):rep(1e6) .. '" }' },
  ["err ctl"] = { status = 400, body = '{ "__type":"X\\u001b[31m", "message":"a\\u001b]0;x\\u0007\\nb" }' },
  ["err echo secret"] = { status = 400, body = '{ "__type":"X", "message":"key ' .. SECRET .. '" }' },
  ["err header type"] = { status = 400, body = "", headers = { ["x-amzn-errortype"] = ("Z"):rep(1e5) } },
  ["err header ctl"] = { status = 400, body = "", headers = { ["x-amzn-errortype"] = "\27[31m:x" } },
  ["reqid ctl"] = { status = 400, body = "{}", headers = { ["x-amzn-requestid"] = "\27[31m" .. ("y"):rep(1e5) } },
  ["retry after huge"] = { status = 429, body = "{}", headers = { ["retry-after"] = "1e308" } },
  ["retry after neg"] = { status = 429, body = "{}", headers = { ["retry-after"] = "-5" } },
  ["date far"] = { status = 400, body = '{ "__type":"RequestTimeTooSkewed" }', headers = { date = "Mon, 01 Jan 9999 00:00:00 GMT" } },
  ["date junk"] = { status = 400, body = '{ "__type":"RequestTimeTooSkewed" }', headers = { date = ("9"):rep(1e5) } },
  ["status 0"] = { status = 0, body = "" },
  ["status 999"] = { status = 999, body = "" },
  ["status 304"] = { status = 304, body = "" },
  ["redirect"] = { status = 302, body = "", headers = { location = "http://evil/?" .. SECRET } },
  ["gzip that is broken"] = { body = "\31\139\8\0junk" },
  ["gz bomb head"] = { body = "\31\139\8\0\0\0\0\0\0\3" },
  ["nul"] = { body = '{ "Commands":[]}\0' },
  ["two"] = { body = '{}{}' },
  ["bom utf16"] = { body = "\255\254{\0}\0" },
  ["dup"] = { body = '{ "Commands":[], "Commands":[{ "CommandId":"x" }]}' },
}

-- What is wrong with the outcome of a call, or nil.
local function fault_of(ran, value, err)
  local text = tostring(ran and (err or value) or value)
  if not ran and not Error.is(value) and not text:find "^[^\n]*misuse_spec%.lua:%d+: " then
    return "raised inside: " .. text
  elseif text:find(SECRET:sub(1, 6), 1, true) then
    return "a secret is repeated"
  elseif err and not (Error.is(err) or type(err) == "string") then
    return "the error is a " .. type(err)
  elseif #text > 20 * 1024 or text:find "[%z\1-\31]" then
    return "the message is too long or has control characters"
  end
end

describe("a misuse raises at the caller's line or is an error:", function()
  for name, misuse in pairs(MISUSES) do
    it(name, function()
      assert.is_nil(fault_of(pcall(misuse)))
    end)
  end
end)

describe("a response is a value or an error:", function()
  for name, response in pairs(RESPONSES) do
    it(name, function()
      local answers = {}
      for i = 1, 10 do
        answers[i] = response
      end
      local client = ssm(nil, answers)
      local ran, value, err = pcall(client.all, client, "list_commands", nil, { limit = 5 })
      assert.is_true(ran, tostring(value))
      assert.is_nil(fault_of(ran, value, err))
    end)
  end
end)
