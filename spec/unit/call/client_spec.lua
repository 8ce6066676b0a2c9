local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local EXPORT = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1"
local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }

local function client(answers)
  local stub = Stub.new(answers)
  return cloudjobs.aws.bcm_data_exports { transport = stub, region = "us-east-1", env = {}, credentials = KEYS }, stub
end

describe("a client", function()
  it("has a method for each operation, in either spelling", function()
    local exports = client { { body = '{"Exports":[]}' }, { body = '{"Exports":[]}' } }
    assert.same({ Exports = {} }, exports:list_exports())
    assert.same({ Exports = {} }, exports:ListExports {})
  end)

  it("names its operations, sorted", function()
    local exports = client()
    assert.same({
      "create_export", "delete_export", "get_execution", "get_export", "get_table", "list_executions",
      "list_exports", "list_tables", "list_tags_for_resource", "tag_resource", "untag_resource", "update_export",
    }, exports:operations())
  end)

  it("prints as what it is", function()
    assert.equal("cloudjobs.client: BCM Data Exports", tostring((client())))
  end)

  it("encodes a request without signing or sending it", function()
    local exports, stub = client()
    local request = exports:request("get_export", { ExportArn = EXPORT })
    assert.equal("POST", request.method)
    assert.equal("https://bcm-data-exports.us-east-1.api.aws/", request.url)
    assert.equal('{"ExportArn":"' .. EXPORT .. '"}', request.body)
    assert.equal("bcm-data-exports.us-east-1.api.aws", request.headers.host)
    assert.is_nil(request.headers.authorization)
    assert.equal(0, #stub.requests)
  end)

  it("writes the escapes in its endpoint's path in capitals, as libcurl sends them", function()
    local exports = cloudjobs.aws.bcm_data_exports {
      transport = Stub.new {}, region = "us-east-1", env = {}, credentials = KEYS, endpoint = "https://h/a%2fb%c3%9c",
    }
    assert.equal("https://h/a%2Fb%C3%9C/", exports:request("list_exports").url)
  end)

  it("says what is wrong with a request", function()
    local exports = client()
    local request, err = exports:request("GetExport", {})
    assert.is_nil(request)
    assert.equal("BCM Data Exports GetExport: ExportArn: required", tostring(err))
  end)

  it("decodes a response as a call would", function()
    local exports = client()
    assert.same({ Exports = {}, NextToken = "n" },
      exports:decode("list_exports", { status = 200, headers = {}, body = '{"Exports":[],"NextToken":"n"}' }))
    local output, err = exports:decode("list_exports", {
      status = 400, headers = {}, body = '{"__type":"ThrottlingException"}',
    })
    assert.is_nil(output)
    assert.same({ "ThrottlingException", true, true, "ListExports" },
      { err.code, err.retryable, err.throttling, err.operation })
  end)

  it("decodes a response of which little is known", function()
    local exports = client()
    assert.same({ Exports = {} }, exports:decode("list_exports", { status = 200, body = '{"Exports":[]}' }))
    local output, err = exports:decode("list_exports", { status = 200 })
    assert.is_nil(output)
    assert.same({ "response", 200 }, { err.kind, err.status })
    output, err = exports:decode("list_exports", { status = 502 })
    assert.is_nil(output)
    assert.same({ "service", 502, true }, { err.kind, err.status, err.retryable })
  end)

  it("calls through whichever client a method is called on", function()
    local one, first = client {}
    local other, second = client { { body = {} } }
    local method = one.list_exports
    assert(method(setmetatable({}, { __index = other }))) -- somebody's own that stands for it
    assert.same({ 0, 1 }, { #first.requests, #second.requests })
  end)

  it("answers nil and an error once it is closed", function()
    local exports, stub = client {}
    exports:close()
    local output, err = exports:list_exports()
    assert.is_nil(output)
    assert.same({ "transport", "closed" }, { err.kind, err.code })
    assert.is_nil(exports:request("list_exports"))
    assert.equal(0, #stub.requests)
  end)

  local mistakes = {
    { "an unknown operation", function(exports)
      return exports:get_exprot {}
    end, "BCM Data Exports has no operation get_exprot (did you mean get_export?)" },
    { "an unknown operation by name", function(exports)
      local request = exports:request("GetExprot", {})
      return request
    end, "BCM Data Exports has no operation GetExprot (did you mean get_export?)" },
    { "an operation of a description that cloudjobs cannot call", function()
      local jobs = cloudjobs.aws.client { env = {}, transport = Stub.new(), model = {
        metadata = {
          serviceId = "Jobs", endpointPrefix = "jobs", protocol = "json", targetPrefix = "Jobs", signatureVersion = "v4",
        },
        operations = { Tail = { name = "Tail", endpointdiscovery = { required = true } } },
        shapes = {},
      } }
      return jobs:tail {}
    end, "Jobs: tail cannot be called: it needs endpoint discovery, which cloudjobs does not do" },
    { "parameters of the wrong type", function(exports)
      local output = exports:list_exports("all")
      return output
    end, "list_exports: parameters: expected table, got string" },
    { "an unknown call option", function(exports)
      local output = exports:list_exports({}, { timeuot = 5 })
      return output
    end, "list_exports: unknown option timeuot (did you mean timeout?)" },
    { "a call option of the wrong type", function(exports)
      local output = exports:list_exports({}, { timeout = "5" })
      return output
    end, "list_exports: option timeout: expected number, got string" },
    { "a call option where nothing is sent", function(exports)
      local request = exports:request("list_exports", {}, "2025-03-01")
      return request
    end, "list_exports: options: expected table, got string" },
    { "a dot in a colon's place", function(exports)
      local output = exports.list_exports {}
      return output
    end, "call it with a colon, client:list_exports(…)" },
    { "a dot and nothing behind it", function(exports)
      local output = exports.list_exports()
      return output
    end, "call it with a colon, client:list_exports(…)" },
    { "another method called with a dot", function(exports)
      exports.items("list_exports")
    end, "call it with a colon, client:method(…)" },
    { "a method without anything called with a dot", function(exports)
      exports.settings()
    end, "call it with a colon, client:settings(…)" },
    { "a response that is none", function(exports)
      local output = exports:decode("list_exports", '{"Exports":[]}')
      return output
    end, "list_exports: response: expected { status, headers, body }" },
    { "a response without a status", function(exports)
      local output = exports:decode("list_exports", { body = '{"Exports":[]}' })
      return output
    end, "list_exports: response: expected { status, headers, body }" },
  }
  for _, case in ipairs(mistakes) do
    it("raises at the caller's line for " .. case[1], function()
      local exports = client {}
      local ok, message = pcall(case[2], exports)
      assert.is_false(ok)
      assert.matches("client_spec%.lua:%d+: ", message)
      assert.matches(case[3], message, 1, true)
    end)
  end
end)

describe("an option cancel", function()
  it("that is no canceller raises at the caller's line", function()
    for _, cancel in ipairs { {}, { cancelled = true } } do
      local ssm = require("spec.support.clients").ssm {}
      local ok, message = pcall(function()
        local output = ssm:describe_maintenance_windows({}, { cancel = cancel })
        return output
      end)
      assert.is_false(ok)
      assert.matches("client_spec.lua:%d+: describe_maintenance_windows: option cancel: expected canceller table, got table", message)
    end
  end)
end)
