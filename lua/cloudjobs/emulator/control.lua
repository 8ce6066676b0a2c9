--- The emulator's own endpoints, under /_emulator/: its clock, ordered outcomes,
--- faults, the requests it has received, seeds and reset. JSON both ways, unsigned.

local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"

local YEAR_10000 = 253402300800
local PREFIX = "/_emulator/"

-- The members of each control's body.
local CLOCK = { set = "number|string", advance = "number", speed = "number" }
local FACTS = { subscription = "string", pay_as_you_go = "boolean", storage_account = "string", shared_key = "boolean" }
local WINDOW = { WindowId = "string" }
local STEP = {
  service = "string", operation = "string", params = "table", account = "string", region = "string",
  method = "string", path = "string", query = "string", body = "table", at = "number|string", ago = "number",
}

local function json(status, body)
  return { status = status, headers = { ["content-type"] = "application/json" }, body = core.json_encode(body) }
end

local function bad(message)
  return json(400, { message = message })
end

--- Raises the problem of a control's body without a place: that is in
--- another process, whose client adds it.
local function check(words, known, what)
  local problem = option.problem_in(words, known, what)
  if problem then
    error(problem, 0)
  end
end

local function clock_view(world)
  return { now = world.clock:now(), speed = world.clock:speed(), wall = world.wall() }
end

--- A time in a control's body, epoch seconds or ISO-8601; nil where it is none
--- that a date can show.
local function time_of(value)
  local time = type(value) == "string" and core.epoch(value) or tonumber(value)
  return time and time >= 0 and time < YEAR_10000 and time or nil
end

local routes = {}

routes["GET clock"] = function(app)
  return json(200, clock_view(app.world))
end

routes["POST clock"] = function(app, body)
  check(body, CLOCK, "clock")
  local clock = app.world.clock
  local start = body.set == nil and clock:now() or time_of(body.set)
  local time = start and time_of(start + (body.advance or 0))
  if not time then
    return bad "set: expected epoch seconds or ISO-8601; advance: seconds"
  elseif body.speed and body.speed < 0 then
    return bad "speed: expected 0 or more"
  end
  clock:set(time)
  clock:speed(body.speed)
  app:advance()
  return json(200, clock_view(app.world))
end

--- One of something, or a list of them.
local function each(body, add)
  for _, one in ipairs(body[1] and body or { body }) do
    local ok, message = add(one)
    if not ok then
      return bad(message)
    end
  end
  return json(200, {})
end

routes["POST outcomes"] = function(app, body)
  return each(body, function(order)
    check(order, app.world.outcomes.MEMBERS, "outcome")
    return app.world.outcomes:order(order)
  end)
end

routes["POST faults"] = function(app, body)
  return each(body, function(rule)
    check(rule, app.faults.MEMBERS, "fault")
    return app.faults:add(rule)
  end)
end

routes["DELETE faults"] = function(app)
  app:clear_faults()
  return json(200, {})
end

routes["GET requests"] = function(app)
  return json(200, { requests = setmetatable(app.requests, core.array_mt) })
end

routes["DELETE requests"] = function(app)
  app.requests = {}
  return json(200, {})
end

--- Facts about Azure's world: `{ subscription, pay_as_you_go }`, `{ storage_account, shared_key }`.
routes["POST suppose"] = function(app, body)
  check(body, FACTS, "suppose")
  if not (body.subscription or body.storage_account) then
    return bad "suppose: expected a subscription or a storage_account"
  end
  app.azure:suppose(body)
  return json(200, {})
end

--- Opens a maintenance window at once.
routes["POST open_window"] = function(app, body)
  check(body, WINDOW, "open_window")
  local id = app.aws:state("ssm"):open(body.WindowId, app.world.clock:now())
  if not id then
    return bad "no such window"
  end
  return json(200, { WindowExecutionId = id })
end

local function carry_out(app, step)
  if step.path then
    return app.azure:seed {
      method = step.method or "PUT",
      path = step.path,
      query = step.query or "api-version=2025-03-01",
      headers = {},
      body = step.body and core.json_encode(step.body) or "",
    }
  end
  local caller = { account = step.account or app.world.account, region = step.region or app.world.region }
  return app.aws:seed(step.service, step.operation, step.params or {}, caller)
end

--- Carries out one step of a seed at its own time. Gives its output, or nil and a message.
local function seed_step(app, step)
  local clock = app.world.clock
  local now = clock:now()
  clock:set(step.at and time_of(step.at) or now - (step.ago or 0))
  local ok, result = pcall(carry_out, app, step)
  clock:set(now)
  if not ok then
    return nil, tostring(result)
  end
  return result or {}
end

--- Steps `{ service, operation, params }` or `{ method, path, query, body }`,
--- each with `at` or `ago` (seconds) for the time it happens at. The state is as
--- if the calls had been made then.
routes["POST seed"] = function(app, body)
  local outputs = {}
  for i, step in ipairs(body) do
    check(step, STEP, ("step %d"):format(i))
    local output, message = seed_step(app, step)
    if not output then
      return bad(("step %d: %s"):format(i, message))
    end
    outputs[i] = output
  end
  return json(200, { outputs = setmetatable(outputs, core.array_mt) })
end

routes["POST reset"] = function(app)
  app:reset()
  return json(200, {})
end

--- Whether a request is for these endpoints.
local function is_for(request)
  return request.path:sub(1, #PREFIX) == PREFIX
end

--- Responds to a request to these endpoints.
local function respond(app, request)
  local route = routes[request.method .. " " .. request.path:sub(#PREFIX + 1)]
  if not route then
    return json(404, { message = "no such control" })
  end
  local body, message = {}, nil
  if request.body ~= "" then
    body, message = core.json_decode_strict(request.body)
  end
  if type(body) ~= "table" then
    return bad(message or "the body is not an object")
  end
  local ok, response = pcall(route, app, body)
  return ok and response or bad(tostring(response))
end

return { is_for = is_for, respond = respond }
