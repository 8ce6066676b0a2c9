--- The kinds of job: a list, and each kind under its name. A new kind is a file
--- beside this one and a line here.

---@class cloudjobs.Kind
---@field kind string its name, as in references and cloudjobs.jobs
---@field title string in a table's cell, such as "AWS export"
---@field about string the same in the words of the documents
---@field cloud "aws"|"azure"
---@field service string whose clients are made by cloudjobs[cloud][service]
---@field service_id string the same service's name in its model
---@field params string[] the parameters that name a job
---@field optional? string[] further ones
---@field id string the parameter that is the job's id
---@field name fun(params: table): string what people call the thing that a job is a run of
---@field operation? string reads one job; without it the listing is read
---@field fetch? fun(client: table, params: table, limits: table): table|nil, cloudjobs.Error|nil reads a job's record
--- where several operations or an address are needed
---@field request? table the operation's parameters, in which "{name}" stands for the job's parameter of that name; the
--- job's own parameters unless given
---@field record? string path of the job's record in the operation's output, when it is not the output itself; a job
--- without one is not found
---@field listing? cloudjobs.Kind.Listing the runs of one thing
---@field record_id fun(record: table): string|nil the id in a listing's record
---@field began? string path of the time at which a run began, in a listing's record
---@field members cloudjobs.Kind.Members paths in the record
---@field milliseconds? boolean the record's times are in milliseconds, not in seconds
---@field states table<string, string> the service's states, as states of cloudjobs.Status
---@field state? fun(record: table, params: table, state: string): string|nil, string|nil the state where it does
--- not follow from the code alone, and its reason
---@field hints? table<string, string> code of a state that does not end by itself -> its hint
---@field result? fun(record: table): table|nil the output of a job that has ended, or where it is
---@field missing table<string, true>|fun(err: cloudjobs.Error): boolean codes of the error that there is no such job
---@field refuse? fun(params: table): string|nil why a job with these parameters cannot be followed
---@field not_resumable? string why another process cannot follow such a job
---@field example? table<string, string> parameters of an example
---@field interval { start: number, growth: number, cap: number, floor: number } seconds, see base/interval.lua
---@field cancel? string|cloudjobs.Kind.Call|fun(client: table, params: table): table|nil, cloudjobs.Error|nil ends it
---@field start? string the operation that starts a standing job
---@field stop? string the operation that stops one
---@field detail? fun(client: table, params: table, limits: table): table|nil, cloudjobs.Error|nil what happened
--- inside the job; limits: the options of all its listings together
---@field baseline? fun(record: table, digest: function): table of a standing job, what later polls are compared with
---@field outcome? fun(record: table, since: table, digest: function): string|nil the state that the comparison gives
---@field deliveries? string[] those of the kind's parameters that name the export whose files a job delivers
---@field next? cloudjobs.Kind.Next how the run that comes next is found
---@field run? cloudjobs.Kind.Run how a run is started
---@field source? cloudjobs.Kind.Source what jobs are runs of, as the command lists and names it
---@field inventory? cloudjobs.Kind.Inventory how cloudjobs.inventory makes rows of them

---@class cloudjobs.Kind.Members
---@field code string the service's own state
---@field reason? string|string[] one path or several, whose texts are joined
---@field started_at? string
---@field updated_at? string
---@field ended_at? string
---@field retry_after? string seconds until the service wants the next poll

---@class cloudjobs.Kind.Call
---@field operation string
---@field request table as the kind's

---@class cloudjobs.Kind.Listing
---@field operation string
---@field params string[] those of the kind's parameters that are also the listing's
---@field items string path of the records in its output

---@class cloudjobs.Kind.Next
---@field finder string the function's name in cloudjobs.jobs
---@field request? fun(source: table, since: number): table the listing's parameters, where it can leave out older runs
---@field refusal? fun(client: table, source: table, limits: table, waited: number): cloudjobs.Error|nil why no run can
--- begin; waited: seconds since the search began

---@class cloudjobs.Kind.Run
---@field finder? string the function's name in cloudjobs.jobs
---@field operation? string starts a run, with the caller's parameters
---@field token? string the parameter that is an idempotency token which no client fills by itself
---@field ids? table<string, string> the job's parameters that the response names, with their paths; others are the
--- caller's
---@field already? table<string, true> codes of the error that the run was started before
---@field params? table<string, string> parameters beyond those of the listing, with their types
---@field period? string the one that is `{ timePeriod = { from, to } }`
---@field start? fun(client: table, params: table, limits: table): table|nil, cloudjobs.Error|nil starts a run; returns
--- the ids of the job that are in the response
---@field is_ours? fun(record: table, params: table, since: number): boolean where the response names no run: whether
--- one that is new in the listing can be it

---@class cloudjobs.Kind.Source
---@field word string what `cloudjobs list` calls them
---@field hint string how the command line names one, such as "the ARN of an AWS export"
---@field param string the parameter that this name is
---@field option? { name: string, param: string, description?: string } an option that has to be given with it
---@field matches? fun(text: string): boolean whether a text can be such a name
---@field region? fun(text: string): string|nil the region that a name holds
---@field operation string lists them
---@field columns string[][] title, field and path of each column; the path's type where it is no string

---@class cloudjobs.Kind.Inventory
---@field option? string member of a fleet's entry that asks for these rows; without one every entry does
---@field type? string that member's type
---@field default? boolean asked for unless the entry says false
---@field row string the rows' kind
---@field label string path of the name in a record of the source's listing
---@field arn? string path of an ARN in it, for the account
---@field groups? fun(entry: table): table[] parameters of the source's listing, one table for each call of it
---@field empty? string the reason in the row of an account that has nothing at all
---@field group_label? string which of them names a call that failed
---@field job fun(source: table, group: table, entry: table): table a job's parameters without its id
---@field records? fun(source: table): table[] the runs, where the source's record holds them
---@field open? boolean only runs that are under way, each in a row of its own; else the newest one
---@field cadence? fun(source: table): number|nil seconds between two runs
---@field health? fun(row: cloudjobs.Row, source: table, record: table|nil) changes a row that has been filled

---@type cloudjobs.Kind[]|table<string, cloudjobs.Kind>
local kinds = {}

local function add(kind)
  kinds[#kinds + 1] = kind
  kinds[kind.kind] = kind
end

add(require "cloudjobs.job.kinds.export_execution")
add(require "cloudjobs.job.kinds.maintenance_window_execution")
add(require "cloudjobs.job.kinds.resource_snapshot_job")
add(require "cloudjobs.job.kinds.export_run")
add(require "cloudjobs.job.kinds.athena_query")
add(require "cloudjobs.job.kinds.glue_job_run")
add(require "cloudjobs.job.kinds.glue_crawl")
add(require "cloudjobs.job.kinds.step_functions_execution")
add(require "cloudjobs.job.kinds.automation_execution")
add(require "cloudjobs.job.kinds.run_command")
add(require "cloudjobs.job.kinds.stack_operation")
add(require "cloudjobs.job.kinds.dynamodb_export")
add(require "cloudjobs.job.kinds.rds_export_task")
add(require "cloudjobs.job.kinds.batch_job")
add(require "cloudjobs.job.kinds.codebuild_build")
add(require "cloudjobs.job.kinds.s3_batch_job")
add(require "cloudjobs.job.kinds.bill_estimate")
add(require "cloudjobs.job.kinds.cost_details_report")
add(require "cloudjobs.job.kinds.price_sheet")
add(require "cloudjobs.job.kinds.reservation_details_report")
add(require "cloudjobs.job.kinds.arm_deployment")

return kinds
