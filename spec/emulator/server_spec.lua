--- The emulator over real sockets, as a child process.

local cqueues = require "cqueues"
local socket = require "cqueues.socket"

local Emulator = require "cloudjobs.emulator"
local cloudjobs = require "cloudjobs"
local curl = require "cloudjobs.transport.curl"
local process = require "cloudjobs.os"

local LOTS = 1000

local function credentials()
  return { access_key_id = "AKIDEMULATOR", secret_access_key = "emulator-secret" }
end

local function exports(emulator, options)
  options = options or {}
  return cloudjobs.aws.bcm_data_exports {
    endpoint = emulator.url,
    region = "us-east-1",
    credentials = credentials(),
    env = {},
    ca_bundle = emulator.ca_bundle,
    retry = options.retry,
    timeout = options.timeout,
  }
end

--- Sends bytes on a connection of their own and gives all that comes back
--- until the server closes it.
local function say(port, bytes)
  local connection = socket.connect("127.0.0.1", port)
  connection:setmode("bn", "bn")
  connection:settimeout(10)
  connection:onerror(function(_, _, why)
    return why
  end)
  connection:write(bytes)
  connection:shutdown "w"
  local response = connection:read "*a"
  connection:close()
  return response
end

describe("the emulator's server", function()
  local emulator
  setup(function()
    emulator = assert(Emulator.start())
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:reset()
  end)

  it("responds to our own client", function()
    assert.same({ Exports = {} }, exports(emulator):list_exports())
    local client = exports(emulator)
    local _, err = client:get_export { ExportArn = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/none" }
    assert.same({ "service", "ResourceNotFoundException", 400 }, { err.kind, err.code, err.status })
    assert.truthy(err.request_id)
  end)

  it("shows what it was asked", function()
    exports(emulator):list_exports { MaxResults = 7 }
    local seen = emulator:requests()
    assert.same({ "ListExports", '{"MaxResults":7}' }, { seen[1].operation, seen[1].body })
    emulator:clear_requests()
    assert.same({}, emulator:requests())
  end)

  it("has a clock to be moved", function()
    local before = emulator:clock()
    assert.is_true(emulator:clock({ advance = 3600 }).now >= before.now + 3600)
  end)

  local WRONG = {
    { "clock", { advanc = 1 } },
    { "outcome", { kind = "wish" } },
    { "fault", { operation = "Foo" } },
    { "suppose", { foo = 1 } },
    { "seed", { { service = "ssm", operation = "Foo" } } },
    { "open_window", "mw-0" },
  }
  for _, case in ipairs(WRONG) do
    it("raises at the caller's line what is wrong with a " .. case[1], function()
      local ok, message = pcall(function()
        emulator[case[1]](emulator, case[2])
      end)
      assert.is_false(ok)
      assert.matches("^spec/emulator/server_spec%.lua:%d+: [^/]+$", message)
    end)
  end

  it("drops a connection when a fault rule orders it", function()
    emulator:fault { operation = "ListExports", drop = true, times = 0 } -- libcurl tries a reused connection twice
    local _, err = exports(emulator, { retry = { max_attempts = 1 } }):list_exports()
    assert.equal("transport", err.kind)
    emulator:clear_faults()
  end)

  it("responds late when a fault rule orders it", function()
    emulator:fault { operation = "ListExports", latency = 30 }
    local _, err = exports(emulator, { retry = { max_attempts = 1 }, timeout = { total = 0.3 } }):list_exports()
    assert.equal("timeout", err.code)
  end)

  it("keeps a connection for the next request, and responds to pipelined ones in order", function()
    local one = "GET /_emulator/clock HTTP/1.1\r\nHost: x\r\n\r\n"
    local two = "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    local statuses = {}
    for status in say(emulator.port, one .. one .. two):gmatch "HTTP/1.1 (%d+)" do
      statuses[#statuses + 1] = status
    end
    assert.same({ "200", "200", "404" }, statuses)
  end)

  it("lets a client that waits for it send its body", function()
    local head = "POST /_emulator/clock HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    assert.truthy(say(emulator.port, head .. "{}"):find "^HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
  end)

  local GARBAGE = {
    { "noise", "\0\1\2\3\255\254\r\n\r\n", "400" },
    { "a TLS greeting", "\22\3\1\2\0\1\0\1\252\3\3\r\n", "400" },
    { "two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400" },
    { "a body of 1 GB", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n", "413" },
    { "a head without an end", "GET / HTTP/1.1\r\nHost: x\r\nX: " .. ("y"):rep(100000), "431" },
  }
  for _, case in ipairs(GARBAGE) do
    it("responds to " .. case[1] .. " and goes on", function()
      assert.equal(case[3], say(emulator.port, case[2]):match "^HTTP/1.1 (%d+)")
      assert.truthy(emulator:clock())
    end)
  end

  it("lives when a request breaks off", function()
    say(emulator.port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert.truthy(emulator:clock())
  end)

  it(("serves %d connections at once"):format(LOTS), function()
    local queue = cqueues.new()
    local open, responses = 0, 0
    local connections = {}
    for i = 1, LOTS do
      queue:wrap(function()
        local connection = socket.connect("127.0.0.1", emulator.port)
        connection:setmode("bn", "bn")
        connection:settimeout(30)
        connection:write "GET /_emulator/clock HTTP/1.1\r\nHost: x\r\n\r\n"
        if (connection:read "*l" or ""):find "200" then
          responses = responses + 1
        end
        open = open + 1
        connections[i] = connection -- all stay open until the last one has its response
      end)
    end
    assert(queue:loop())
    for _, connection in pairs(connections) do
      connection:close()
    end
    assert.same({ LOTS, LOTS }, { open, responses })
    assert.truthy(emulator:clock())
  end)
end)

describe("an emulator of its own", function()
  it("serves https with a certificate that it made, good for localhost", function()
    local emulator = assert(Emulator.start { tls = true })
    assert.same({ Exports = {} }, exports(emulator):list_exports())
    local stranger = curl.new {}
    local _, err = stranger:send { method = "GET", url = emulator.url .. "/", headers = {}, timeout = 5 }
    assert.equal("tls", err.code)
    emulator:stop()
  end)

  it("starts with the options that it is given", function()
    local emulator = assert(Emulator.start { speed = 60, keys = { AKIDMINE = { secret = "mine", account = "123456789012" } } })
    assert.equal(60, emulator:clock().speed)
    local _, err = exports(emulator):list_exports()
    assert.equal("UnrecognizedClientException", err.code)
    emulator:stop()
  end)

  it("keeps its secrets out of its command line", function()
    local emulator = assert(Emulator.start { keys = { AKIDMINE = { secret = "very-secret", account = "123456789012" } } })
    local shown = process.run({ "ps", "-A", "-ww", "-o", "args" }).stdout
    emulator:stop()
    assert.truthy(shown:find("cloudjobs.emulator", 1, true))
    assert.is_nil(shown:find("very-secret", 1, true))
  end)

  it("responds with an error to what it cannot put into a header", function()
    local emulator = assert(Emulator.start())
    emulator:fault { operation = "CreateExport", body = "x", headers = { ["x-name"] = "a\nb" } }
    local transport = curl.new {}
    local response = assert(transport:send {
      method = "POST", url = emulator.url .. "/", body = "{}", timeout = 5,
      headers = { ["x-amz-target"] = "AWSBillingAndCostManagementDataExports.CreateExport" },
    })
    assert.equal(500, response.status)
    assert.matches("The emulator failed: ", response.body, 1, true)
    transport:close()
    emulator:stop()
  end)

  it("is gone when it is stopped", function()
    local emulator = assert(Emulator.start())
    local transport = curl.new {}
    emulator:stop()
    local _, err = transport:send { method = "GET", url = emulator.url .. "/", headers = {}, timeout = 5 }
    assert.equal("connect", err.code)
  end)

  local WRONG = {
    { { sped = 1 }, "unknown option sped (did you mean speed?)" },
    { { speed = "x" }, "option speed: expected number, got string" },
    { { speed = -1 }, "option speed: expected 0 or more, got -1" },
  }
  for _, case in ipairs(WRONG) do
    it("is not started with a mistake: " .. case[2], function()
      local ok, message = pcall(function()
        Emulator.start(case[1])
      end)
      assert.is_false(ok)
      assert.equal("emulator.start: " .. case[2], message:match("^spec/emulator/server_spec%.lua:%d+: (.*)$"))
    end)
  end

  it("reports at once that it cannot write to its folder", function()
    local emulator, message = Emulator.start { folder = "/dev/null/x" }
    assert.is_nil(emulator)
    assert.equal("the emulator did not start: cannot write to the folder: /dev/null: File exists", message)
  end)

  it("reports why it cannot start", function()
    local emulator, message = Emulator.start { interpreter = "no-such-lua" }
    assert.is_nil(emulator)
    assert.truthy(message:find "^cannot run no%-such%-lua: ")
    local first = assert(Emulator.start())
    emulator, message = Emulator.start { port = first.port }
    assert.is_nil(emulator)
    assert.equal(("the emulator did not start: cannot listen on 127.0.0.1:%d: Address already in use"):format(first.port), message)
    first:stop()
  end)
end)
