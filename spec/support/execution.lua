--- The call that the benches time: an export's execution, and its answer of 1.5 KB.

local ANSWER = [[{"ExecutionId":"9f2d6c1a-3b47-4e58-8c20-51f7a4e0b9d3","Export":{"ExportArn":
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
ANSWER = ANSWER:gsub("\n", " ")

local PARAMS = {
  ExportArn = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-5c0a1f2e",
  ExecutionId = "9f2d6c1a-3b47-4e58-8c20-51f7a4e0b9d3",
}

return { params = PARAMS, answer = ANSWER }
