local Nginx = require "spec.support.nginx"

-- `steps` is what happened, in order.
local HTTP = [[
  init_by_lua_block {
    cloudjobs = require "cloudjobs"
    transport = cloudjobs.transport.default()
  }
]]

Nginx.on_each(describe, setup, "cloudjobs.parallel inside nginx", function()
  local nginx

  setup(function()
    nginx = Nginx.start { http = HTTP }
  end)

  teardown(function()
    nginx:stop()
  end)

  it("is the default transport's own light threads", function()
    local seen = nginx:run [[
      local steps, functions = {}, {}
      for i = 1, 3 do
        functions[i] = function()
          table.insert(steps, "begin " .. i)
          transport:sleep(0.003 * (4 - i))
          table.insert(steps, "end " .. i)
          return i * 10
        end
      end
      local results = cloudjobs.parallel(functions)
      return { steps = steps, n = results.n, third = results[3].value, loaded = package.loaded["cloudjobs.curl"] ~= nil }
    ]]
    assert.same({
      steps = { "begin 1", "begin 2", "begin 3", "end 3", "end 2", "end 1" }, n = 3, third = 30, loaded = false,
    }, seen)
  end)

  it("waits for its functions under a limit that is longer than nginx counts", function()
    assert.same({ 7 }, nginx:run [[
      local results = cloudjobs.parallel({ function() transport:sleep(0.003) return assert(transport:sleep(0.003)) and 7 end }, { timeout = 1764554251 })
      return { results[1].value or tostring(results[1].err) }
    ]])
  end)

  it("keeps to its concurrency, and an error to its own result", function()
    local seen = nginx:run [[
      local running, most, functions = 0, 0, {}
      for i = 1, 9 do
        functions[i] = function()
          running = running + 1
          most = math.max(most, running)
          transport:sleep(0.001)
          running = running - 1
          if i == 4 then error("raised", 0) end
          if i == 5 then return nil, "returned" end
          return i
        end
      end
      local results = cloudjobs.parallel(functions, { concurrency = 2 })
      return { most = most, raised = results[4].err, returned = results[5].err, last = results[9].value }
    ]]
    assert.same({ most = 2, raised = "raised", returned = "returned", last = 9 }, seen)
  end)

  it("ends at its timeout or by its canceller, also inside another group", function()
    local seen = nginx:run [[
      local cancel = cloudjobs.canceller()
      local function long()
        transport:sleep(3600)
        return "slept"
      end
      local timed = cloudjobs.parallel({ long }, { timeout = 0.01 })
      local inner
      local outer = cloudjobs.parallel({
        function() inner = cloudjobs.parallel({ long }, { timeout = 3600 }) return "outer" end,
        function() cancel:cancel("enough") end,
      }, { cancel = cancel })
      local again = cloudjobs.parallel({ long }, { cancel = cancel })
      return { again[1].err.message, inner[1].err.message, outer.n, timed[1].value }
    ]]
    assert.same({ "enough", "enough", 2, "slept" }, seen)
  end)

  it("ends the wait for a job when its time is over, and holds no worker up", function()
    assert.equal("timeout", nginx:run [[
      local running = '{"ExecutionId":"x","ExecutionStatus":{"StatusCode":"QUERY_QUEUED"}}'
      local client = cloudjobs.aws.bcm_data_exports {
        transport = setmetatable({ send = function() return { status = 200, headers = {}, body = running } end },
          { __index = transport }),
        region = "us-east-1", credentials = { access_key_id = "a", secret_access_key = "b" },
      }
      local job = cloudjobs.jobs.export_execution(client, { ExportArn = ("arn:"):rep(6), ExecutionId = "x" })
      return cloudjobs.parallel({ function() return job:wait() end }, { timeout = 0.05 })[1].err.kind
    ]])
  end)

  it("is what cloudjobs.watch follows jobs with", function()
    local states = nginx:run [[
      local Stub = require "cloudjobs.stub"
      local function job(id, ending)
        local answers = {}
        for i, code in ipairs { "QUERY_IN_PROCESS", ending } do
          answers[i] = { body = { ExecutionId = id, ExecutionStatus = { StatusCode = code } } }
        end
        local client = cloudjobs.aws.bcm_data_exports {
          transport = Stub.new(answers), region = "us-east-1", credentials = { access_key_id = "a", secret_access_key = "b" },
        }
        return cloudjobs.jobs.export_execution(client, { ExportArn = "arn:aws:bcm-data-exports:::export/" .. id, ExecutionId = id })
      end
      local seen = {}
      cloudjobs.watch({ job("one", "DELIVERY_SUCCESS"), job("two", "QUERY_FAILURE") }, {
        on_change = function(status) seen[#seen + 1] = status.id .. " " .. status.state end,
      })
      return seen
    ]]
    assert.same({ "one running", "one succeeded", "two running", "two failed" }, states)
  end)

  it("says where nginx lets nothing wait", function()
    local other = Nginx.start {
      http = HTTP .. [[
        lua_shared_dict seen 1m;
        init_worker_by_lua_block {
          local _, message = pcall(cloudjobs.parallel, { function() end })
          ngx.shared.seen:set("message", message)
          local client = cloudjobs.aws.bcm_data_exports {
            region = "us-east-1", env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1:1/keys" },
          }
          local ran, output, err = pcall(client.list_exports, client, {}, { timeout = 1764554251 })
          ngx.shared.seen:set("call", ran and output == nil and tostring(err))
        }
      ]],
    }
    local messages = other:run "return { ngx.shared.seen:get('message'), ngx.shared.seen:get('call') }"
    other:stop()
    for i = 1, 2 do -- of parallel, and of a call whose keys are to be fetched in its time
      assert.matches("nginx lets nothing wait in its phase init_worker", messages[i])
    end
  end)

  it("leaves a long sleep when its worker shuts down, so that a reload is not delayed", function()
    nginx:spawn [[
      local _, err = transport:sleep(3600)
      ngx.log(ngx.NOTICE, "the sleeper: ", err.code)
    ]]
    local before = nginx:workers()[1]
    nginx:signal("HUP")
    Nginx.eventually("the old worker has gone", function()
      local workers = nginx:workers()
      return #workers == 1 and workers[1] ~= before
    end)
    assert.matches("the sleeper: exiting", nginx:log())
  end)
end)
