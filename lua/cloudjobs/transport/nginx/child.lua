--- Child processes from a worker, by ngx.pipe, which blocks nothing. Debian's
--- nginx lacks what it needs; and nginx itself collects the ends of all
--- children, so that no other way is left there.

local clock = require("cloudjobs.os").clock
local os_run = require("cloudjobs.os").run

local ngx = ngx

local TIMEOUT = 60 -- seconds, unless one is given
local MAX_OUTPUT = 1024 * 1024
local MIN_WAIT = 1 -- milliseconds; 0 would be no limit

local function pipe()
  local ok, module = pcall(require, "ngx.pipe")
  return ok and module or nil
end

--- Why no child can be started here; nil where one can.
---@return string|nil
local function refusal()
  if ngx.get_phase() == "init" or pipe() then
    return nil
  end
  return "cannot be run in an nginx worker: this needs ngx.pipe, of OpenResty 1.15.8.1 or later"
end

local function environment(env)
  local list = {}
  for name, value in pairs(env or {}) do
    list[#list + 1] = name .. "=" .. value
  end
  return env and list
end

-- Reads one output to its end: text, or nil and a code.
local function read_all(child, read, deadline, max)
  local pieces, size = {}, 0
  while true do
    local left = math.max(MIN_WAIT, (deadline - clock()) * 1000)
    child:set_timeouts(left, left, left, left)
    local data, err = child[read](child, 65536)
    if not data then
      return err == "closed" and table.concat(pieces) or nil, err == "timeout" and "timeout" or "start", err
    end
    pieces[#pieces + 1], size = data, size + #data
    if size > max then
      return nil, "too_large", "its output is too large"
    elseif clock() >= deadline then
      return nil, "timeout", "timeout"
    end
  end
end

local function collect(child, deadline, max)
  local errors = ngx.thread.spawn(read_all, child, "stderr_read_any", deadline, max)
  local stdout, code, message = read_all(child, "stdout_read_any", deadline, max)
  local _, stderr, stderr_code, stderr_message = ngx.thread.wait(errors)
  if not stdout or not stderr then
    child:kill(9)
    return nil, code or stderr_code, message or stderr_message
  end
  local ok, reason, status = child:wait()
  if ok == nil then
    child:kill(9)
    return nil, "timeout", tostring(reason)
  end
  return {
    status = reason == "exit" and status or nil, signal = reason == "signal" and status or nil,
    stdout = stdout, stderr = stderr,
  }
end

--- As cloudjobs.os.run, of whose options `timeout`, `env`, `cwd` and
--- `max_output` count. There is no terminal.
---@param argv string[]
---@param options { timeout: number|nil, env: table|nil, cwd: string|nil, max_output: integer|nil }
---@param env table|nil the environment where the options give none
---@return { status: integer|nil, signal: integer|nil, stdout: string, stderr: string }|nil
---@return string|nil code "timeout", "too_large" or "start"
---@return string|nil message
local function run(argv, options, env)
  if ngx.get_phase() == "init" then
    return os_run(argv, options)
  end
  local command = argv
  if options.cwd then
    command = { "/bin/sh", "-c", 'cd "$0" && exec "$@"', options.cwd }
    for _, word in ipairs(argv) do
      command[#command + 1] = word
    end
  end
  local child, err = pipe().spawn(command, { environ = environment(options.env or env) })
  if not child then
    return nil, "start", ("cannot run %s: %s"):format(argv[1], tostring(err))
  end
  return collect(child, clock() + (options.timeout or TIMEOUT), options.max_output or MAX_OUTPUT)
end

return { run = run, refusal = refusal }
