--- The life of one job: which states it passes, and when. A life is settled when
--- the job begins, so a job's state is a plain function of the time.

local REPORT_ENDINGS = { Completed = 1, NoDataFound = 1, Failed = 1 }

-- Seconds in each state, and after how many of these states each ending comes;
-- `turned` are the states of a job that was cancelled. Written from the services'
-- descriptions, apart from the kinds of job that are tested here.
local KINDS = {
  export_execution = {
    stages = {
      { "INITIATION_IN_PROCESS", 30 },
      { "QUERY_QUEUED", 60 },
      { "QUERY_IN_PROCESS", 150 },
      { "DELIVERY_IN_PROCESS", 60 },
    },
    endings = { DELIVERY_SUCCESS = 4, DELIVERY_FAILURE = 4, QUERY_FAILURE = 3 },
    usual = "DELIVERY_SUCCESS",
  },
  maintenance_window_execution = {
    stages = { { "PENDING", 30 }, { "IN_PROGRESS", 270 } },
    endings = { SUCCESS = 2, FAILED = 2, TIMED_OUT = 2, SKIPPED_OVERLAPPING = 0 },
    turned = { stage = "CANCELLING", ending = "CANCELLED" },
    usual = "SUCCESS",
  },
  export_run = {
    stages = { { "Queued", 60 }, { "InProgress", 240 } },
    endings = { Completed = 2, Failed = 2, Timeout = 2, NewDataNotAvailable = 2, DataNotAvailable = 2 },
    usual = "Completed",
  },
  athena_query = {
    stages = { { "QUEUED", 2 }, { "RUNNING", 8 } },
    endings = { SUCCEEDED = 2, FAILED = 2, CANCELLED = 1 },
    usual = "SUCCEEDED",
  },
  -- The status is that of the document, or InProgress for a response with status 202.
  cost_details_report = { stages = { { "InProgress", 60 } }, endings = REPORT_ENDINGS, usual = "Completed" },
  price_sheet = { stages = { { "InProgress", 60 } }, endings = REPORT_ENDINGS, usual = "Completed" },
  reservation_details_report = { stages = { { "InProgress", 60 } }, endings = REPORT_ENDINGS, usual = "Completed" },
  -- It runs until it is stopped.
  resource_snapshot_job = { stages = { { "Running", math.huge } }, endings = { Stopped = 1 }, usual = "Running" },
}

local Life = {}
local life_mt = { __name = "cloudjobs.emulator.life", __index = Life }

--- The life of a job that begins at `time`. `ending` is the state it ends in, or
--- one it never leaves; nil is the usual one.
---@param kind string
---@param time number
---@param ending string|nil
local function new(kind, time, ending)
  local stages, endings = KINDS[kind].stages, KINDS[kind].endings
  ending = ending or KINDS[kind].usual
  local life = setmetatable({}, life_mt)
  for i = 1, endings[ending] or #stages do
    life[i] = { state = stages[i][1], at = time }
    if stages[i][1] == ending then
      return life
    end
    time = time + stages[i][2]
  end
  life[#life + 1] = { state = ending, at = time, final = true }
  return life
end

--- Whether a job of this kind can be made to end (or to stay) in this state.
local function is_state(kind, state)
  if KINDS[kind].endings[state] then
    return true
  end
  for _, stage in ipairs(KINDS[kind].stages) do
    if stage[1] == state then
      return true
    end
  end
  return false
end

--- The state at a time: `{ state, at, final }`, `at` when it was entered.
function Life:at(now)
  local current = self[1]
  for _, step in ipairs(self) do
    if step.at <= now then
      current = step
    end
  end
  return current
end

--- When it entered a state, or nil if it has not by now.
function Life:entered(state, now)
  for _, step in ipairs(self) do
    if step.state == state and step.at <= now then
      return step.at
    end
  end
end

--- Takes another way from now on: through `state` for some seconds to `ending`.
function Life:turn(now, state, seconds, ending)
  while #self > 0 and self[#self].at > now do
    self[#self] = nil
  end
  self[#self + 1] = { state = state, at = now }
  self[#self + 1] = { state = ending, at = now + seconds, final = true }
end

--- Every state of a kind, with whether it is final; nil for a kind that is not emulated.
---@param kind string
---@return table<string, boolean>|nil
local function states(kind)
  if not KINDS[kind] then
    return nil
  end
  local all = {}
  for _, stage in ipairs(KINDS[kind].stages) do
    all[stage[1]] = false
  end
  for ending in pairs(KINDS[kind].endings) do
    all[ending] = true
  end
  local turned = KINDS[kind].turned
  if turned then
    all[turned.stage], all[turned.ending] = false, true
  end
  return all
end

return { new = new, states = states, is_state = is_state }
