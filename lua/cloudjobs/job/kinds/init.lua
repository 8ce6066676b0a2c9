--- The kinds of job by their names.
return {
  export_execution = require "cloudjobs.job.kinds.export_execution",
  maintenance_window_execution = require "cloudjobs.job.kinds.maintenance_window_execution",
  resource_snapshot_job = require "cloudjobs.job.kinds.resource_snapshot_job",
  export_run = require "cloudjobs.job.kinds.export_run",
}
