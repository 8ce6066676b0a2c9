--- The waiters that a service's own model brings. The client is passed in.

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local Interval = require "cloudjobs.base.interval"
local jmespath = require "cloudjobs.base.jmespath"
local poll = require "cloudjobs.base.poll"

local OPTIONS = { timeout = "number", interval = "number|table", on_poll = "function", cancel = "canceller" }

-- A path's value against what an acceptor expects; each is given the list or value found.
local MATCHERS = {
  path = function(found, expected)
    return found == expected
  end,
  pathAll = function(found, expected)
    if not jmespath.is_list(found) or #found == 0 then
      return false
    end
    for _, value in ipairs(found) do
      if value ~= expected then
        return false
      end
    end
    return true
  end,
  pathAny = function(found, expected)
    for _, value in ipairs(jmespath.is_list(found) and found or {}) do
      if value == expected then
        return true
      end
    end
    return false
  end,
}

local function compile(acceptor)
  local expected = acceptor.expected
  if acceptor.matcher == "status" then
    return function(_, _, meta)
      return meta.status == expected
    end
  elseif acceptor.matcher == "error" then
    return function(_, err)
      if type(expected) == "boolean" then
        return (err ~= nil) == expected
      end
      return err ~= nil and err.code == expected
    end
  end
  local matcher = MATCHERS[acceptor.matcher]
  local search = jmespath.compile(acceptor.argument)
  return function(output)
    return output ~= nil and matcher(search(output), expected)
  end
end

local compiled = setmetatable({}, { __mode = "k" })

local function acceptors_of(waiter)
  local made = compiled[waiter]
  if not made then
    made = {}
    for i, acceptor in ipairs(waiter.acceptors) do
      made[i] = { state = acceptor.state, matches = compile(acceptor), expected = acceptor.expected }
    end
    compiled[waiter] = made
  end
  return made
end

local function judge(acceptors, output, err, meta)
  for _, acceptor in ipairs(acceptors) do
    if acceptor.matches(output, err, meta) then
      return acceptor.state, acceptor.expected
    end
  end
end

local function failure(name, state, cause, output)
  return Error.new {
    kind = "job",
    code = tostring(state),
    message = ("%s: the wait ended in failure"):format(name),
    cause = cause,
    output = output,
  }
end

local function out_of_time(name, cause)
  return Error.new {
    kind = "timeout",
    code = "timeout",
    message = ("%s: not reached in the time given"):format(name)
      .. (cause and "; the last poll failed: " .. tostring(cause) or ""),
    cause = cause,
  }
end

--- Polls until an acceptor matches success or failure. Throttling and lost
--- answers that no acceptor speaks of do not end the wait.
---@param client table
---@param waiter table `{ operation, delay, max_attempts, acceptors }`
---@param name string
---@param params table|nil
---@param options table timeout: seconds in all (the model's delay times its attempts)
---@return table|nil output
---@return cloudjobs.Error|nil err
local function run(client, waiter, name, params, options)
  local acceptors = acceptors_of(waiter)
  local timeout = options.timeout or waiter.delay * waiter.max_attempts
  local deadline = Deadline.new(client:transport(), timeout, options.cancel)
  local interval = Interval.new(options.interval, {
    start = waiter.delay, growth = 1.5, cap = math.max(120, waiter.delay), floor = 0,
  }, name)
  local last
  return poll(deadline, interval, function(limits)
    limits.meta = {}
    local output, err = client[waiter.operation](client, params, limits)
    -- A call whose time was over has the error of its last attempt as its cause.
    local is_over = err and err.kind == "timeout"
    last = is_over and err.cause or err
    if options.on_poll then
      options.on_poll(output, err)
    end
    local state, expected = judge(acceptors, output, err, limits.meta)
    if state == "success" then
      return true, output or {}
    elseif state == "failure" then
      return true, nil, failure(name, expected, err, output)
    end
    return not state and err and not err.retryable and not is_over, nil, err
  end, function()
    return out_of_time(name, last)
  end)
end

return { OPTIONS = OPTIONS, run = run }
