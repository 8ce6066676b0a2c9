--- Clients on the emulator's app without sockets: a stub transport whose
--- responses are the app's, one clock for both, and a `parallel` in virtual time.

local App = require "cloudjobs.emulator.app"
local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local scheduler = require "spec.support.scheduler"

local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"

local World = {}
local world_mt = { __index = World }

-- The response as the emulator's sockets send it. Gives the request's sink the body, or what of it is sent before the
-- connection is closed.
local function deliver(request, response)
  local sink, body = request.sink, response.body
  response.headers["content-length"] = tostring(#body)
  if request.method == "HEAD" then
    response.body = ""
    return response
  end
  local is_cut = response.cut and response.cut < #body
  if not is_cut and (not sink or response.status > 299) then
    return response
  elseif sink then
    response.body = ""
    local ok, err = sink:start(response)
    local piece = is_cut and body:sub(1, response.cut) or body
    if ok and piece ~= "" then
      ok, err = sink:write(piece)
    end
    if not ok then
      return nil, err
    end
  end
  if is_cut then
    return nil, Error.new { kind = "transport", code = "closed", message = "the body broke off", retryable = true }
  end
  return response
end

--- Options are the app's.
local function new(options)
  local stub = Stub.new({}, { time = 1795305600 }) -- 2026-11-22T00:00:00Z
  local given = {
    wall = function()
      return stub.time
    end,
  }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  local app = App.new(given)
  local self = setmetatable({ stub = stub, parallel = scheduler.new(stub), app = app }, world_mt)
  function stub.send(_, request)
    stub.requests[#stub.requests + 1] = request
    local path, query = request.url:match("^%a+://[^/]*([^?]*)%??(.*)$")
    return deliver(request, app {
      method = request.method, path = path, query = query, headers = request.headers, body = request.body or "",
    })
  end
  return self
end

--- An AWS client of the account that the key belongs to.
function World:aws(service, key, secret)
  return cloudjobs.aws[service] {
    transport = self.stub,
    endpoint = "http://127.0.0.1",
    region = "us-east-1",
    env = {},
    credentials = { access_key_id = key or "AKIDEMULATOR", secret_access_key = secret or "emulator-secret" },
  }
end

function World:azure(service)
  return cloudjobs.azure[service or "cost_exports"] {
    transport = self.stub, endpoint = "http://127.0.0.1", env = {}, scope = SCOPE,
    credentials = { token = "emulator-token" },
  }
end

--- An AWS export's document.
function World.export(name)
  return {
    Name = name,
    DataQuery = { QueryStatement = "SELECT line_item_unblended_cost FROM COST_AND_USAGE_REPORT" },
    DestinationConfigurations = { S3Destination = {
      S3Bucket = "bucket", S3Prefix = "prefix", S3Region = "us-east-1",
      S3OutputConfigurations = {
        OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
      },
    } },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
  }
end

--- An Azure export's document.
function World.azure_export(schedule)
  return { properties = {
    format = "Csv",
    definition = { type = "ActualCost", timeframe = "MonthToDate", dataSet = { granularity = "Daily" } },
    deliveryInfo = { destination = {
      resourceId = "/" .. SCOPE .. "/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/lakecosts01",
      container = "costs", rootFolderPath = "demo",
    } },
    schedule = schedule or { status = "Inactive" },
  } }
end

--- Orders how a job to come ends, injects a fault: see the emulator's controls.
function World:control(method, name, body)
  local response = self.app {
    method = method, path = "/_emulator/" .. name, query = "", headers = {}, body = body and core.json_encode(body) or "",
  }
  assert(response.status == 200, response.body)
end

return { new = new, SCOPE = SCOPE }
