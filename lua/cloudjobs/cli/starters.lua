--- The demo's jobs, in the order in which they start: the kind, the name of the settings, and a function that creates
--- what the job needs, by these settings and the clients' options, and returns the job, or nil and an error.

local cloudjobs = require "cloudjobs"
local find = require "cloudjobs.job.find"
local kinds = require "cloudjobs.job.kinds"

local SOON = 180 -- seconds until the maintenance window opens: 0.3 s where --speed is 600

local function start_export_execution(settings, options)
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

local function start_window_execution(_, options)
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

local function start_snapshot_job(settings, options)
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
  return find.run(kinds.resource_snapshot_job, selling, {
    Catalog = catalog, ResourceSnapshotJobIdentifier = created.Id,
  })
end

local function start_export_run(settings, options)
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
return {
  { kind = kinds.maintenance_window_execution, settings = "ssm", start = start_window_execution },
  { kind = kinds.export_execution, settings = "bcm_data_exports", start = start_export_execution },
  { kind = kinds.export_run, settings = "azure", start = start_export_run },
  { kind = kinds.resource_snapshot_job, settings = "partnercentral_selling", start = start_snapshot_job },
}
