--- A run of an AWS Glue crawler. The response to its start names no run, so the
--- listing is searched for the one that is new in it.

local CLOCK_TOLERANCE = 60 -- seconds by which the clocks of the service's parts may differ

---@class cloudjobs.jobs
---@field glue_crawl cloudjobs.Maker
---@field next_glue_crawl cloudjobs.Finder
---@field start_glue_crawl cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "glue_crawl",
  title = "Glue crawl",
  about = "run of an AWS Glue crawler",
  cloud = "aws",
  service = "glue",
  service_id = "Glue",
  params = { "CrawlerName", "CrawlId" },
  id = "CrawlId",
  example = { CrawlerName = "exports", CrawlId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.CrawlerName
  end,
  operation = "list_crawls",
  request = {
    CrawlerName = "{CrawlerName}",
    Filters = { { FieldName = "CRAWL_ID", FilterOperator = "EQ", FieldValue = "{CrawlId}" } },
  },
  record = "Crawls[0]",
  listing = { operation = "list_crawls", params = { "CrawlerName" }, items = "Crawls" },
  record_id = function(record)
    return record.CrawlId
  end,
  began = "StartTime",
  members = { code = "State", reason = "ErrorMessage", started_at = "StartTime", ended_at = "EndTime" },
  states = { RUNNING = "running", COMPLETED = "succeeded", FAILED = "failed", STOPPED = "stopped" },
  missing = { EntityNotFoundException = true },
  interval = { start = 15, growth = 1.25, cap = 60, floor = 1 },
  cancel = { operation = "stop_crawler", request = { Name = "{CrawlerName}" } },
  next = { finder = "next_glue_crawl" },
  run = {
    finder = "start_glue_crawl",
    start = function(client, params, limits)
      local started, err = client:start_crawler({ Name = params.CrawlerName }, limits)
      return started and {}, err
    end,
    is_ours = function(record, _, since)
      return (record.StartTime or 0) >= since - CLOCK_TOLERANCE
    end,
  },
}
