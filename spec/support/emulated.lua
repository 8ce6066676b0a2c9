--- The emulator's app with everything fixed: a wall clock that specs move, ids
--- that count, requests signed by our own signer.

local App = require "cloudjobs.emulator.app"
local core = require "cloudjobs.core"
local model = require "cloudjobs.model"

local START = 1795305600 -- 2026-11-22T00:00:00Z
local SUBSCRIPTION = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"

local Emulated = {}
local emulated_mt = { __index = Emulated }

--- Options are the app's.
local function new(options)
  local self = setmetatable({ time = START, _count = 0, _calls = 0 }, emulated_mt)
  local given = {
    wall = function()
      return self.time
    end,
    uuid = function()
      self._count = self._count + 1
      return ("%08x-0000-4000-8000-000000000000"):format(self._count)
    end,
  }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  self._app = App.new(given)
  return self
end

--- The raw app.
function Emulated:respond(request)
  request.headers = request.headers or {}
  request.body = request.body or ""
  return self._app(request)
end

--- A signed request for an operation. `how`: key, secret, token, region,
--- service (of the scope), time, body, target.
function Emulated:signed(service, operation, params, how)
  how = how or {}
  local of = model.load(service)
  local op = of:operation(operation)
  self._calls = self._calls + 1
  local token = "call " .. self._calls
  local body = how.body or op and op.input and assert(core.encode(op.input, params or {}, token)) or "{}"
  local headers = {
    host = "127.0.0.1",
    ["content-type"] = "application/x-amz-json-1.1",
    ["x-amz-target"] = how.target or of.service.target .. "." .. operation,
  }
  local signer = core.signer(how.key or "AKIDEMULATOR", how.secret or "emulator-secret", how.token)
  local way = {
    method = "POST", path = "/", query = "", region = how.region or "us-east-1",
    service = how.service or of.service.signing,
  }
  return {
    method = "POST",
    path = "/",
    headers = core.read_fields(signer:sign(assert(core.request_headers(headers, nil, way)), body, how.time or self.time)),
    body = body,
  }
end

--- Calls an AWS operation. Gives its output, or nil and the error's document
--- with its status.
function Emulated:aws(service, operation, params, how)
  local response = self:respond(self:signed(service, operation, params, how))
  if response.status == 200 then
    local output = model.load(service):operation(operation).output
    return output and assert(core.decode(output, response.body)) or {}
  end
  local document = core.json_decode(response.body)
  document.status = response.status
  return nil, document
end

--- Calls Azure. `path` begins behind the subscription's exports. Gives the
--- status, the document and the headers.
function Emulated:azure(method, path, document, how)
  how = how or {}
  local tail, query = path:match("^([^?]*)%??(.*)$")
  local scope = how.scope or SUBSCRIPTION
  local response = self:respond {
    method = method,
    path = ("/%s/providers/Microsoft.CostManagement/exports%s"):format(scope, tail),
    query = query ~= "" and query or "api-version=2025-03-01",
    headers = { host = how.host, authorization = how.authorization or "Bearer emulator-token" },
    body = type(document) == "table" and assert(core.json_encode(document)) or document,
  }
  return response.status, response.body ~= "" and core.json_decode(response.body) or nil, response.headers
end

--- Calls a control; gives its document.
function Emulated:control(method, name, body)
  local response = self:respond { method = method, path = "/_emulator/" .. name, body = body and core.json_encode(body) }
  local document = core.json_decode(response.body)
  assert(response.status == 200, document.message)
  return document
end

--- Lets so many seconds pass for the jobs.
function Emulated:pass(seconds)
  self:control("POST", "clock", { advance = seconds })
end

return { new = new, START = START, SUBSCRIPTION = SUBSCRIPTION }
