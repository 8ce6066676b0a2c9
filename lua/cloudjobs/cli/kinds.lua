--- The kinds of job as the command line names and shows them.

local export_execution = require "cloudjobs.job.kinds.export_execution"
local export_run = require "cloudjobs.job.kinds.export_run"
local maintenance_window_execution = require "cloudjobs.job.kinds.maintenance_window_execution"
local resource_snapshot_job = require "cloudjobs.job.kinds.resource_snapshot_job"

local LIST = { export_execution, maintenance_window_execution, resource_snapshot_job, export_run }

local UUID = "%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x"

local TITLES = {
  export_execution = "AWS export",
  maintenance_window_execution = "AWS window",
  resource_snapshot_job = "AWS snapshots",
  export_run = "Azure export",
}

--- An AWS export's name, from its ARN.
---@return string
local function export_name(arn)
  local name = arn:match("export/(.+)$") or arn
  return (name:gsub("%-" .. UUID .. "$", ""))
end

-- What people call the thing that a job is a run of.
local NAMES = {
  export_execution = function(params)
    return export_name(params.ExportArn)
  end,
  maintenance_window_execution = function(params)
    return params.WindowId or params.WindowExecutionId
  end,
  resource_snapshot_job = function(params)
    return params.ResourceSnapshotJobIdentifier
  end,
  export_run = function(params)
    return params.exportName
  end,
}

local by_name, names = {}, {}
for i, kind in ipairs(LIST) do
  by_name[kind.kind] = kind
  names[i] = kind.kind:gsub("_", "-")
end

--- The kind of that name in either spelling, or nil.
---@param name string|nil
---@return table|nil
local function find(name)
  return by_name[((name or ""):gsub("-", "_"))]
end

local function title(job)
  return TITLES[job.kind]
end

--- What people call the thing that jobs of `kind` with `params` are runs of.
---@return string
local function name(kind, params)
  return NAMES[kind](params)
end

local function name_of(job)
  return name(job.kind, job.params)
end

return { find = find, names = names, title = title, name = name, name_of = name_of, export_name = export_name }
