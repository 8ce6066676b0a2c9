--- One run of a function for all light threads that need its result, such as a fetch of credentials.

local Error = require "cloudjobs.base.error"
local Scheduler = require "cloudjobs.transport.scheduler"

-- Seconds after which another call runs the function: the coroutine that runs it
-- may never be resumed.
local TIMEOUT = 120

--- Runs `f` once for all tasks that ask for `key` meanwhile; all get its results.
--- An error that it raises, and a cancellation or timeout of its caller, are for
--- that caller alone, and the next task runs `f`.
---@param runs table<string, table> those of the transport
---@param key string
---@param f fun(): any, any
local function single(runs, key, f)
  local task = Scheduler.current()
  if not task then
    return f()
  end
  local run = runs[key]
  while run and run.scheduler == task.scheduler do -- one of another scheduler may be blocked by this one
    local entry = { task = task, waiting = true }
    run[#run + 1] = entry
    local ended, err = task:park(TIMEOUT)
    entry.waiting = false
    if err then
      return nil, err
    elseif run.shared then
      return run.value, run.err
    elseif not ended and runs[key] == run then
      runs[key] = nil
    end
    run = runs[key]
  end
  run = { scheduler = task.scheduler }
  runs[key] = run
  local ok, value, err = pcall(f)
  if runs[key] == run then
    runs[key] = nil
  end
  run.value, run.err = value, err
  run.shared = ok and not (Error.is(err) and (task.group.over or err.kind == "cancelled" or err.kind == "timeout"))
  for _, entry in ipairs(run) do
    if entry.waiting then
      entry.task:wake(true)
    end
  end
  if not ok then
    error(value, 0)
  end
  return value, err
end

return single
