--- Maintenance windows as they are stored: what is registered with them, when
--- they open, and the executions they have begun.

local core = require "cloudjobs.core"
local life = require "cloudjobs.emulator.life"
local schedule = require "cloudjobs.emulator.ssm.schedule"
local zone = require "cloudjobs.emulator.ssm.zone"

local DAY = 86400
local MOST_OVERDUE = 400 -- openings made up for at once, when the clock was set far ahead
local CANCELLING = 30 -- seconds until a cancelled execution has stopped

--- When the window opens next after a time, or nil.
local function next_opening(window, after)
  if not window.Enabled then
    return nil
  end
  local from = window.StartDate and core.epoch(window.StartDate)
  local until_ = window.EndDate and core.epoch(window.EndDate)
  local offset = (window.ScheduleOffset or 0) * DAY
  local time = window.opens(math.max(after, from or after) - offset)
  time = time and time + offset
  return time and (not until_ or time <= until_) and time or nil
end

local function is_schedule(text)
  return schedule.parse(text, 0) ~= nil
end

local function is_zone(name)
  return zone.load(name) ~= nil
end

--- Takes a schedule, which counts from now on, and the zone it is meant in.
local function set_schedule(window, text, zone_name, now)
  window.Schedule, window.ScheduleTimezone = text, zone_name
  window.opens = schedule.parse(text, now, zone_name and zone.load(zone_name))
end

local function invocations_of(world, window, task)
  local list = {}
  for _, target in ipairs(task.Targets or { {} }) do
    local registered
    for _, one in ipairs(window.targets) do
      if target.Key == "WindowTargetIds" and target.Values[1] == one.WindowTargetId then
        registered = one
      end
    end
    list[#list + 1] = {
      InvocationId = world.uuid(),
      ExecutionId = world.uuid(),
      WindowTargetId = registered and registered.WindowTargetId,
      OwnerInformation = registered and registered.OwnerInformation,
    }
  end
  return list
end

local function is_running(window, now)
  for _, execution in ipairs(window.executions) do
    if not execution.life:at(now).final then
      return true
    end
  end
  return false
end

--- Begins an execution of a window, unless one is running: then it is skipped.
local function begin(world, window, time)
  local facts = { WindowId = window.WindowId, Name = window.Name }
  local outcome = world.outcomes:consume("maintenance_window_execution", facts)
  local ending = outcome.status or is_running(window, time) and "SKIPPED_OVERLAPPING" or nil
  local execution = {
    id = world.uuid(),
    window = window,
    life = life.new("maintenance_window_execution", time, ending),
    details = outcome.message,
    tasks = {},
  }
  if ending ~= "SKIPPED_OVERLAPPING" then
    for _, task in ipairs(window.tasks) do
      execution.tasks[#execution.tasks + 1] = {
        TaskExecutionId = world.uuid(),
        task = task,
        invocations = invocations_of(world, window, task),
      }
    end
  end
  window.executions[#window.executions + 1] = execution
  return execution
end

--- Brings a window to the time `now`: begins the executions that are due.
local function advance(world, window, now)
  local time = next_opening(window, window.seen)
  local begun = 0
  while time and time <= now do
    begin(world, window, time)
    begun = begun + 1
    window.seen = time
    time = begun < MOST_OVERDUE and next_opening(window, time) or nil
  end
  window.seen = now
end

--- Cancels a running execution; one that has ended stays as it is.
local function cancel(execution, now)
  if not execution.life:at(now).final then
    execution.life:turn(now, "CANCELLING", CANCELLING, "CANCELLED")
  end
end

local DETAILS = {
  FAILED = "One or more tasks in the maintenance window failed.",
  TIMED_OUT = "The execution timed out.",
  SKIPPED_OVERLAPPING = "Another execution of the maintenance window is running.",
}

--- The status members that an execution, its tasks and their invocations share.
local function status(execution, now)
  local current = execution.life:at(now)
  return {
    Status = current.state,
    StatusDetails = current.final and (execution.details or DETAILS[current.state]) or nil,
    StartTime = execution.life[1].at,
    EndTime = current.final and current.at or nil,
  }
end

return {
  next_opening = next_opening,
  is_schedule = is_schedule,
  is_zone = is_zone,
  set_schedule = set_schedule,
  begin = begin,
  advance = advance,
  cancel = cancel,
  status = status,
}
