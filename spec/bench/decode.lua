-- decode-1.5k and decode-1m: an answer to a table, typed: timestamps are
-- parsed, unknown members left out, UTF-8 and grammar checked.

local Bench = require "bench"
local cjson = require "cjson"
local core = require "cloudjobs.core"
local Model = require "cloudjobs.model"

local GET_EXECUTION = [[{"ExecutionId":"9f2d6c1a-3b47-4e58-8c20-51f7a4e0b9d3","Export":{"ExportArn":
"arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-5c0a1f2e","Name":"nightly",
"Description":"Everything the finance department asks for, daily, as Parquet, with resources","DataQuery":
{"QueryStatement":"SELECT bill_payer_account_id, bill_billing_period_start_date, line_item_usage_account_id,
line_item_usage_start_date, line_item_product_code, line_item_usage_type, line_item_operation, line_item_resource_id,
line_item_usage_amount, line_item_unblended_cost, pricing_unit, product_region_code FROM COST_AND_USAGE_REPORT",
"TableConfigurations":{"COST_AND_USAGE_REPORT":{"TIME_GRANULARITY":"DAILY","INCLUDE_RESOURCES":"TRUE",
"INCLUDE_SPLIT_COST_ALLOCATION_DATA":"FALSE","INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY":"FALSE"}}},
"DestinationConfigurations":{"S3Destination":{"S3Bucket":"example-billing-exports","S3BucketOwner":"444455556666",
"S3Prefix":"nightly/all","S3Region":"us-east-1","S3OutputConfigurations":{"OutputType":"CUSTOM","Format":"PARQUET",
"Compression":"PARQUET","Overwrite":"OVERWRITE_REPORT"}}},"RefreshCadence":{"Frequency":"SYNCHRONOUS"}},
"ExecutionStatus":{"StatusCode":"DELIVERY_SUCCESS","CreatedAt":"2026-11-20T06:00:00.000Z",
"CompletedAt":"2026-11-20T06:31:09.482Z","LastUpdatedAt":"2026-11-20T06:31:09.482Z"}}]]

-- As long as the service's longest pages never are: 4,800 rows.
local function list_executions()
  local rows = {}
  for i = 1, 4800 do
    local minute, second = math.floor(i / 60) % 60, i % 60
    rows[i] = (([[{"ExecutionId":"%08x-8b58-4311-9ab8-%012x","ExecutionStatus":{"StatusCode":"DELIVERY_SUCCESS",
"CreatedAt":"2026-11-20T06:%02d:%02d.000Z","LastUpdatedAt":"2026-11-20T07:%02d:%02d.400Z",
"CompletedAt":"2026-11-20T07:%02d:%02d.400Z"}}]]):gsub("\n", ""))
      :format(i * 40503, i * 2654435, minute, second, minute, second, minute, second)
  end
  return '{"Executions":[' .. table.concat(rows, ",") .. "]}"
end

local model = Model.load "bcm_data_exports"

local function compare(name, operation, text)
  local shape = model:operation(operation).output
  Bench.compare(name, function()
    return core.decode(shape, text)
  end, function()
    return cjson.decode(text)
  end, "lua-cjson's untyped decode")
end

compare("decode-1.5k", "get_execution", (GET_EXECUTION:gsub("\n", " ")))
compare("decode-1m", "list_executions", list_executions())
