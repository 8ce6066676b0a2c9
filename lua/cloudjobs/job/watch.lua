--- Follows many jobs at once, of any kind and cloud. Jobs of one listing share it;
--- each other job is polled by a call of its own. Each group of jobs has a light
--- thread of its own, so one throttled account does not slow another.

local Error = require "cloudjobs.base.error"
local Status = require "cloudjobs.job.status"
local Wait = require "cloudjobs.job.wait"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"
local poll = require "cloudjobs.base.poll"

-- A group: waits that share a client and a listing, in the jobs' order. A job
-- without a listing stands alone.
local Group = {}
local group_mt = { __index = Group }

-- The plan that the waits of one client and kind share.
local function plan_of(plans, job, options)
  local by_kind = plans[job._client] or { groups = {} }
  plans[job._client] = by_kind
  by_kind[job.kind] = by_kind[job.kind] or Wait.plan(job, options)
  return by_kind[job.kind], by_kind.groups
end

local function group(jobs, options)
  local groups, plans = {}, {}
  for place, job in ipairs(jobs) do
    local plan, known = plan_of(plans, job, options)
    local listing = job:listing()
    local found = listing and known[listing.key]
    if not found then
      found = setmetatable({ listing = listing }, group_mt)
      groups[#groups + 1] = found
      if listing then
        known[listing.key] = found
      end
    end
    local wait = Wait.begin(job, plan)
    wait.place = place
    found[#found + 1] = wait
  end
  return groups
end

local function check_jobs(jobs)
  option.check_list(jobs, "cloudjobs.watch: jobs")
  for place, job in ipairs(jobs) do
    if type(job) ~= "table" or not job._kind then
      option.mistake(("cloudjobs.watch: expected a job at %d, got %s"):format(place, type(job)))
    end
  end
end

-- A listing's records by the jobs' ids, and the number of its pages.
local function read_listing(client, listing, record_id, limits)
  local records, pages = {}, 0
  local ok, err = pcall(function()
    for page in client:pages(listing.operation, listing.params, limits) do
      pages = pages + 1
      for _, record in ipairs(member.records(page, listing.items)) do
        records[record_id(record) or ""] = record
      end
    end
  end)
  if ok then
    return records, nil, pages
  elseif Error.is(err) then
    return nil, err
  end
  error(err, 0)
end

local function unfinished(wait, err)
  return Status.unknown(wait.job.kind, wait.job.id, wait.last, err)
end

-- Records the result of a poll; the job's last status when that ended its wait.
local function record(wait, status, err)
  local over, final, problem = wait:record(status, err)
  if over then
    return final or unfinished(wait, problem)
  end
end

-- Polls every job by the cheaper way: a listing costs its pages, single polls
-- one call a job. Jobs that ended leave the group. True when none is left; then nil, nil and the seconds that the
-- service asks to wait for.
function Group:poll(results)
  local kind = self[1].job._kind
  local singly = not self.listing or kind.operation and (#self == 1 or (self.pages or 1) > #self)
  local records, err
  local deadline = self[1].plan.deadline
  if not singly then
    local limits = deadline:poll_page_limits()
    records, err, self.pages = read_listing(self[1].job._client, self.listing, kind.record_id, limits)
  end
  local open, after = 0, nil
  for i = 1, #self do
    local wait, last = self[i]
    local job = wait.job
    if singly then
      local status, problem = job:poll(deadline:poll_limits())
      after = status and status.retry_after or after
      last = record(wait, status, problem)
    elseif records and records[job.id] then
      last = record(wait, job:read(records[job.id]))
    else
      last = record(wait, nil, err or job:not_found())
    end
    self[i] = nil
    if last then
      results[wait.place] = last
    else
      open = open + 1
      self[open] = wait
    end
  end
  return open == 0, nil, nil, after
end

-- Follows one group to its end.
function Group:run(results)
  local plan = self[1].plan
  local expired = false
  local _, err = poll(plan.deadline, plan.interval, function()
    return self:poll(results)
  end, function()
    expired = true
    return self[1]:expired()
  end)
  for _, wait in ipairs(self) do
    results[wait.place] = unfinished(wait, expired and wait:expired() or err)
  end
end

--- Follows `jobs` until all have ended, the time is over or it is cancelled.
---@param parallel fun(functions: function[], options: table): table cloudjobs.parallel
---@param jobs table[]
---@param options table|nil those of Job:wait but `expect` and `detail`
---@return cloudjobs.Status[] one for each job, in their order; `err` in one that could not be followed to its end
local function watch(parallel, jobs, options)
  options = option.check(options, Wait.OPTIONS, "cloudjobs.watch")
  check_jobs(jobs)
  local results, functions = {}, {}
  for i, waits in ipairs(group(jobs, options)) do
    functions[i] = function()
      waits:run(results)
    end
  end
  local ended = parallel(functions, { concurrency = math.max(1, #functions) })
  for i = 1, #functions do
    if not ended[i].ok then
      -- A callback raised. The others were followed to their ends all the same.
      error(ended[i].err, 0)
    end
  end
  return results
end

return watch
