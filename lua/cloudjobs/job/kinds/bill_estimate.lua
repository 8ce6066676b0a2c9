--- A bill estimate of AWS Billing and Cost Management's Pricing Calculator. The
--- bill scenario is locked while it is made.

---@class cloudjobs.jobs
---@field bill_estimate cloudjobs.Maker
---@field start_bill_estimate cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "bill_estimate",
  title = "AWS bill estimate",
  about = "bill estimate of the AWS Pricing Calculator",
  cloud = "aws",
  service = "bcm_pricing_calculator",
  service_id = "BCM Pricing Calculator",
  params = { "identifier" },
  id = "identifier",
  example = { identifier = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.identifier
  end,
  operation = "get_bill_estimate",
  members = { code = "status", reason = "failureMessage", started_at = "createdAt" },
  states = { IN_PROGRESS = "running", COMPLETE = "succeeded", FAILED = "failed" },
  result = function(record)
    return record.costSummary
  end,
  missing = { ResourceNotFoundException = true },
  interval = { start = 10, growth = 1.5, cap = 30, floor = 1 },
  run = { finder = "start_bill_estimate", operation = "create_bill_estimate", ids = { identifier = "id" } },
}
