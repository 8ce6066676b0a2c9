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
---@field record? string path of the job's record in the operation's output, when it is not the output itself
---@field listing? cloudjobs.Kind.Listing the runs of one thing
---@field record_id fun(record: table): string|nil the id in a listing's record
---@field began? string path of the time at which a run began, in a listing's record
---@field members { code: string, reason: string, started_at?: string, updated_at?: string, ended_at?: string } paths
---@field states table<string, string> the service's states, as states of cloudjobs.Status
---@field missing table<string, true> codes of the error that there is no such job
---@field interval { start: number, growth: number, cap: number, floor: number } seconds, see base/interval.lua
---@field cancel? string|fun(client: table, params: table): table|nil, cloudjobs.Error|nil the operation that ends it
---@field start? string the operation that starts a standing job
---@field stop? string the operation that stops one
---@field detail? fun(client: table, params: table, limits: fun(): table): table|nil, cloudjobs.Error|nil what happened
--- inside the job; limits() returns the options of a listing
---@field baseline? fun(record: table, digest: function): table of a standing job, what later polls are compared with
---@field outcome? fun(record: table, since: table, digest: function): string|nil the state that the comparison gives
---@field next? cloudjobs.Kind.Next how the run that comes next is found
---@field run? cloudjobs.Kind.Run how a run is started
---@field source? cloudjobs.Kind.Source what jobs are runs of, as the command lists and names it
---@field inventory? cloudjobs.Kind.Inventory how cloudjobs.inventory makes rows of them

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

return kinds
