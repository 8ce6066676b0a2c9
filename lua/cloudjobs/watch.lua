--- Many jobs at once, of any kind and cloud. Jobs that one listing can answer
--- share it; everything else is one call a job. Each group of jobs has a light
--- thread of its own, so one throttled account does not slow another.

local Error = require "cloudjobs.error"
local Job = require "cloudjobs.job"
local Status = require "cloudjobs.status"
local member = require "cloudjobs.member"
local option = require "cloudjobs.options"

local OPTIONS = {
  timeout = "number",
  interval = "number|table",
  on_change = "function",
  on_poll = "function",
  cancel = "table",
  not_found_grace = "number",
}

-- The jobs that share a client and a listing, in order; a job without a
-- listing stands alone. Each comes with its place among all.
local function group(jobs)
  local groups, by_client = {}, {}
  for place, job in ipairs(jobs) do
    local listing = job:listing()
    local index = by_client[job._client] or {}
    by_client[job._client] = index
    local found = listing and index[listing.key]
    if not found then
      found = { listing = listing }
      groups[#groups + 1] = found
      if listing then
        index[listing.key] = found
      end
    end
    found[#found + 1] = { job = job, place = place }
  end
  return groups
end

local function check_jobs(jobs, level)
  if type(jobs) ~= "table" then
    error("cloudjobs.watch: expected a list of jobs, got " .. type(jobs), level + 1)
  end
  for place, job in ipairs(jobs) do
    if type(job) ~= "table" or not job._kind then
      error(("cloudjobs.watch: expected a job at %d, got %s"):format(place, type(job)), level + 1)
    end
  end
end

-- A listing's records by the jobs' ids, and how many pages it took.
local function read_listing(client, listing, record_id)
  local records, pages = {}, 0
  local ok, err = pcall(function()
    for page in client:pages(listing.operation, listing.params) do
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

local Group = {}
local group_mt = { __index = Group }

function Group:settle(wait, status, err)
  local over, final, problem = wait:take(status, err)
  if over then
    wait.over = true
    self.results[wait.place] = final or Status.unknown(wait.job.kind, wait.job.id, wait.last, problem)
  end
end

-- Looks at every open job by the cheaper way: a listing costs its pages,
-- looking at each job one call a job.
function Group:look(open)
  local kind = open[1].job._kind
  if kind.operation and (not self.listing or #open == 1 or (self.pages or 1) > #open) then
    for _, wait in ipairs(open) do
      self:settle(wait, wait.job:status())
    end
    return
  end
  local records, err, pages = read_listing(open[1].job._client, self.listing, kind.record_id)
  self.pages = pages
  for _, wait in ipairs(open) do
    local record = records and records[wait.job.id]
    if record then
      self:settle(wait, wait.job:read(record))
    else
      self:settle(wait, nil, err or wait.job:not_found())
    end
  end
end

local function still_open(waits)
  local open = {}
  for _, wait in ipairs(waits) do
    if not wait.over then
      open[#open + 1] = wait
    end
  end
  return open
end

-- Follows one group to its end.
function Group:run()
  local open = self.waits
  while true do
    self:look(open)
    open = still_open(open)
    if #open == 0 then
      return
    end
    local pause, err = open[1]:pause()
    if pause then
      local transport = open[1].job._client:transport()
      err = select(2, transport:sleep(pause, self.options.cancel))
    end
    if err then
      for _, wait in ipairs(open) do
        self.results[wait.place] = Status.unknown(wait.job.kind, wait.job.id, wait.last, err)
      end
      return
    end
  end
end

--- Follows `jobs` until all have ended, the time is over or it is cancelled.
---@param parallel fun(functions: function[], options: table): table cloudjobs.parallel
---@param jobs table[]
---@param options table|nil those of Job:wait but `expect` and `detail`
---@return cloudjobs.Status[] one for each job, in their order; `err` in one that could not be followed to its end
local function watch(parallel, jobs, options)
  options = option.check(options, OPTIONS, "cloudjobs.watch", 3)
  check_jobs(jobs, 3)
  local results, functions = {}, {}
  for _, members in ipairs(group(jobs)) do
    local self = setmetatable({
      listing = members.listing, options = options, results = results, waits = {},
    }, group_mt)
    for i, one in ipairs(members) do
      local wait = Job.begin(one.job, options, 3)
      wait.place = one.place
      self.waits[i] = wait
    end
    functions[#functions + 1] = function()
      self:run()
    end
  end
  local ended = parallel(functions, { concurrency = math.max(1, #functions) })
  for i = 1, #functions do
    if not ended[i].ok then
      -- A callback raised. The others were followed to their ends all the same.
      local err = ended[i].err
      error(Error.is(err) and err.cause or err, 0)
    end
  end
  return results
end

return watch
