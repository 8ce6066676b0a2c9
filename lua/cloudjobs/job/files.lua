--- The files that a job delivered, where its kind is a run of an export.

local Error = require "cloudjobs.base.error"
local option = require "cloudjobs.base.options"

local OPTIONS = { storage = "table", request_payer = "boolean", timeout = "number", cancel = "canceller" }

--- The files of a job that has ended: job:files().
---@param job cloudjobs.Job
---@param options { storage: cloudjobs.Client|nil, request_payer: boolean|nil, timeout: number|nil,
--- cancel: cloudjobs.Canceller|nil }|nil storage: a client of S3 or of blobs in place of one that is made from the
--- job's client; timeout: seconds in all
---@return cloudjobs.Delivery[]|nil deliveries one for each period that the job delivered, as of cloudjobs.deliveries
---@return cloudjobs.Error|nil err kind "job", code "unsupported" where jobs of the kind deliver no files, code
--- "not_delivered" where this one's are not there (yet, or any more)
return function(job, options)
  options = option.check(options, OPTIONS, "files")
  local names = job._kind.deliveries
  local make = names and rawget(job._client, "delivery_source")
  if not make then
    return nil, Error.new {
      kind = "job", code = "unsupported",
      message = names and "the client, which is made from a description, finds no files"
        or job.kind .. " delivers no files that cloudjobs finds",
    }
  end
  local ids = {}
  for _, name in ipairs(names) do
    ids[name] = job.params[name]
  end
  local source = make(job._client, ids, { storage = options.storage, request_payer = options.request_payer })
  return source:list { execution_id = job.id, timeout = options.timeout, cancel = options.cancel }
end
