--- One job: looks at its record, waits for its end. What distinguishes the
--- kinds stands in jobs/; what a state is called, in status.lua.

local Error = require "cloudjobs.base.error"
local JobWait = require "cloudjobs.job.poll"
local Status = require "cloudjobs.job.status"
local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"
local ref = require "cloudjobs.job.ref"
local suggest = require "cloudjobs.base.suggest"

local WAIT_OPTIONS = {
  timeout = "number",
  interval = "number|table",
  on_change = "function",
  on_poll = "function",
  cancel = "table",
  not_found_grace = "number",
  expect = "string",
  detail = "boolean",
}
local STATUS_OPTIONS = { detail = "boolean", timeout = "number", cancel = "table" }

local NOTHING = {}

---@class cloudjobs.Job
---@field id string
---@field kind string
local Job = {}
local job_mt = { __name = "cloudjobs.job", __index = Job }

function job_mt.__tostring(self)
  return self.kind .. " " .. self.id
end

local function digest(text)
  return text and core.sha256(text):sub(1, 16) or ""
end

--- The error for a job that its listing does not name.
---@return cloudjobs.Error
function Job:not_found()
  return Error.new {
    kind = "job",
    code = "not_found",
    message = ("%s is not in the listing of its kind"):format(tostring(self)),
  }
end

--- The listing that would answer for this job too, nil when the kind has
--- none or the job does not know its parameters.
---@return { operation: string, params: table, items: string, key: string }|nil
function Job:listing()
  local listing = self._kind.listing
  if not listing then
    return nil
  end
  local params, key = {}, { listing.operation }
  for i, name in ipairs(listing.params) do
    params[name] = self.params[name]
    if params[name] == nil then
      return nil
    end
    key[i + 1] = params[name]
  end
  return { operation = listing.operation, params = params, items = listing.items, key = table.concat(key, "\n") }
end

-- The job's own record: from its operation, or out of its listing.
local function fetch(self, call_options)
  local kind, client = self._kind, self._client
  if kind.operation then
    return client[kind.operation](client, self._request, call_options)
  end
  local listing = self:listing()
  local output, err = client[listing.operation](client, listing.params, call_options)
  if not output then
    return nil, err
  end
  for _, record in ipairs(member.records(output, listing.items)) do
    if kind.record_id(record) == self.id then
      return record
    end
  end
  return nil, self:not_found()
end

--- Reads a record that a listing or the job's operation gave.
---@param record table
---@return cloudjobs.Status
function Job:read(record)
  local kind = self._kind
  local outcome
  if kind.outcome then
    local seen = kind.first_look(record, digest)
    local since = self.since
    since.success = since.success or seen.success
    since.failure = since.failure or seen.failure
    outcome = kind.outcome(record, since, digest)
  end
  return Status.new(kind, record, self.id, outcome)
end

--- Looks once, within what `limits` say of time and cancelling, or nil.
---@param limits { timeout: number|nil, cancel: table|nil }|nil
---@return cloudjobs.Status|nil
---@return cloudjobs.Error|nil err
function Job:look(limits)
  local record, err = fetch(self, limits)
  if not record then
    return nil, err
  end
  return self:read(record)
end

-- What happened inside, into the status; nil and the error when that cannot be had.
-- `limits` gives what is left of the time for each request.
local function add_detail(self, status, limits)
  local err
  if self._kind.detail then
    status.detail, err = self._kind.detail(self._client, self.params, limits)
  end
  if err then
    return nil, err
  end
  return status
end

-- Gives, whenever it is asked, what is left of the options' time.
local function limits_of(self, options)
  local transport = self._client:transport()
  local deadline = options.timeout and transport:clock() + options.timeout
  return function()
    return { timeout = deadline and math.max(deadline - transport:clock(), 0), cancel = options.cancel }
  end
end

--- Looks once.
---@param options { detail: boolean|nil, timeout: number|nil, cancel: table|nil }|nil
---   detail: what happened inside, where the kind tells; timeout: seconds
---@return cloudjobs.Status|nil
---@return cloudjobs.Error|nil err
function Job:status(options)
  options = option.check(options, STATUS_OPTIONS, "status")
  local limits = limits_of(self, options)
  local status, err = self:look(limits())
  if status and options.detail then
    status, err = add_detail(self, status, limits)
  end
  if not status then
    return nil, err
  end
  return status
end

--- Whether an error says that there is no such job.
---@param err cloudjobs.Error
---@return boolean
function Job:is_missing(err)
  return err.code == "not_found" or (err.kind == "service" and self._kind.missing[err.code] == true)
end

-- A job that has ended, and whose detail cannot be had.
local function untold(status, cause)
  return Error.new {
    kind = "job",
    code = "detail",
    message = ("%s; what happened inside could not be told: %s"):format(tostring(status), tostring(cause)),
    status = status,
    cause = cause,
  }
end

-- A state misspelt would make every end an error.
local function check_expect(state)
  for _, known in ipairs(Status.ENDS) do
    if state == nil or state == known then
      return
    end
  end
  option.mistake(("wait: option expect: no job ends as %s%s"):format(state, suggest(state, Status.ENDS)))
end

--- Waits for the job's end. Transient errors on the way do not end the wait.
---@param options table|nil
---   timeout: seconds in all, on a clock that nobody sets; without it the wait has no end of its own
---   interval: seconds between looks, or `{ start, growth, cap, jitter }`; each kind has good ones
---   on_change(status, job): at the first look and at each change; on_poll(status, job): at each look
---   cancel: a canceller
---   not_found_grace: seconds in which a job just started may not be found (60)
---   expect: a state; any other end is `nil, err` of kind "job" with the status in `err.status`
---   detail: fills `status.detail` of the last status, where the kind has it; an error of kind "job" has the status
---   when that fails
---@return cloudjobs.Status|nil
---@return cloudjobs.Error|nil err kind "job", "timeout", "cancelled", or the error that made looking impossible
function Job:wait(options)
  options = option.check(options, WAIT_OPTIONS, "wait")
  check_expect(options.expect)
  local wait = JobWait.begin(self, JobWait.plan(self, options))
  local transport = wait.plan.transport
  while true do
    local over, status, err = wait:take(wait:look())
    if over then
      -- Another end than the one expected stands in the error.
      local last = status or err.kind == "job" and err.status
      if last and options.detail then
        local told, problem = add_detail(self, last, function()
          return wait:limits()
        end)
        if not told and status then
          return nil, untold(last, problem)
        elseif not told then
          err.cause = problem
        end
      end
      if not status then
        return nil, err
      end
      return status
    end
    local pause
    pause, err = wait:pause()
    if not pause then
      return nil, err
    end
    local _, ended = transport:sleep(pause, options.cancel)
    if ended then
      return nil, ended
    end
  end
end

--- A short text with which another process can take the job up: cloudjobs.jobs.open.
---@return string
function Job:ref()
  local fields = { since = self.since.success, failure = self.since.failure }
  for name, value in pairs(self._client:settings()) do
    fields[name] = value
  end
  for name, value in pairs(self.params) do
    fields[name] = value
  end
  return ref.format(self.kind, fields)
end

-- A method that runs one of the kind's operations on the job.
local function command(name, refusal)
  return function(self)
    local operation = self._kind[name]
    if not operation then
      return nil, Error.new { kind = "job", code = "unsupported", message = ("%s %s"):format(self.kind, refusal) }
    end
    local output, err = self._client[operation](self._client, self._request)
    if not output then
      return nil, err
    end
    return true
  end
end

--- Asks the service to end the job; its end is still waited for.
---@return boolean|nil true when the service took the request
---@return cloudjobs.Error|nil
Job.cancel = command("cancel", "cannot be cancelled")
Job.start = command("start", "cannot be started")
Job.stop = command("stop", "cannot be stopped")

--- Raises for what is no client of the kind's service.
local function check_client(kind, client, what)
  if type(client) ~= "table" or not client._context then
    option.mistake(("%s: expected a client, got %s"):format(what, type(client)))
  end
  local service = client._context.model.service.id
  if service ~= kind.service_id then
    option.mistake(("%s: expected a client of %s, got one of %s"):format(what, kind.service_id, service))
  end
end

--- A job of `kind` with `params`; raises at the caller's line for a missing or unknown one.
---@param kind table see jobs/
---@param client table
---@param params table<string, string>
local function new(kind, client, params)
  local what = "cloudjobs.jobs." .. kind.kind
  check_client(kind, client, what)
  local known = { since = "table|number" }
  for _, list in ipairs { kind.params, kind.optional or {} } do
    for _, name in ipairs(list) do
      known[name] = "string"
    end
  end
  params = option.check(params, known, what)
  local own, request, settings = {}, {}, client:settings()
  for _, name in ipairs(kind.params) do
    -- A client for one scope gives it to its jobs.
    local value = params[name] or settings[name]
    if not value then
      option.mistake(("%s: expected %s"):format(what, name))
    end
    own[name], request[name] = value, value
  end
  local has_more = false
  for _, name in ipairs(kind.optional or {}) do
    own[name] = params[name]
    has_more = has_more or params[name] ~= nil
  end
  local since = params.since
  if type(since) == "number" then
    since = { success = since }
  end
  -- Thousands are watched: a table that says nothing more is not kept.
  return setmetatable({
    kind = kind.kind,
    id = own[kind.id],
    params = own,
    -- What a standing job's later looks are compared with.
    since = since or (kind.outcome and {} or NOTHING),
    _kind = kind,
    _client = client,
    _request = has_more and request or own,
  }, job_mt)
end

return {
  new = new,
  check_client = check_client,
}
