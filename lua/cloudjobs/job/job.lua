--- One job: reads its record, waits for its end. The differences between kinds
--- are in kinds/, the names of the states in status.lua.

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local Status = require "cloudjobs.job.status"
local Wait = require "cloudjobs.job.wait"
local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"
local poll = require "cloudjobs.base.poll"
local ref = require "cloudjobs.job.ref"
local suggest = require "cloudjobs.base.suggest"

local WAIT_OPTIONS = { expect = "string", detail = "boolean" }
for name, expected in pairs(Wait.OPTIONS) do
  WAIT_OPTIONS[name] = expected
end
local STATUS_OPTIONS = { detail = "boolean", timeout = "number", cancel = "canceller" }

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

--- The error for a job that its service does not name.
---@return cloudjobs.Error
function Job:not_found()
  local kind = self._kind
  local source = kind.operation or kind.listing and kind.listing.operation or "the service"
  return Error.new {
    kind = "job", code = "not_found", message = ("%s: %s names no such job"):format(tostring(self), source),
  }
end

--- The listing that includes this job, nil when the kind has none or the job
--- lacks a parameter of it.
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

-- A template with the job's parameters in the place of their names in braces.
local function fill(template, params)
  if type(template) == "string" then
    local name = template:match("^{(.*)}$")
    return name and params[name] or (not name and template or nil)
  elseif type(template) ~= "table" then
    return template
  end
  local filled = {}
  for key, value in pairs(template) do
    filled[key] = fill(value, params)
  end
  return filled
end

--- The parameters of a request about the job.
---@param template table|nil
---@return table
function Job:request(template)
  return template and fill(template, self.params) or self._request
end

--- The job's own record, from its operation or its listing.
---@param call_options table
---@return table|nil
---@return cloudjobs.Error|nil err
function Job:fetch(call_options)
  local kind, client = self._kind, self._client
  if kind.fetch then
    local record, err = kind.fetch(client, self.params, call_options)
    return record, not record and (err or self:not_found()) or nil
  elseif kind.operation then
    local output, err = client[kind.operation](client, self:request(kind.request), call_options)
    if output and kind.record then
      output = member.at(output, kind.record, "table")
      err = not output and self:not_found() or nil
    end
    return output, err
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
    local seen = kind.baseline(record, digest)
    local since = self.since
    since.success = since.success or seen.success
    since.failure = since.failure or seen.failure
    outcome = kind.outcome(record, since, digest)
  end
  return Status.new(kind, record, self.id, self.params, outcome)
end

--- Reads the job's state from its service.
---@param limits { timeout: number|nil, cancel: table|nil }
---@return cloudjobs.Status|nil
---@return cloudjobs.Error|nil err
function Job:poll(limits)
  local record, err = self:fetch(limits)
  if not record then
    return nil, err
  end
  return self:read(record)
end

-- Adds the detail to the status. `limits` are those of all its listings together.
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

--- Polls once.
---@param options { detail: boolean|nil, timeout: number|nil, cancel: table|nil }|nil
---   detail: what happened inside the job, where the kind has it; timeout: seconds
---@return cloudjobs.Status|nil
---@return cloudjobs.Error|nil err
function Job:status(options)
  options = option.check(options, STATUS_OPTIONS, "status")
  local deadline = Deadline.new(self._client:transport(), options.timeout, options.cancel)
  local status, err = self:poll(deadline:limits())
  if status and options.detail then
    status, err = add_detail(self, status, deadline:page_limits())
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
  if err.code == "not_found" or err.kind ~= "service" then
    return err.code == "not_found"
  end
  local missing = self._kind.missing
  if type(missing) == "function" then
    return missing(err)
  end
  return missing[err.code] == true
end

-- The error for a job that has ended and whose detail could not be read.
local function detail_failed(status, cause)
  return Error.new {
    kind = "job",
    code = "detail",
    message = ("%s; its detail could not be read: %s"):format(tostring(status), tostring(cause)),
    status = status,
    cause = cause,
  }
end

-- With a misspelt state every end would be an error.
local function check_expect(state)
  for _, known in ipairs(Status.ENDS) do
    if state == nil or state == known or state == "ok" then
      return
    end
  end
  option.mistake(("wait: option expect: no job ends as %s%s"):format(state, suggest(state, Status.ENDS)))
end

-- The end of a wait with the detail of the job's last status, which is in the
-- error where another end was expected.
local function with_detail(self, deadline, status, err)
  local last = status or (err.kind == "job" and err.status)
  if not last then
    return nil, err
  end
  local detailed, problem = add_detail(self, last, deadline:poll_page_limits())
  if not detailed and status then
    return nil, detail_failed(last, problem)
  elseif not detailed then
    err.cause = problem
  end
  return status, err
end

--- Waits for the job's end. Transient errors on the way do not end the wait.
---@param options table|nil
---   timeout: seconds in all, on a monotonic clock; without it the wait has no end of its own
---   interval: seconds between polls, or `{ start, growth, cap, jitter }`; the defaults are the kind's
---   on_change(status, job): at the first poll and at each change; on_poll(status, job): at each poll
---   cancel: a canceller
---   not_found_grace: seconds in which a job that was just started may not be found (60)
---   expect: a state, or "ok" for every success; any other end is `nil, err` of kind "job" with `err.status`
---   detail: fills `status.detail` of the last status, where the kind has it; an error of kind "job" has the status
---   when that fails
---@return cloudjobs.Status|nil
---@return cloudjobs.Error|nil err kind "job", "timeout", "cancelled", or the error that ended the polling
function Job:wait(options)
  options = option.check(options, WAIT_OPTIONS, "wait")
  check_expect(options.expect)
  local plan = Wait.plan(self, options)
  local wait = Wait.begin(self, plan)
  local status, err = poll(plan.deadline, plan.interval, function(limits)
    local seen, problem = self:poll(limits)
    local over, last, failure = wait:record(seen, problem)
    return over, last, failure, seen and seen.retry_after
  end, function()
    return wait:expired()
  end)
  if err and err.kind == "cancelled" then
    err.status = err.status or wait.last
  end
  if options.detail then
    status, err = with_detail(self, plan.deadline, status, err)
  end
  if not status then
    return nil, err
  end
  return status
end

--- A short text from which another process makes the job again: cloudjobs.jobs.open.
---@return string|nil
---@return cloudjobs.Error|nil err kind "job" where no other process can follow the job
function Job:ref()
  local kind = self._kind
  if kind.not_resumable then
    return nil, Error.new {
      kind = "job", code = "not_resumable",
      message = ("%s has no reference: %s"):format(tostring(self), kind.not_resumable),
    }
  end
  local fields = { since = self.since.success, failure = self.since.failure }
  for name, value in pairs(self._client:settings()) do
    fields[name] = value
  end
  for name, value in pairs(self.params) do
    fields[name] = value
  end
  local text = ref.format(self.kind, fields)
  if not text then
    return nil, Error.new {
      kind = "job", code = "not_resumable",
      message = tostring(self) .. ": its reference would have more than 2,048 bytes",
    }
  end
  return text
end

Job.files = require "cloudjobs.job.files"

-- A method that runs one of the kind's operations on the job.
local function command(name, refusal)
  return function(self)
    local operation = self._kind[name]
    if not operation then
      return nil, Error.new { kind = "job", code = "unsupported", message = ("%s %s"):format(self.kind, refusal) }
    end
    local client = self._client
    local output, err
    if type(operation) == "function" then
      output, err = operation(client, self.params)
    elseif type(operation) == "table" then
      output, err = client[operation.operation](client, self:request(operation.request))
    else
      output, err = client[operation](client, self._request)
    end
    if not output then
      return nil, err
    end
    return true
  end
end

--- Asks the service to end the job, which it does later.
---@return boolean|nil true when the service accepted the request
---@return cloudjobs.Error|nil
Job.cancel = command("cancel", "cannot be cancelled")
Job.start = command("start", "cannot be started")
Job.stop = command("stop", "cannot be stopped")

--- Raises unless `client` is one of the kind's service.
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
---@param kind cloudjobs.Kind
---@param client table
---@param params table<string, string>
---@return cloudjobs.Job
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
  local refusal = kind.refuse and kind.refuse(own)
  if refusal then
    option.mistake(("%s: %s"):format(what, refusal))
  end
  local since = params.since
  if type(since) == "number" then
    since = { success = since }
  end
  -- Thousands may be watched at once, so equal tables are shared.
  return setmetatable({
    kind = kind.kind,
    id = own[kind.id],
    params = own,
    -- What later polls of a standing job are compared with.
    since = since or (kind.outcome and {} or NOTHING),
    _kind = kind,
    _client = client,
    _request = has_more and request or own,
  }, job_mt)
end

--- The job of a record in a listing.
---@param kind cloudjobs.Kind
---@param client table
---@param params table<string, string> the job's parameters without its id
---@param record table
---@return cloudjobs.Job|nil
---@return cloudjobs.Error|nil err kind "response", code "no_id"
local function of_record(kind, client, params, record)
  local ids = { [kind.id] = kind.record_id(record) }
  if ids[kind.id] == nil then
    return nil, Error.new {
      kind = "response", code = "no_id", message = "a record has no " .. kind.id, service = kind.service_id,
      operation = kind.listing and kind.listing.operation or kind.source.operation,
    }
  end
  for name, value in pairs(params) do
    ids[name] = value
  end
  return new(kind, client, ids)
end

return { new = new, of_record = of_record, check_client = check_client }
