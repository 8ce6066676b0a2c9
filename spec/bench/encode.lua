-- encode: parameters to JSON, validated: required, types, minima, unknown
-- members, UTF-8.

local Bench = require "bench"
local cjson = require "cjson"
local core = require "cloudjobs.core"
local Model = require "cloudjobs.model"

local PARAMS = {
  Export = {
    Name = "nightly",
    Description = "Everything the finance department asks for, daily, as Parquet, with resources",
    DataQuery = {
      QueryStatement = "SELECT bill_payer_account_id, bill_billing_period_start_date, line_item_usage_account_id, "
        .. "line_item_usage_start_date, line_item_product_code, line_item_usage_type, line_item_operation, "
        .. "line_item_usage_amount, line_item_unblended_cost, pricing_unit FROM COST_AND_USAGE_REPORT",
      TableConfigurations = {
        COST_AND_USAGE_REPORT = {
          TIME_GRANULARITY = "DAILY",
          INCLUDE_RESOURCES = "TRUE",
          INCLUDE_SPLIT_COST_ALLOCATION_DATA = "FALSE",
          INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY = "FALSE",
        },
      },
    },
    DestinationConfigurations = {
      S3Destination = {
        S3Bucket = "example-billing-exports",
        S3BucketOwner = "444455556666",
        S3Prefix = "nightly/all",
        S3Region = "us-east-1",
        S3OutputConfigurations = {
          OutputType = "CUSTOM",
          Format = "PARQUET",
          Compression = "PARQUET",
          Overwrite = "OVERWRITE_REPORT",
        },
      },
    },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
  },
  ResourceTags = { { Key = "team", Value = "finops" }, { Key = "env", Value = "production" } },
}

local shape = Model.load("bcm_data_exports"):operation("create_export").input

Bench.compare("encode", function()
  return core.encode(shape, PARAMS)
end, function()
  return cjson.encode(PARAMS)
end, "lua-cjson's encode")
