--- `cloudjobs demo`: the main job as an ordinary Lua program. It creates an AWS export and an Azure export, follows a
--- run of each, a maintenance-window execution and a snapshot job to their ends, and prints the outcome.
---
--- Without options it does so on the emulator, whose jobs live faster than the wall clock. With `--settings FILE` it
--- does the same on real accounts, which may cost money: FILE is JSON like SETTINGS below; services that it leaves out
--- are left out.

local cloudjobs = require "cloudjobs"
local os_ = require "cloudjobs.os"

local SPEED = 60 -- the emulator's seconds in one of ours, unless --speed says another
local SOON = 60 -- seconds until the maintenance window opens
local PAUSE = 20 -- seconds between two rounds of looks, above every kind's floor

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

-- Each starter creates what its job needs and gives the job.
local START = {}

function START.bcm_data_exports(settings, options)
  local exports = cloudjobs.aws.bcm_data_exports(options)
  local since = options.transport:now()
  local created, err = exports:create_export {
    Export = {
      Name = "cloudjobs-demo",
      DataQuery = {
        QueryStatement = "SELECT line_item_usage_account_id, line_item_unblended_cost FROM COST_AND_USAGE_REPORT",
        TableConfigurations = { COST_AND_USAGE_REPORT = { TIME_GRANULARITY = "DAILY" } },
      },
      DestinationConfigurations = {
        S3Destination = {
          S3Bucket = settings.bucket,
          S3Prefix = settings.prefix,
          S3Region = settings.region,
          S3OutputConfigurations = {
            OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
          },
        },
      },
      RefreshCadence = { Frequency = "SYNCHRONOUS" },
    },
  }
  if not created then
    return nil, err
  end
  return cloudjobs.jobs.next_execution(exports, { ExportArn = created.ExportArn, since = since })
end

function START.ssm(_, options)
  local ssm = cloudjobs.aws.ssm(options)
  local since = options.transport:now()
  local window, err = ssm:create_maintenance_window {
    Name = "cloudjobs-demo",
    Schedule = ("at(%s)"):format(cloudjobs.iso(math.floor(since) + SOON):sub(1, 19)),
    Duration = 1,
    Cutoff = 0,
    AllowUnassociatedTargets = true,
  }
  if not window then
    return nil, err
  end
  return cloudjobs.jobs.next_window_execution(ssm, { WindowId = window.WindowId, since = since })
end

function START.partnercentral_selling(settings, options)
  local selling = cloudjobs.aws.partnercentral_selling(options)
  local catalog = settings.catalog
  local engagement, err = selling:create_engagement {
    Catalog = catalog,
    Title = "cloudjobs demo",
    Description = "made by cloudjobs demo",
  }
  if not engagement then
    return nil, err
  end
  local created
  created, err = selling:create_resource_snapshot_job {
    Catalog = catalog,
    EngagementIdentifier = engagement.Id,
    ResourceType = "Opportunity",
    ResourceIdentifier = settings.opportunity,
    ResourceSnapshotTemplateIdentifier = settings.template,
  }
  if not created then
    return nil, err
  end
  local job = cloudjobs.jobs.resource_snapshot_job(selling, {
    Catalog = catalog,
    ResourceSnapshotJobIdentifier = created.Id,
  })
  local started
  started, err = job:start()
  if not started then
    return nil, err
  end
  return job
end

function START.azure(settings, options)
  options.scope = settings.scope
  local costs = cloudjobs.azure.cost_exports(options)
  local created, err = costs:create_or_update {
    exportName = "cloudjobs-demo",
    export = {
      properties = {
        format = "Csv",
        definition = { type = "ActualCost", timeframe = "MonthToDate", dataSet = { granularity = "Daily" } },
        deliveryInfo = {
          destination = { resourceId = settings.storage, container = settings.container, rootFolderPath = "demo" },
        },
        schedule = { status = "Inactive" },
      },
    },
  }
  if not created then
    return nil, err
  end
  return cloudjobs.jobs.run_export(costs, { exportName = "cloudjobs-demo" })
end

-- The window first: it opens a little later.
local ORDER = { "ssm", "bcm_data_exports", "azure", "partnercentral_selling" }

local TITLES = {
  bcm_data_exports = "AWS billing data export",
  ssm = "AWS maintenance window",
  partnercentral_selling = "AWS Partner Central snapshots",
  azure = "Azure cost export",
}

-- The table: one row a job, redrawn in place on a terminal, else a line at each change.
local Live = {}
local live_mt = { __index = Live }

local function clock_text(seconds)
  return ("%02d:%02d"):format(math.floor(seconds / 60), math.floor(seconds % 60))
end

function Live:print(row) -- luacheck: ignore 212
  local status = row.status
  local state, code, took = "", "", "starting"
  if status then
    state, code, took = status.state, status.code or "", clock_text(row.took)
  end
  io.stdout:write(("%-30s %-10s %-24s %s\n"):format(row.title, state, code, took))
end

function Live:draw(changed)
  if not self.terminal then
    self:print(changed)
    return
  end
  if self.drawn then
    io.stdout:write(("\27[%dA"):format(#self.rows))
  end
  for _, row in ipairs(self.rows) do
    io.stdout:write("\27[K")
    self:print(row)
  end
  io.stdout:flush()
  self.drawn = true
end

-- Looks at every job that has not ended; plain polling, one after the other.
local function follow(live, transport)
  local begun = transport:clock()
  local left = #live.rows
  while left > 0 do
    for _, row in ipairs(live.rows) do
      if row.job and not (row.status and row.status.final) then
        local status, err = row.job:status()
        if not status then
          return nil, err
        end
        local changed = not row.status or row.status.code ~= status.code or row.status.state ~= status.state
        row.status, row.took = status, transport:clock() - begun
        if changed then
          live:draw(row)
        end
        if status.final then
          left = left - 1
        end
      end
    end
    if left > 0 then
      transport:sleep(PAUSE)
    end
  end
  return true
end

-- A transport that sleeps by the emulator's clock, so that every pause and every floor is kept on it.
local function accelerated(speed)
  local transport = cloudjobs.transport.curl()
  local own = {}
  function own:sleep(seconds, cancel) -- luacheck: ignore 212
    transport:sleep(seconds / speed, cancel)
  end
  function own:clock() -- luacheck: ignore 212
    return transport:clock() * speed
  end
  return setmetatable(own, { __index = function(_, name)
    local f = transport[name]
    return type(f) == "function" and function(_, ...)
      return f(transport, ...)
    end or f
  end })
end

local function begin(live, settings, options_of)
  for _, name in ipairs(ORDER) do
    if settings[name] then
      live.rows[#live.rows + 1] = { title = TITLES[name], service = name, took = 0 }
    end
  end
  for _, row in ipairs(live.rows) do
    local err
    row.job, err = START[row.service](settings[row.service], options_of(row.service, settings[row.service]))
    if not row.job then
      return nil, err
    end
    live:draw(row)
  end
  return true
end

local function outcome(live)
  local all_well = true
  io.stdout:write("\n")
  for _, row in ipairs(live.rows) do
    all_well = all_well and row.status.ok
    io.stdout:write(tostring(row.status), "\n  ", row.job:ref(), "\n")
  end
  return all_well and 0 or 1
end

--- Runs the demo with the clients' options from `options_of`.
---@return integer|nil status
---@return cloudjobs.Error|nil err
local function run_with(settings, transport, options_of)
  local live = setmetatable({ rows = {}, terminal = os_.isatty(1) }, live_mt)
  local ok, err = begin(live, settings, options_of)
  if ok then
    ok, err = follow(live, transport)
  end
  if not ok then
    return nil, err
  end
  return outcome(live)
end

local function on_emulator(speed)
  local emulator, message = require("cloudjobs.emulator").start { speed = speed }
  if not emulator then
    return nil, message
  end
  local transport = accelerated(speed)
  print(("Four services emulated at %s, %d times as fast as the wall clock\n"):format(emulator.url, speed))
  local status, err = run_with(SETTINGS, transport, function(service, settings)
    local credentials = { access_key_id = "AKIDEMULATOR", secret_access_key = "emulator-secret" }
    if service == "azure" then
      credentials = { token = "emulator-token" }
    end
    return { endpoint = emulator.url, transport = transport, credentials = credentials, region = settings.region }
  end)
  emulator:stop()
  return status, err
end

local function on_accounts(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local settings
  settings, message = cloudjobs.json.decode(file:read("*a"))
  file:close()
  if type(settings) ~= "table" then
    return nil, ("%s: %s"):format(path, message or "expected a JSON object")
  end
  local transport = cloudjobs.transport.curl()
  return run_with(settings, transport, function(_, service)
    return { transport = transport, region = service.region, profile = service.profile }
  end)
end

local function define(command)
  command:option("--speed"):argname("<n>"):convert(tonumber):default(tostring(SPEED))
    :description("How many times as fast as the wall clock the emulator's jobs live.")
  command:option("--settings"):argname("<file>")
    :description("Run on real accounts: JSON that names bucket, scope and so on, see the README.")
end

--- Runs the demo. Returns the exit status: 0 when every job succeeded.
local function run(parsed)
  local status, err
  if parsed.settings then
    status, err = on_accounts(parsed.settings)
  else
    status, err = on_emulator(parsed.speed)
  end
  if not status then
    return require("cloudjobs.cli.out").fail(err)
  end
  return status
end

return { define = define, run = run }
