--- Starts jobs, and finds those that begin by themselves: the next execution of
--- an export or a window, the run that a start has begun.

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local Interval = require "cloudjobs.base.interval"
local Job = require "cloudjobs.job.job"
local Status = require "cloudjobs.job.status"
local core = require "cloudjobs.core"
local is_transient = require("cloudjobs.job.wait").is_transient
local member = require "cloudjobs.base.path"
local merged = require "cloudjobs.base.merged"
local option = require "cloudjobs.base.options"
local poll = require "cloudjobs.base.poll"
local quote = require "cloudjobs.base.quote"

local OPTIONS = { timeout = "number", interval = "number|table", cancel = "canceller" }

-- Seconds for the search for a run when the response to its start was lost.
local AMBIGUOUS_START_TIMEOUT = 900

-- Epoch seconds, also from ISO-8601.
local function seconds_of(time, what)
  local seconds = type(time) == "string" and core.epoch(time) or time
  if type(seconds) == "string" then
    option.mistake(("%s: option since: expected epoch seconds or ISO-8601 text, got %s"):format(what, quote.word(time)))
  end
  return seconds
end

-- The caller's parameters, checked, and the listing's parameters among them.
local function check_params(kind, params, more, what)
  local known, source = {}, {}
  for _, name in ipairs(kind.listing.params) do
    known[name] = "string"
  end
  for name, expected in pairs(more or {}) do
    known[name] = expected
  end
  params = option.check(params, known, what)
  for _, name in ipairs(kind.listing.params) do
    source[name] = params[name]
  end
  return params, source
end

-- Seconds between two checks whether a run can begin at all.
local REFUSAL_INTERVAL = 600

-- Polls until attempt(limits) returns a record, and gives its job. An error that
-- is final or not transient ends the search.
local function until_found(deadline, kind, client, source, interval, what, attempt)
  local last
  return poll(deadline, Interval.new(interval, kind.interval, what), function(limits)
    local record, err, final = attempt(limits)
    last = err
    if record then
      return true, Job.of_record(kind, client, source, record)
    end
    return err and (final or not is_transient(err)), nil, err
  end, function()
    return last or Error.new {
      kind = "timeout", code = "timeout", message = what .. ": nothing began in the time given",
    }
  end)
end

-- Of a listing's records, the one that began first after `since`.
local function earliest(kind, records, since)
  local best, best_time
  for _, record in ipairs(records) do
    local time = Status.time_at(record, kind.began)
    if time and time > since and (not best_time or time < best_time) then
      best, best_time = record, time
    end
  end
  return best
end

--- Finds the next run that begins after `since`. Where none can begin, since the
--- source is disabled or missing, that is an error at once.
---@param kind cloudjobs.Kind one with `next`
---@param client table
---@param params table those of the kind's listing, and `since`: epoch seconds or ISO-8601, now unless given
---@param options { timeout: number|nil, interval: number|table|nil, cancel: table|nil }|nil
---@return cloudjobs.Job|nil
---@return cloudjobs.Error|nil err
local function find_next(kind, client, params, options)
  local what = "cloudjobs.jobs." .. kind.next.finder
  local source
  params, source = check_params(kind, params, { since = "number|string" }, what)
  options = option.check(options, OPTIONS, what)
  local since = seconds_of(params.since, what) or client:transport():now()
  local request = kind.next.request and kind.next.request(source, since) or source
  local transport = client:transport()
  local deadline = Deadline.new(transport, options.timeout, options.cancel)
  local began, checked = transport:clock(), nil
  local function search()
    local list, err = client:all(kind.listing.operation, request, deadline:poll_page_limits())
    return list and earliest(kind, list, since), err
  end
  return until_found(deadline, kind, client, source, options.interval, what, function()
    local record, err = search()
    local now = transport:clock()
    if record or err or not kind.next.refusal or (checked and now - checked < REFUSAL_INTERVAL) then
      return record, err
    end
    checked = now
    err = kind.next.refusal(client, source, deadline:poll_limits(), now - began)
    -- The last run may have begun since it was listed.
    return err and search(), err, true
  end)
end

-- The ids in the listing before the start, and the time of the service.
local function read_history(kind, client, source, limits)
  local meta = {}
  limits.meta = meta
  local output, err = client[kind.listing.operation](client, source, limits)
  if not output then
    return nil, err
  end
  local known = {}
  for _, record in ipairs(member.records(output, kind.listing.items)) do
    known[kind.record_id(record) or ""] = true
  end
  return known, meta.date and core.epoch(meta.date) or client:transport():now()
end

-- Of the listing's records, the newest that was not there before the start.
local function newest(kind, output, known, params, since)
  local best, best_time
  for _, record in ipairs(member.records(output, kind.listing.items)) do
    local id, time = kind.record_id(record), Status.time_at(record, kind.began) or 0
    if id and not known[id] and kind.run.is_ours(record, params, since) and (not best or time > best_time) then
      best, best_time = record, time
    end
  end
  return best
end

-- Starts a run whose id the response does not name, and searches the listing,
-- compared with the one from before, for it.
local function start_and_search(kind, client, params, source, options, what)
  local deadline = Deadline.new(client:transport(), options.timeout, options.cancel)
  local known, since = read_history(kind, client, source, deadline:limits())
  if not known then
    return nil, since
  end
  local started, doubt = kind.run.start(client, params, deadline:limits())
  if not started and not doubt.ambiguous then
    return nil, doubt
  elseif doubt and not options.timeout then
    deadline = Deadline.new(client:transport(), AMBIGUOUS_START_TIMEOUT, options.cancel)
  end
  local job, err = until_found(deadline, kind, client, source, options.interval, what, function(limits)
    local output, problem = client[kind.listing.operation](client, source, limits)
    return newest(kind, output, known, params, since), problem
  end)
  if not job and doubt then
    err.ambiguous, err.cause = true, doubt
  end
  return job, err
end

-- Starts a standing job. The poll before the start is what its next outcome is compared with.
local function start_standing(kind, client, params, options)
  local deadline = Deadline.new(client:transport(), options.timeout, options.cancel)
  local job = Job.new(kind, client, params)
  local ok, err = job:poll(deadline:limits())
  if ok then
    ok, err = job:start()
  end
  return ok and job, err
end

-- The ids of the job from the response; the others are in the parameters.
local function ids_of(kind, output, params)
  local ids = {}
  for _, list in ipairs { kind.params, kind.optional or {} } do
    for _, name in ipairs(list) do
      local path = kind.run.ids[name]
      local value = path and member.at(output, path, "string") or params[name]
      ids[name] = type(value) == "string" and value or nil
    end
  end
  for _, name in ipairs(kind.params) do
    if not ids[name] then
      return nil, Error.new {
        kind = "response", code = "no_id", message = ("the response to the start names no %s"):format(name),
        service = kind.service_id, operation = kind.run.operation,
      }
    end
  end
  return ids
end

-- Starts a run by the operation of the kind's data. A name that is its own token may have been started before.
local function start_by_data(kind, client, params, limits)
  local start, request = kind.run, params
  if start.token and params[start.token] == nil then
    request = merged(params, { [start.token] = core.uuid() })
  end
  local output, err = client[start.operation](client, request, limits)
  if not output and not (start.already and start.already[err.code]) then
    return nil, err
  end
  return ids_of(kind, output or {}, params)
end

--- Starts a run and gives it as a job.
---@param kind cloudjobs.Kind one with `run`
---@param client table
---@param params table the kind's parameters without the id of the run, and those of `kind.run.params`; where a kind
---   names only the operation that starts it, that operation's
---@param options { timeout: number|nil, interval: number|table|nil, cancel: table|nil }|nil
---@return cloudjobs.Job|nil
---@return cloudjobs.Error|nil err `ambiguous` when the run may have begun
local function run(kind, client, params, options)
  local what = "cloudjobs.jobs." .. (kind.run.finder or kind.kind)
  options = option.check(options, OPTIONS, what)
  if kind.start then
    return start_standing(kind, client, params, options)
  elseif kind.run.is_ours then
    local source
    params, source = check_params(kind, params, kind.run.params, what)
    return start_and_search(kind, client, params, source, options, what)
  end
  local start = kind.run.start
  if start then
    params = option.check(params, kind.run.params or {}, what)
  end
  local deadline = Deadline.new(client:transport(), options.timeout, options.cancel)
  local ids, err
  if start then
    ids, err = start(client, params, deadline:limits())
  else
    ids, err = start_by_data(kind, client, params or {}, deadline:limits())
  end
  if not ids then
    return nil, err
  end
  return Job.new(kind, client, ids)
end

return { next = find_next, run = run }
