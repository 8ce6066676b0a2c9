local emulated = require "spec.support.emulated"

local SERVICE = "bcm_data_exports"

local function export(name, changes)
  local made = {
    Name = name,
    DataQuery = {
      QueryStatement = "SELECT bill_payer_account_id, line_item_unblended_cost FROM COST_AND_USAGE_REPORT",
      TableConfigurations = { COST_AND_USAGE_REPORT = { TIME_GRANULARITY = "DAILY" } },
    },
    DestinationConfigurations = {
      S3Destination = {
        S3Bucket = "bucket",
        S3Prefix = "prefix",
        S3Region = "us-east-1",
        S3OutputConfigurations = {
          OutputType = "CUSTOM",
          Format = "TEXT_OR_CSV",
          Compression = "GZIP",
          Overwrite = "OVERWRITE_REPORT",
        },
      },
    },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
  }
  for member, value in pairs(changes or {}) do
    made[member] = value
  end
  return made
end

local function query(statement, configurations)
  return export("one", { DataQuery = { QueryStatement = statement, TableConfigurations = configurations } })
end

describe("the emulator's billing exports", function()
  local emulator
  local function call(operation, params, how)
    return emulator:aws(SERVICE, operation, params, how)
  end
  local function create(name)
    return assert(call("CreateExport", { Export = export(name) })).ExportArn
  end
  before_each(function()
    emulator = emulated.new()
  end)

  it("are made, listed, changed and deleted", function()
    local arn = create "nightly"
    assert.truthy(arn:find("^arn:aws:bcm%-data%-exports:us%-east%-1:111122223333:export/nightly%-%x+%-"))
    local got = call("GetExport", { ExportArn = arn })
    local wanted = export "nightly"
    wanted.ExportArn = arn
    assert.same(wanted, got.Export)
    assert.same({ StatusCode = "HEALTHY", CreatedAt = emulated.START, LastUpdatedAt = emulated.START }, got.ExportStatus)

    emulator:pass(10)
    assert.same({ ExportArn = arn }, call("UpdateExport", { ExportArn = arn, Export = export("nightly", { Description = "new" }) }))
    local listed = call("ListExports").Exports
    assert.same({ "nightly", emulated.START + 10 }, { listed[1].ExportName, listed[1].ExportStatus.LastUpdatedAt })
    assert.equal("new", call("GetExport", { ExportArn = arn }).Export.Description)

    assert.same({ ExportArn = arn }, call("DeleteExport", { ExportArn = arn }))
    local _, err = call("GetExport", { ExportArn = arn })
    assert.same({
      status = 400,
      __type = "com.amazonaws.bcmdataexports#ResourceNotFoundException",
      Message = "Export " .. arn .. " was not found.",
      ResourceId = arn,
      ResourceType = "Export",
    }, err)
  end)

  it("go to no bucket that cannot be", function()
    local arn = create "nightly"
    for _, bucket in ipairs { "", "s3://bucket", ("b"):rep(256) } do
      local changed = export "nightly"
      changed.DestinationConfigurations.S3Destination.S3Bucket = bucket
      for operation, params in pairs { CreateExport = { Export = changed }, UpdateExport = { ExportArn = arn, Export = changed } } do
        local _, err = call(operation, params)
        assert.same({ "fieldValidationFailed", "Export.DestinationConfigurations.S3Destination.S3Bucket" },
          { err.Reason, err.Fields[1].Name })
      end
    end
  end)

  it("belong to their account", function()
    local arn = create "nightly"
    local _, err = call("GetExport", { ExportArn = arn }, { key = "AKIDOTHER" })
    assert.equal("com.amazonaws.bcmdataexports#ResourceNotFoundException", err.__type)
    assert.same({}, call("ListExports", {}, { key = "AKIDOTHER" }).Exports)
  end)

  it("execute by themselves, through every state", function()
    local arn = create "nightly"
    assert.same({}, call("ListExecutions", { ExportArn = arn }).Executions)
    emulator:pass(60)
    local id = call("ListExecutions", { ExportArn = arn }).Executions[1].ExecutionId
    local seen = {}
    for _, wait in ipairs { 0, 29, 1, 59, 1, 149, 1, 59, 1, 3600 } do
      emulator:pass(wait)
      seen[#seen + 1] = call("GetExecution", { ExportArn = arn, ExecutionId = id }).ExecutionStatus.StatusCode
    end
    assert.same({
      "INITIATION_IN_PROCESS", "INITIATION_IN_PROCESS", "QUERY_QUEUED", "QUERY_QUEUED", "QUERY_IN_PROCESS", "QUERY_IN_PROCESS",
      "DELIVERY_IN_PROCESS", "DELIVERY_IN_PROCESS", "DELIVERY_SUCCESS", "DELIVERY_SUCCESS",
    }, seen)
    local created = emulated.START + 60
    assert.same({
      StatusCode = "DELIVERY_SUCCESS",
      CreatedAt = created,
      LastUpdatedAt = created + 300,
      CompletedAt = created + 300,
    }, call("GetExecution", { ExportArn = arn, ExecutionId = id }).ExecutionStatus)
    assert.equal(created + 300, call("GetExport", { ExportArn = arn }).ExportStatus.LastRefreshedAt)
  end)

  it("execute every day, newest first in the list, also when the clock leaps", function()
    local arn = create "nightly"
    emulator:pass(10 * 86400 + 60)
    local executions = call("ListExecutions", { ExportArn = arn }).Executions
    assert.equal(11, #executions)
    assert.equal(emulated.START + 60 + 10 * 86400, executions[1].ExecutionStatus.CreatedAt)
    assert.equal("DELIVERY_SUCCESS", executions[2].ExecutionStatus.StatusCode)
  end)

  it("end as ordered, and the export's health shows it", function()
    emulator:control("POST", "outcomes", {
      kind = "export_execution",
      match = { Name = "nightly" },
      status = "QUERY_FAILURE",
      reason = "INSUFFICIENT_PERMISSION",
    })
    local other, arn = create "other", create "nightly"
    emulator:pass(3600)
    local function status(of)
      return call("ListExecutions", { ExportArn = of }).Executions[1].ExecutionStatus
    end
    assert.equal("DELIVERY_SUCCESS", status(other).StatusCode)
    assert.same({ "QUERY_FAILURE", "INSUFFICIENT_PERMISSION" }, { status(arn).StatusCode, status(arn).StatusReason })
    assert.equal("UNHEALTHY", call("GetExport", { ExportArn = arn }).ExportStatus.StatusCode)
    emulator:pass(86400)
    assert.equal("DELIVERY_SUCCESS", status(arn).StatusCode)
    assert.equal("HEALTHY", call("GetExport", { ExportArn = arn }).ExportStatus.StatusCode)
  end)

  it("hang as ordered", function()
    emulator:control("POST", "outcomes", { kind = "export_execution", status = "QUERY_IN_PROCESS" })
    local arn = create "nightly"
    emulator:pass(80000)
    assert.equal("QUERY_IN_PROCESS", call("ListExecutions", { ExportArn = arn }).Executions[1].ExecutionStatus.StatusCode)
  end)

  it("keep the definition that an execution began with", function()
    local arn = create "nightly"
    emulator:pass(60)
    local id = call("ListExecutions", { ExportArn = arn }).Executions[1].ExecutionId
    call("UpdateExport", { ExportArn = arn, Export = export("nightly", { Description = "new" }) })
    assert.is_nil(call("GetExecution", { ExportArn = arn, ExecutionId = id }).Export.Description)
  end)

  it("are given in pages that neither repeat nor lose when more are made", function()
    for _, name in ipairs { "a", "b", "c" } do
      create(name)
    end
    local first = call("ListExports", { MaxResults = 2 })
    create "d"
    local second = call("ListExports", { MaxResults = 2, NextToken = first.NextToken })
    local names = {}
    for _, page in ipairs { first, second } do
      for _, one in ipairs(page.Exports) do
        names[#names + 1] = one.ExportName
      end
    end
    assert.same({ "a", "b", "c", "d" }, names)
    assert.is_nil(second.NextToken)
  end)

  it("refuse an unknown token, and one of another listing", function()
    create "a"
    create "b"
    local token = call("ListExports", { MaxResults = 1 }).NextToken
    local _, foreign = call("ListTables", { NextToken = token })
    local _, strange = call("ListExports", { NextToken = "strange" })
    for _, err in ipairs { foreign, strange } do
      assert.same({ "com.amazonaws.bcmdataexports#ValidationException", "The NextToken is not valid." }, { err.__type, err.Message })
    end
  end)

  local FOCUS = "SELECT BilledCost, Tags FROM FOCUS_1_0_AWS"
  local TAKEN = {
    { "an explicit list", FOCUS },
    { "keywords in any case", "select BilledCost from FOCUS_1_0_AWS where BilledCost > 0 and RegionId IN ('a') " },
    { "a limit", "SELECT BilledCost FROM FOCUS_1_0_AWS LIMIT 10" },
    { "an entry of a map", "SELECT Tags.team AS team, Tags.env FROM FOCUS_1_0_AWS" },
    { "a column that a property brings", "SELECT line_item_resource_id FROM COST_AND_USAGE_REPORT",
      { COST_AND_USAGE_REPORT = { INCLUDE_RESOURCES = "TRUE" } } },
  }
  for _, case in ipairs(TAKEN) do
    it("accept a query with " .. case[1], function()
      assert.truthy(call("CreateExport", { Export = query(case[2], case[3]) }))
    end)
  end

  local REFUSED = {
    { "every column at once", "SELECT * FROM FOCUS_1_0_AWS", nil, "Invalid QueryStatement" },
    { "no SELECT", "DELETE FROM FOCUS_1_0_AWS", nil, "Invalid QueryStatement" },
    { "a grouping", FOCUS .. " WHERE BilledCost > 0 GROUP BY Tags", nil, "Invalid QueryStatement" },
    { "a second table", "SELECT BilledCost FROM FOCUS_1_0_AWS, CARBON_EMISSIONS", nil, "Invalid QueryStatement" },
    { "a function", "SELECT sum(BilledCost) FROM FOCUS_1_0_AWS", nil, "Invalid QueryStatement" },
    { "an unknown table", "SELECT a FROM NOWHERE", nil, "The table NOWHERE does not exist." },
    { "a column in another case", "SELECT billedcost FROM FOCUS_1_0_AWS", nil,
      "The columns in the query provided are not a subset of the table FOCUS_1_0_AWS: billedcost." },
    { "a column that no property brings", "SELECT line_item_resource_id FROM COST_AND_USAGE_REPORT", nil,
      "The columns in the query provided are not a subset of the table COST_AND_USAGE_REPORT: line_item_resource_id." },
    { "an entry of what is no map", "SELECT BilledCost.a FROM FOCUS_1_0_AWS", nil,
      "The columns in the query provided are not a subset of the table FOCUS_1_0_AWS: BilledCost.a." },
    { "an unknown property", FOCUS, { FOCUS_1_0_AWS = { COLOUR = "RED" } }, "The table FOCUS_1_0_AWS has no property COLOUR." },
    { "an unknown value", FOCUS, { FOCUS_1_0_AWS = { TIME_GRANULARITY = "YEARLY" } },
      "YEARLY is not a valid value for the table property TIME_GRANULARITY." },
    { "properties of another table", FOCUS, { CARBON_EMISSIONS = {} }, "The query does not use the table CARBON_EMISSIONS." },
  }
  for _, case in ipairs(REFUSED) do
    it("refuse a query with " .. case[1], function()
      local _, err = call("CreateExport", { Export = query(case[2], case[3]) })
      assert.same({ 400, "com.amazonaws.bcmdataexports#ValidationException", case[4] }, { err.status, err.__type, err.Message })
    end)
  end

  it("refuse what the model does not allow, all at once", function()
    local wrong = export("one", { Description = ("x"):rep(3) })
    wrong.DestinationConfigurations.S3Destination.S3OutputConfigurations.Format = "XML"
    wrong.RefreshCadence.Frequency = "HOURLY"
    wrong.Name = nil
    local body = require("cloudjobs.core").json_encode { Export = wrong }
    local _, err = call("CreateExport", nil, { body = body })
    assert.equal("3 validation errors detected: Value at 'export.name' failed to satisfy constraint: Member must not be null; "
      .. "Value at 'export.destinationConfigurations.s3Destination.s3OutputConfigurations.format' failed to satisfy constraint: "
      .. "Member must satisfy enum value set: [TEXT_OR_CSV, PARQUET]; Value at 'export.refreshCadence.frequency' failed to satisfy "
      .. "constraint: Member must satisfy enum value set: [SYNCHRONOUS]", err.Message)
    assert.equal("fieldValidationFailed", err.Reason)
    assert.equal(3, #err.Fields)
  end)

  local BODIES = {
    { "a body that is no JSON", "{", "SerializationException" },
    { "a wrong type", '{"MaxResults":"7"}', "SerializationException" },
    { "too many results", '{"MaxResults":301}', "com.amazonaws.bcmdataexports#ValidationException" },
    { "too few results", '{"MaxResults":0}', "com.amazonaws.bcmdataexports#ValidationException" },
  }
  for _, case in ipairs(BODIES) do
    it("refuse " .. case[1], function()
      local _, err = call("ListExports", nil, { body = case[2] })
      assert.same({ 400, case[3] }, { err.status, err.__type })
    end)
  end

  it("refuse a second export of a name, another table, and more than the quota", function()
    local arn = create "one"
    local _, twice = call("CreateExport", { Export = export "one" })
    assert.equal("An export with the name one already exists.", twice.Message)
    local _, moved = call("UpdateExport", { ExportArn = arn, Export = query(FOCUS) })
    assert.equal("The table of an export cannot be changed.", moved.Message)
    for _, name in ipairs { "b", "c", "d", "e" } do
      create(name)
    end
    local _, full = call("CreateExport", { Export = export "f" })
    assert.same({
      status = 400,
      __type = "com.amazonaws.bcmdataexports#ServiceQuotaExceededException",
      Message = "The account has 5 exports of COST_AND_USAGE_REPORT.",
      ResourceType = "Export",
      ResourceId = "f",
      QuotaCode = "L-EXPORTS",
      ServiceCode = "bcm-data-exports",
    }, full)
  end)

  it("have tables with properties and the columns these bring", function()
    local names = {}
    for _, one in ipairs(call("ListTables").Tables) do
      names[#names + 1] = one.TableName
    end
    assert.same({
      "CARBON_EMISSIONS", "COST_AND_USAGE_DASHBOARD", "COST_AND_USAGE_REPORT", "COST_OPTIMIZATION_RECOMMENDATIONS",
      "FOCUS_1_0_AWS", "FOCUS_1_2_AWS",
    }, names)
    local function columns(name, properties)
      return #assert(call("GetTable", { TableName = name, TableProperties = properties })).Schema
    end
    assert.same({ 23, 25, 48, 60 }, {
      columns "CARBON_EMISSIONS", columns "COST_OPTIMIZATION_RECOMMENDATIONS", columns "FOCUS_1_0_AWS", columns "FOCUS_1_2_AWS",
    })
    local plain = columns "COST_AND_USAGE_REPORT"
    for property, more in pairs {
      INCLUDE_RESOURCES = 1,
      INCLUDE_SPLIT_COST_ALLOCATION_DATA = 11,
      INCLUDE_CAPACITY_RESERVATION_DATA = 3,
      INCLUDE_IAM_PRINCIPAL_DATA = 1,
      INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY = -2,
    } do
      assert.equal(plain + more, columns("COST_AND_USAGE_REPORT", { [property] = "TRUE" }))
    end
    local _, err = call("GetTable", { TableName = "NOWHERE" })
    assert.equal("The table NOWHERE does not exist.", err.Message)
  end)

  it("have tags", function()
    local arn = assert(call("CreateExport", { Export = export "one", ResourceTags = { { Key = "a", Value = "1" } } })).ExportArn
    call("TagResource", { ResourceArn = arn, ResourceTags = { { Key = "b", Value = "2" }, { Key = "a", Value = "3" } } })
    assert.same({ { Key = "b", Value = "2" }, { Key = "a", Value = "3" } }, call("ListTagsForResource", { ResourceArn = arn }).ResourceTags)
    call("UntagResource", { ResourceArn = arn, ResourceTagKeys = { "b" } })
    assert.same({ { Key = "a", Value = "3" } }, call("ListTagsForResource", { ResourceArn = arn }).ResourceTags)
  end)

  it("know every operation of the service, and no other", function()
    local handlers = require("cloudjobs.emulator.bcm").operations
    local of = require("cloudjobs.model").load "bcm_data_exports"
    for _, name in ipairs(of:operations()) do
      assert.is_function(handlers[of:operation(name).name], name)
    end
    local _, unknown = call("ListExports", {}, { target = "AWSBillingAndCostManagementDataExports.Nothing" })
    assert.same({ 400, "UnknownOperationException" }, { unknown.status, unknown.__type })
    local _, stranger = call("ListExports", {}, { target = "Nobody.ListExports" })
    assert.same({ 400, "UnknownOperationException" }, { stranger.status, stranger.__type })
  end)
end)
