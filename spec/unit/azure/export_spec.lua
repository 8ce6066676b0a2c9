local cloudjobs = require "cloudjobs"

local STORAGE = "/subscriptions/5f0c/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/lakecosts01"

local function export(changes)
  local options = {
    name = "nightly", storage = STORAGE, container = "costs", from = "2031-03-02T00:00:00Z",
  }
  for name, value in pairs(changes or {}) do
    options[name] = value
  end
  local document = cloudjobs.azure.export(options)
  return document
end

describe("the builder of Azure exports", function()
  it("gives a whole document for little", function()
    assert.same({
      name = "nightly",
      properties = {
        format = "Csv",
        compressionMode = "gzip",
        partitionData = true,
        dataOverwriteBehavior = "OverwritePreviousReport",
        definition = { type = "FocusCost", timeframe = "MonthToDate", dataSet = { granularity = "Daily" } },
        deliveryInfo = { destination = { type = "AzureBlob", resourceId = STORAGE, container = "costs" } },
        schedule = {
          status = "Active", recurrence = "Daily",
          recurrencePeriod = { from = "2031-03-02T00:00:00Z", to = "2050-02-01T00:00:00Z" },
        },
      },
    }, export())
  end)

  it("takes everything else too, in any case of letters", function()
    assert.same({
      name = "nightly",
      identity = { type = "SystemAssigned" },
      location = "westeurope",
      properties = {
        exportDescription = "lake feed",
        format = "Parquet",
        compressionMode = "none",
        partitionData = false,
        dataOverwriteBehavior = "CreateNewReport",
        definition = {
          type = "ActualCost",
          timeframe = "TheLastMonth",
          dataSet = { granularity = "Monthly", configuration = { dataVersion = "2023-05-01", columns = { "A", "B" } } },
        },
        deliveryInfo = {
          destination = { type = "AzureBlob", resourceId = STORAGE, container = "costs", rootFolderPath = "a-b/c" },
        },
        schedule = {
          status = "Active", recurrence = "Monthly",
          recurrencePeriod = { from = "2026-01-01T00:00:00Z", to = "2027-01-01T00:00:00Z" },
        },
      },
    }, export {
      type = "actualcost", schedule = "MONTHLY", from = 1767225600, to = 1798761600, granularity = "monthly",
      data_version = "2023-05-01", columns = { "A", "B" }, format = "parquet", compression = "NONE", partition = false,
      overwrite = false, storage = STORAGE:sub(2), folder = "/a:b/c/", description = "lake feed", identity = true,
      location = "westeurope",
    })
  end)

  it("makes an export that runs when asked to", function()
    local document = cloudjobs.azure.export {
      name = "once", schedule = "none", storage = STORAGE, container = "costs",
      period = { from = "2031-01-01T00:00:00Z", to = "2031-01-31T00:00:00Z" },
    }
    assert.same({ status = "Inactive" }, document.properties.schedule)
    assert.same({
      type = "FocusCost", timeframe = "Custom", dataSet = { granularity = "Daily" },
      timePeriod = { from = "2031-01-01T00:00:00Z", to = "2031-01-31T00:00:00Z" },
    }, document.properties.definition)
  end)

  it("leaves out the granularity of what has none, and lists filters by name", function()
    assert.same({ type = "PriceSheet", timeframe = "TheLastMonth" },
      export({ type = "PriceSheet", schedule = "annually" }).properties.definition)
    assert.same({
      configuration = { filters = {
        { name = "LookBackPeriod", value = "Last7Days" }, { name = "ReservationScope", value = "Shared" },
      } },
    }, export({
      type = "ReservationRecommendations", filters = { ReservationScope = "Shared", LookBackPeriod = "Last7Days" },
    }).properties.definition.dataSet)
  end)

  it("takes a partner's account and token", function()
    local document = cloudjobs.azure.export {
      name = "a", schedule = "none", storage_account = "lake", sas_token = "sv=1", container = "costs",
    }
    assert.same({ type = "AzureBlob", container = "costs", storageAccount = "lake", sasToken = "sv=1" },
      document.properties.deliveryInfo.destination)
  end)

  local wrong = {
    { { typ = "FocusCost" }, "unknown option typ %(did you mean type%?%)" },
    { { type = "FocusCots" }, "type: expected one of .*did you mean FocusCost" },
    { { schedule = "hourly" }, "schedule: expected one of Annually, Daily" },
    { { format = "json" }, "format: expected one of Csv, Parquet" },
    { { format = "parquet", compression = "gzip" }, "compression: Parquet goes with snappy" },
    { { timeframe = "Custom" }, "timeframe: Custom needs period" },
    { { period = { from = "2031-01-01T00:00:00Z" } }, "period: expected from and to" },
    { { from = "tomorrow" }, "from: " },
    { { from = "2051-01-01T00:00:00Z" }, "from: expected a time before 2050" },
    { { storage = "lakecosts01" }, "storage: expected the ARM id of a storage account" },
    { { identity = true }, "location: expected" },
    { { name = "" }, "name: expected 1 to 64 letters" },
    { { name = "a b" }, "name: expected 1 to 64 letters, digits, _ and %-, got \"a b\"" },
    { { name = ("a"):rep(65) }, "name: expected 1 to 64 letters" },
    { { container = "" }, 'container: expected 3 to 63 .*, got ""' },
    { { container = "Bad Name" }, "container: expected 3 to 63 lower%-case letters, digits and single hyphens" },
    { { container = "Costs" }, "container: expected" },
    { { container = "a--b" }, "container: expected" },
    { { container = "costs-" }, "container: expected" },
    { { container = ("c"):rep(64) }, "container: expected" },
    { { container = 5 }, "option container: expected string" },
  }
  for _, case in ipairs(wrong) do
    it("raises at the caller's line: " .. case[2], function()
      local ok, message = pcall(export, case[1])
      assert.is_false(ok)
      assert.matches("^spec/unit/azure/export_spec%.lua:%d+: cloudjobs%.azure%.export: ", message)
      assert.matches(case[2], message)
    end)
  end

  local missing = {
    { { storage = STORAGE, container = "costs", schedule = "none" }, "name: expected" },
    { { name = "a", storage = STORAGE, container = "costs" }, "from: expected the time of the first run" },
    { { name = "a", container = "costs", schedule = "none" }, "storage: expected" },
    { { name = "a", storage = STORAGE, schedule = "none" }, "container: expected" },
  }
  for _, case in ipairs(missing) do
    it("names a missing option: " .. case[2], function()
      local ok, message = pcall(cloudjobs.azure.export, case[1])
      assert.is_false(ok)
      assert.matches(case[2], message)
    end)
  end
end)
