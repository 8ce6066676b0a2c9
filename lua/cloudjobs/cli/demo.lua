--- `cloudjobs demo`: the main job as an ordinary Lua program. It creates an AWS export and an Azure export, follows a
--- run of each, a maintenance-window execution and a snapshot job to their ends, and prints the outcome.
---
--- Without options it does so on the emulator, whose jobs live faster than the wall clock. With `--settings FILE` it
--- does the same on real accounts, which may cost money: see accounts.lua.

local accounts = require "cloudjobs.cli.accounts"
local cloudjobs = require "cloudjobs"
local follow = require "cloudjobs.cli.follow"
local number = require "cloudjobs.cli.number"
local out = require "cloudjobs.cli.out"
local rows = require "cloudjobs.cli.rows"
local starters = require "cloudjobs.cli.starters"
local view = require "cloudjobs.cli.view"
local wrap = require "cloudjobs.cli.wrap"

local EXAMPLES = [[
   cloudjobs demo
   cloudjobs demo --speed 600
   cloudjobs demo --settings accounts.json

A file of settings names what the jobs on real accounts need; services that it leaves out are left out:
]] .. accounts.EXAMPLE:gsub("[^\n]+", "   %0"):gsub("\n$", "")

local SPEED = 60 -- the emulator's seconds in one of ours, unless --speed says another

local SETTINGS = {
  bcm_data_exports = { region = "us-east-1", bucket = "example-billing-exports", prefix = "demo" },
  ssm = { region = "us-east-1" },
  partnercentral_selling = { region = "us-east-1", catalog = "AWS", opportunity = "O1234567", template = "Default" },
  azure = {
    scope = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c",
    storage = "/subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c/resourceGroups/lake"
      .. "/providers/Microsoft.Storage/storageAccounts/lakecosts01",
    container = "costs",
  },
}

-- A transport that sleeps by the emulator's clock, so that every pause and every floor is kept on it.
local function accelerated(speed)
  local transport = cloudjobs.transport.default()
  return wrap(transport, {
    sleep = function(_, seconds, cancel)
      return transport:sleep(seconds / speed, cancel)
    end,
    clock = function()
      return transport:clock() * speed
    end,
  })
end

-- Starts all jobs at once; each shows when it is there.
local function begin(shown, settings, options_of)
  local functions = {}
  for i, row in ipairs(shown.rows) do
    functions[i] = function()
      local own = settings[row.starter.settings]
      local job, err = row.starter.start(own, options_of(row.starter.settings, own))
      if not job then
        return nil, err
      end
      row.job = job
      shown:change(row)
      return true
    end
  end
  local started = cloudjobs.parallel(functions, { concurrency = #functions })
  for i = 1, #functions do
    if not started[i].ok then
      return nil, started[i].err
    end
  end
  return true
end

-- Starts and follows what the settings name, with the clients' options from `options_of`.
local function run_with(settings, parsed, options_of)
  local list = {}
  for _, starter in ipairs(starters) do
    if settings[starter.settings] then
      list[#list + 1] = { title = starter.kind.title, starter = starter }
    end
  end
  local shown = view.new(list, parsed)
  local ok, err = begin(shown, settings, options_of)
  if not ok then
    return out.fail(err)
  end
  local statuses, interrupted = follow.watch(shown, parsed)
  if parsed.settings then
    follow.hand_over_jobs(list, statuses, interrupted, parsed)
  end
  out.write("\n")
  for i, row in ipairs(list) do
    out.write(tostring(statuses[i]), "\n  ", row.job:ref(), "\n")
  end
  return follow.exit_status(statuses)
end

local function on_emulator(parsed)
  local emulator, message = require("cloudjobs.emulator").start { speed = parsed.speed }
  if not emulator then
    return out.fail(message)
  end
  local transport = accelerated(parsed.speed)
  out.write(("Four services emulated at %s, %g times as fast as the wall clock\n\n"):format(emulator.url, parsed.speed))
  local status = run_with(SETTINGS, parsed, function(service, settings)
    local credentials = { access_key_id = "AKIDEMULATOR", secret_access_key = "emulator-secret" }
    if service == "azure" then
      credentials = { token = "emulator-token" }
    end
    return { endpoint = emulator.url, transport = transport, credentials = credentials, region = settings.region }
  end)
  emulator:stop()
  return status
end

local function define(command)
  command:option("--speed"):argname("<n>"):convert(number.above_zero):default(tostring(SPEED))
    :description("How many times as fast as the wall clock the emulator's jobs live.")
  command:option("--settings"):argname("<file>")
    :description("Run on real accounts: JSON that names bucket, scope and so on, as below.")
  rows.define_display(command)
end

--- Runs the demo. Returns the exit status: 0 when every job succeeded.
local function run(parsed)
  if not parsed.settings then
    return on_emulator(parsed)
  end
  local settings, message = accounts.load(parsed.settings)
  if not settings then
    return nil, message
  end
  return run_with(settings, parsed, function(_, service)
    return {
      region = service.region, profile = service.profile, endpoint = service.endpoint,
      transport = cloudjobs.transport.default(),
    }
  end)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
