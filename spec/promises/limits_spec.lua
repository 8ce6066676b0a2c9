-- A call's time and its canceller hold for whatever it waits for, and so does
-- the time of a group of functions.

local Multi = require "cloudjobs.transport.multi"
local Server = require "spec.support.server"
local cloudjobs = require "cloudjobs"
local parallel = require "cloudjobs.transport.parallel"

local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }
local IDS = {
  ExportArn = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1",
  ExecutionId = "9f2d6c1a-3b47-4e58-8c20-51f7a4e0b9d3",
}
local SILENT = "sleep(30)"

describe("a limit", function()
  local server, transport

  Server.with_transport(Multi.new, function(started, made)
    server, transport = started, made
  end)

  -- A transport whose requests bring the server's script: one for each path.
  local function scripted(scripts)
    return setmetatable({
      send = function(_, request)
        request.headers["x-script"] = scripts[request.url:match("^%a+://[^/]*(/[^?]*)")]
        return transport:send(request)
      end,
    }, { __index = transport })
  end

  local function exports(script, credentials)
    return cloudjobs.aws.bcm_data_exports {
      transport = scripted { ["/"] = script, ["/keys"] = SILENT },
      region = "us-east-1",
      endpoint = server:url("/"):gsub("/$", ""),
      env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = server:url("/keys") },
      credentials = credentials,
      retry = { max_attempts = 1 },
    }
  end

  local function answer(body)
    return ("answer(%q)"):format(body)
  end

  describe("of a group ends", function()
    local function codes(f)
      local results = parallel({ f }, { timeout = 0.1 })
      return { results[1].err.kind, results[1].err.message }
    end

    local OVER = { "timeout", "the time for all functions together is over" }

    it("the wait for a job", function()
      local client = exports(answer '{"ExecutionId":"x","ExecutionStatus":{"StatusCode":"QUERY_QUEUED"}}', KEYS)
      assert.same(OVER, codes(function()
        return cloudjobs.jobs.export_execution(client, IDS):wait()
      end))
    end)

    it("the search for one", function()
      local client = exports(answer '{"Executions":[]}', KEYS)
      assert.same(OVER, codes(function()
        return cloudjobs.jobs.next_execution(client, { ExportArn = IDS.ExportArn })
      end))
    end)

    it("the watch of several", function()
      local client = exports(answer '{"Executions":[]}', KEYS)
      local function watch()
        return cloudjobs.watch({ cloudjobs.jobs.export_execution(client, IDS) }, { not_found_grace = 60 })[1]
      end
      local results = parallel({ watch }, { timeout = 0.1 })
      assert.equal("timeout", (results[1].err or results[1].value.err).kind)
    end)

    it("the pauses between attempts", function()
      local client = cloudjobs.aws.ssm {
        transport = scripted { ["/"] = [[s:write "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"]] },
        region = "us-east-1", env = {}, credentials = KEYS, endpoint = server:url("/"):gsub("/$", ""),
        retry = { max_attempts = 20 },
      }
      assert.same(OVER, codes(function()
        return client:list_commands()
      end))
    end)
  end)

  describe("of a call", function()
    it("holds while its keys are fetched", function()
      local _, err = exports(SILENT):list_exports({}, { timeout = 0.1 })
      assert.same({ "timeout", "the call's total time is over" }, { err.kind, err.message })
    end)

    it("holds for the wait of a job whose keys are fetched", function()
      local status, err = cloudjobs.jobs.export_execution(exports(SILENT), IDS):status { timeout = 0.1 }
      assert.is_nil(status)
      assert.equal("timeout", err.kind)
    end)

    it("is the canceller's too", function()
      local canceller, client = cloudjobs.canceller(), exports(SILENT)
      local results = parallel {
        function() return client:list_exports({}, { cancel = canceller }) end,
        function() transport:sleep(0.02) canceller:cancel "enough" return true end,
      }
      assert.same({ "cancelled", "enough" }, { results[1].err.kind, results[1].err.message })
    end)

    it("does not end the fetching for others that wait for the same keys", function()
      local keys = [[{"AccessKeyId":"AKID","SecretAccessKey":"hush","Expiration":"2099-01-01T00:00:00Z"}]]
      local client = cloudjobs.aws.bcm_data_exports {
        transport = scripted {
          ["/"] = answer '{"Exports":[]}',
          ["/keys"] = ("asked = not count.asked count.asked = true if asked then sleep(30) end answer(%q)"):format(keys),
        },
        region = "us-east-1",
        endpoint = server:url("/"):gsub("/$", ""),
        env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = server:url("/keys") },
      }
      local results = parallel {
        function() return client:list_exports({}, { timeout = 0.1 }) end,
        function()
          transport:sleep(0.02) -- so that the other is who fetches
          return client:list_exports()
        end,
      }
      assert.equal("timeout", results[1].err.kind)
      assert.same({ Exports = {} }, results[2].value)
    end)

    it("that ran out is of kind timeout whatever would have followed", function()
      local client = exports(SILENT, KEYS)
      for _, operation in ipairs { "list_exports", "create_export" } do
        local _, err = client[operation](client, operation == "create_export" and {
          Export = {
            Name = "nightly", DataQuery = { QueryStatement = "SELECT x FROM y" },
            DestinationConfigurations = { S3Destination = {
              S3Bucket = "bucket", S3Prefix = "p", S3Region = "us-east-1",
              S3OutputConfigurations = {
                OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
              },
            } },
            RefreshCadence = { Frequency = "SYNCHRONOUS" },
          },
        } or {}, { timeout = 0.1 })
        assert.same({ "timeout", "transport", operation == "create_export" },
          { err.kind, err.cause.kind, err.ambiguous == true })
      end
    end)
  end)

  it("of a call keeps what is known of the attempts before it ended", function()
    local Error = require "cloudjobs.base.error"
    local Stub = require "cloudjobs.stub"
    local stub = Stub.new { Error.new {
      kind = "transport", code = "closed", message = "closed", ambiguous = true, retryable = true,
    } }
    local asked = 0
    local client = cloudjobs.aws.ssm {
      transport = stub, region = "us-east-1", env = {},
      credentials = { get = function()
        asked = asked + 1
        stub.time = stub.time + (asked == 2 and 60 or 0)
        return KEYS
      end },
    }
    local _, err = client:update_maintenance_window({ WindowId = "mw-0123456789abcdef0" }, { timeout = 30 })
    assert.same({ "timeout", true, "closed", 1 }, { err.kind, err.ambiguous, err.cause.code, #stub.requests })
  end)

  it("of a call lets a provider from outside yield to its own loop", function()
    local Stub = require "cloudjobs.stub"
    local client = cloudjobs.aws.bcm_data_exports {
      transport = Stub.new { { body = { Exports = {} } } }, region = "us-east-1", env = {},
      credentials = { get = function()
        return coroutine.yield "asked"
      end },
    }
    local caller = coroutine.wrap(function()
      return client:list_exports({}, { timeout = 30 })
    end)
    assert.equal("asked", caller())
    assert.same({ Exports = {} }, caller(KEYS))
  end)

  it("of a call inside a generator does not wait for its own caller", function()
    local keys = [[{"AccessKeyId":"AKID","SecretAccessKey":"hush","Expiration":"2099-01-01T00:00:00Z"}]]
    local client = cloudjobs.aws.bcm_data_exports {
      transport = scripted { ["/"] = answer '{"Exports":[]}', ["/keys"] = ("sleep(0.05) answer(%q)"):format(keys) },
      region = "us-east-1",
      endpoint = server:url("/"):gsub("/$", ""),
      env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = server:url("/keys") },
    }
    local results = parallel {
      function() return client:list_exports() end,
      function()
        return coroutine.wrap(function()
          return client:list_exports({}, { timeout = 20 })
        end)()
      end,
    }
    assert.same({ Exports = {} }, results[2].value)
    assert.same({ Exports = {} }, results[1].value)
  end)

  it("of a group inside of another leaves nothing behind when it was not reached", function()
    local grown
    local function kilobytes(rounds)
      for _ = 1, rounds do
        parallel({ function() end }, { timeout = 3600 })
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    parallel { function()
      kilobytes(20)
      local before = kilobytes(20)
      grown = kilobytes(400) - before
    end }
    assert.is_true(grown < 100, grown .. " KB")
  end)

  it("of a call counts the time of a provider from outside, which cannot be interrupted", function()
    local Stub = require "cloudjobs.stub"
    local stub = Stub.new {}
    local client = cloudjobs.aws.bcm_data_exports {
      transport = stub, region = "us-east-1", env = {},
      credentials = { get = function()
        stub.time = stub.time + 30
        return KEYS
      end },
    }
    local _, err = client:list_exports({}, { timeout = 2 })
    assert.same({ "timeout", 0 }, { err.kind, #stub.requests })
  end)
end)
