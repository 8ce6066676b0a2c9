--- The client's side of spec/data/faults.lua, on any transport: a call that meets the fault, and two more. Each carries
--- an id that its response has to repeat. Runs inside nginx, too, so it requires nothing.

local ACKNOWLEDGED = 0.06 -- seconds for a segment that its system holds back until another one is acknowledged
local BODY = ("x"):rep(300000)

-- Sends a request for `path`, to `origin` where one is given; gives "own", "stray" and what came, a status or an error's code.
local function call(transport, case, path, id, options, origin)
  local body = options.body and BODY or nil
  local response, err = transport:send {
    method = body and "POST" or options.method or "GET",
    url = ("%s/%s?id=%s"):format(origin or case.url, path, id),
    headers = { ["x-id"] = id },
    body = body,
    timeout = options.timeout,
    network = not origin and case.network or nil,
  }
  if not response then
    return err.code
  elseif response.headers["x-id"] == id then
    return "own"
  end
  return response.headers["x-id"] or ("%d"):format(response.status)
end

--- Meets the fault of one case.
---@param transport table
---@param case table name, url, timeout (of the faulty call, in seconds), method, body (whether to send one), network;
---   fresh: the fault is on the first connection, else on one that has carried a call; sent_at: another origin of the
---   server, which is asked whether the fault was sent whole before the client goes on
---@return table seen the outcomes before, fault, first and second; elapsed seconds of the faulty call
local function meet(transport, case)
  local seen = {}
  if not case.fresh then
    seen.before = call(transport, case, "ok", case.name .. ".before", { timeout = 10 })
  end
  local started = transport:clock()
  seen.fault = call(transport, case, "fault", case.name .. ".fault", case)
  seen.elapsed = transport:clock() - started
  if case.sent_at then
    seen.sent = call(transport, case, "sent", case.name .. ".fault", { timeout = 10 }, case.sent_at)
    transport:sleep(ACKNOWLEDGED)
  end
  seen.first = call(transport, case, "ok", case.name .. ".first", { timeout = 10 })
  seen.second = call(transport, case, "ok", case.name .. ".second", { timeout = 10 })
  return seen
end

return { call = call, meet = meet }
