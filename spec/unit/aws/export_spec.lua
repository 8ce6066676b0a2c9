local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local function export(changes)
  local options = { name = "nightly", table = "FOCUS_1_0_AWS", columns = { "BilledCost" }, bucket = "lake" }
  for name, value in pairs(changes or {}) do
    options[name] = value
  end
  local document, err = cloudjobs.aws.export(options)
  return document, err
end

local function client(answers)
  local stub = Stub.new(answers)
  return cloudjobs.aws.bcm_data_exports {
    transport = stub, region = "us-east-1", env = {},
    credentials = { access_key_id = "AKID", secret_access_key = "hush" },
  }, stub
end

local SCHEMA = { body = { Schema = { { Name = "BilledCost" }, { Name = "Tags" }, { Name = "RegionId" } } } }

describe("the builder of AWS exports", function()
  it("gives a whole document for little", function()
    local document = export { columns = { "BilledCost", "Tags.team AS team" } }
    assert.same({
      Name = "nightly",
      DataQuery = { QueryStatement = "SELECT BilledCost, Tags.team AS team FROM FOCUS_1_0_AWS" },
      DestinationConfigurations = {
        S3Destination = {
          S3Bucket = "lake", S3Prefix = "exports", S3Region = "us-east-1",
          S3OutputConfigurations = {
            OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
          },
        },
      },
      RefreshCadence = { Frequency = "SYNCHRONOUS" },
    }, document)
    assert.is_table(client({}):request("create_export", { Export = document }))
  end)

  it("puts the properties into the table of tables", function()
    local document = export {
      table = "COST_AND_USAGE_REPORT", properties = { TIME_GRANULARITY = "DAILY" }, where = "x = 'a'", limit = 5,
      description = "d", bucket_owner = "111122223333", prefix = "p", region = "eu-west-1", format = "csv",
      overwrite = false, output = "athena",
    }
    assert.same({
      QueryStatement = "SELECT BilledCost FROM COST_AND_USAGE_REPORT WHERE x = 'a' LIMIT 5",
      TableConfigurations = { COST_AND_USAGE_REPORT = { TIME_GRANULARITY = "DAILY" } },
    }, document.DataQuery)
    assert.equal("d", document.Description)
    assert.same({
      S3Bucket = "lake", S3BucketOwner = "111122223333", S3Prefix = "p", S3Region = "eu-west-1",
      S3OutputConfigurations = {
        OutputType = "ATHENA", Format = "TEXT_OR_CSV", Compression = "GZIP", Overwrite = "CREATE_NEW_REPORT",
      },
    }, document.DestinationConfigurations.S3Destination)
  end)

  it("compares the columns with the table's when it is given a client", function()
    local exports, stub = client { SCHEMA, SCHEMA }
    assert.is_table(export { client = exports, columns = { "Tags.team" }, properties = { TIME_GRANULARITY = "DAILY" } })
    assert.same({ TableName = "FOCUS_1_0_AWS", TableProperties = { TIME_GRANULARITY = "DAILY" } },
      cloudjobs.json.decode(stub.requests[1].body))

    local document, err = export { client = exports, columns = { "BiledCost", "RegionId", "Gone" } }
    assert.is_nil(document)
    assert.same({
      { path = "columns[1]", message = "FOCUS_1_0_AWS with these properties has no column BiledCost "
        .. "(did you mean BilledCost?)" },
      { path = "columns[3]", message = "FOCUS_1_0_AWS with these properties has no column Gone" },
    }, err.problems)
  end)

  it("names all columns when it is given a client and none", function()
    local document = cloudjobs.aws.export { name = "a", table = "T", bucket = "lake", client = client { SCHEMA } }
    assert.equal("SELECT BilledCost, Tags, RegionId FROM T", document.DataQuery.QueryStatement)
  end)

  it("gives the service's answer when there is no such table", function()
    local exports = client { { status = 400, body = '{"__type":"ValidationException","message":"no"}' } }
    local document, err = export { client = exports }
    assert.is_nil(document)
    assert.same({ "ValidationException", "GetTable" }, { err.code, err.operation })
  end)

  local wrong = {
    { { bucke = "x" }, "unknown option bucke %(did you mean bucket%?%)" },
    { { name = "a b" }, "name: expected 1 to 128" },
    { { table = "T; DROP" }, "table: expected the name of a table" },
    { { columns = {} }, "columns: expected at least one" },
    { { columns = { "*" } }, "SELECT %* is refused .* or pass client in place of columns" },
    { { columns = { "*" }, client = {} }, "SELECT %* is refused .* or leave columns out to have all" },
    { { columns = { "a", "b, c" } }, "columns%[2%]: expected x, x%.key or x AS name" },
    { { columns = { 5 } }, "columns%[1%]" },
    { { format = "parquett" }, "format: expected csv or parquet, got \"parquett\" %(did you mean parquet" },
    { { bucket = "" }, 'bucket: expected 3 to 63 .*, got ""' },
    { { bucket = "Lake" }, "bucket: expected 3 to 63 lower%-case letters" },
    { { bucket = "s3://lake" }, "bucket: expected" },
    { { bucket = "la..ke" }, "bucket: expected" },
    { { bucket = "lake-" }, "bucket: expected" },
    { { bucket = ("b"):rep(64) }, "bucket: expected" },
    { { bucket_owner = "1234" }, "bucket_owner: expected the 12 digits of an account, got \"1234\"" },
    { { bucket_owner = "12345678901x" }, "bucket_owner: expected" },
    { { where = " " }, "where: expected a condition" },
    { { limit = 0 }, "limit: expected a whole number of rows from 1 on, got 0" },
    { { limit = -1 }, "limit: expected a whole number" },
    { { limit = 1.5 }, "limit: expected a whole number of rows from 1 on, got 1.5" },
    { { limit = math.huge }, "limit: expected a whole number" },
    { { output = "glue" }, "output: expected athena" },
    { { where = ("x"):rep(36000) }, "the query has %d+ characters" },
  }
  for _, case in ipairs(wrong) do
    it("raises at the caller's line: " .. case[2], function()
      local ok, message = pcall(export, case[1])
      assert.is_false(ok)
      assert.matches("^spec/unit/aws/export_spec%.lua:%d+: cloudjobs%.aws%.export: ", message)
      assert.matches(case[2], message)
    end)
  end
end)
