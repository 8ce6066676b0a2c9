local core = require "cloudjobs.core"
local emulated = require "spec.support.emulated"

local STORAGE = "/subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/costs"
local OLD = "api-version=2020-06-01"
local NEW = "api-version=2025-03-01"

local function document(changes)
  local properties = {
    format = "Csv",
    definition = { type = "ActualCost", timeframe = "MonthToDate", dataSet = { granularity = "Daily" } },
    deliveryInfo = { destination = { resourceId = STORAGE, container = "costs", rootFolderPath = "root" } },
    schedule = {
      status = "Active",
      recurrence = "Daily",
      recurrencePeriod = { from = "2026-11-23T00:00:00Z", to = "2050-02-01T00:00:00Z" },
    },
  }
  for name, value in pairs(changes or {}) do
    properties[name] = value
  end
  return { properties = properties }
end

local function destination(changes)
  local made = document()
  for name, value in pairs(changes) do
    made.properties.deliveryInfo.destination[name] = value
  end
  return made
end

local function definition(changes)
  local made = document()
  for name, value in pairs(changes) do
    made.properties.definition[name] = value
  end
  return made
end

describe("the emulator's Azure exports", function()
  local emulator
  before_each(function()
    emulator = emulated.new()
  end)

  local function put(name, doc, query, how)
    return emulator:azure("PUT", ("/%s?%s"):format(name, query or NEW), doc, how)
  end
  local function get(name, query, how)
    return emulator:azure("GET", ("/%s?%s"):format(name, query or NEW), nil, how)
  end
  local function wrong(status, doc)
    return { status, doc.error.code, (doc.error.message:gsub(" %(Request ID: [%x-]+%)$", "")) }
  end

  it("have a location without the line breaks of a name", function()
    local _, _, headers = put("night%0Aly", document())
    assert.matches("/exports/night%%0Aly$", headers.location)
  end)

  it("are made, read, listed and deleted", function()
    local status, made, headers = put("nightly", document())
    assert.equal(201, status)
    assert.truthy(headers.location:find("^https://costmanagement.trafficmanager.net/"))
    assert.truthy(headers["x-ms-request-id"] and headers["x-ms-correlation-request-id"] and headers["x-ms-routing-request-id"])
    assert.equal("2026-11-23T00:00:00Z", made.properties.nextRunTimeEstimate)
    made.properties.nextRunTimeEstimate = nil
    assert.same(document().properties, made.properties)
    assert.truthy(made.eTag:find('^"%w+"$'))

    status, made = get "NIGHTLY"
    assert.same({ 200, "nightly" }, { status, made.name })
    status, made = emulator:azure("GET", "")
    assert.same({ 200, 1 }, { status, #made.value })
    assert.equal(200, (emulator:azure("DELETE", "/nightly?" .. NEW)))
    -- Not 204, which ARM has for this: Azure's own client treats that as a failure.
    assert.equal(404, (emulator:azure("DELETE", "/nightly?" .. NEW)))
    assert.same({ 404, "NotFound", "The requested export with export name: nightly could not be found." }, wrong(get "nightly"))
  end)

  it("keep what they do not know, numbers and empty lists included", function()
    put("nightly", '{"properties":{"definition":{"type":"Usage","timeframe":"MonthToDate"},"deliveryInfo":{"destination":'
      .. '{"resourceId":"' .. STORAGE .. '","container":"costs"}},"x":{"n":1,"big":9007199254740991,"none":[],"nothing":{}}}}')
    local response = emulator:respond {
      method = "GET",
      path = "/" .. emulated.SUBSCRIPTION .. "/providers/Microsoft.CostManagement/exports/nightly",
      query = NEW,
      headers = { authorization = "Bearer emulator-token" },
    }
    assert.truthy(response.body:find('"x":{"big":9007199254740991,"n":1,"none":[],"nothing":{}}', 1, true))
  end)

  it("are changed only with the latest tag in the body", function()
    local _, first = put("nightly", document())
    local changed = document { exportDescription = "new" }
    assert.same({ 400, "400", "An etag value is needed to update an existing export. Get the latest one and send it in the body." },
      wrong(put("nightly", changed)))
    changed.eTag = first.eTag
    local status, second = put("nightly", changed)
    assert.same({ 200, "new" }, { status, second.properties.exportDescription })
    assert.not_equal(first.eTag, second.eTag)
    assert.same({ 409, "409", "The etag is not the latest one of the export. Get the export and try again." },
      wrong(put("nightly", changed)))
  end)

  it("can be put back as they were read", function()
    put("nightly", document())
    emulator:pass(3 * 86400)
    local _, read = get("nightly", NEW .. "&$expand=runHistory")
    assert.equal(200, (put("nightly", read)))
    assert.is_nil(select(2, get "nightly").properties.runHistory)
  end)

  it("that were made by a current api-version do not exist for older ones", function()
    put("new", document())
    put("old", document(), OLD)
    local function names(query)
      local _, doc = emulator:azure("GET", "?" .. query)
      local list = {}
      for i, one in ipairs(doc.value) do
        list[i] = one.name
      end
      return list
    end
    assert.same({ "new", "old" }, names(NEW))
    assert.same({ "new", "old" }, names "api-version=2023-07-01-preview")
    assert.same({ "old" }, names(OLD))
    assert.same({ "old" }, names "api-version=2024-08-01")
    assert.same({ 404, "404", "No export found for new, scope: " .. emulated.SUBSCRIPTION .. "." }, wrong(get("new", OLD)))
    assert.equal("subscriptions/", select(2, get("old", OLD)).id:sub(1, 14))
  end)

  it("run on demand, through every state, and history lists it", function()
    put("nightly", document())
    local status, body = emulator:azure("POST", "/nightly/run?" .. NEW)
    assert.same({ 200, nil }, { status, body })
    local seen, run = {}, nil
    for _, wait in ipairs { 0, 59, 1, 239, 1 } do
      emulator:pass(wait)
      local _, history = get("nightly/runHistory")
      run = history.value[1]
      seen[#seen + 1] = run.properties.status
    end
    assert.same({ "Queued", "Queued", "InProgress", "InProgress", "Completed" }, seen)
    assert.same({ "OnDemand", "2026-11-22T00:00:00Z", "2026-11-22T00:01:00Z", "2026-11-22T00:05:00Z", "2026-11-01T00:00:00Z" }, {
      run.properties.executionType, run.properties.submittedTime, run.properties.processingStartTime,
      run.properties.processingEndTime, run.properties.startDate,
    })
    local id = run.id:match("/Run/([%x-]+)$")
    assert.equal("root/nightly/20261101-20261122/202611220000/" .. id .. "/manifest.json", run.properties.manifestFile)
  end)

  it("show runs by the older version without what came later", function()
    put("nightly", document(), OLD)
    emulator:azure("POST", "/nightly/run?" .. OLD)
    emulator:pass(300)
    local _, one = get("nightly", OLD .. "&%24expand=runHistory")
    local run = one.properties.runHistory.value[1].properties
    assert.is_nil(run.startDate)
    assert.is_nil(run.manifestFile)
    assert.truthy(run.fileName:find("^root/nightly/20261101%-20261122/nightly_[%x-]+%.csv$"))
  end)

  it("run on schedule, ten of them with the export, one of them in the list", function()
    put("nightly", document())
    emulator:pass(20 * 86400)
    local _, one = get("nightly", NEW .. "&$expand=runHistory")
    assert.equal(10, #one.properties.runHistory.value)
    assert.same({ "Scheduled", "System" }, {
      one.properties.runHistory.value[1].properties.executionType, one.properties.runHistory.value[1].properties.submittedBy,
    })
    local _, list = emulator:azure("GET", "?" .. NEW .. "&$expand=runHistory")
    assert.equal(1, #list.value[1].properties.runHistory.value)
    local _, history = get "nightly/runHistory"
    assert.equal(20, #history.value)
    assert.equal("2026-12-13T00:00:00Z", one.properties.nextRunTimeEstimate)
  end)

  it("run weekly, monthly and yearly", function()
    for recurrence, after in pairs { Weekly = "2026-11-30", Monthly = "2026-12-23", Annually = "2027-11-23" } do
      local period = { from = "2026-11-23T00:00:00Z", to = "2050-02-01T00:00:00Z" }
      put(recurrence, document { schedule = { status = "Active", recurrence = recurrence, recurrencePeriod = period } })
      emulator:control("POST", "clock", { set = "2026-11-23T01:00:00Z" })
      assert.equal(after .. "T00:00:00Z", select(2, get(recurrence)).properties.nextRunTimeEstimate)
      emulator:control("POST", "clock", { set = "2026-11-22T00:00:00Z" })
    end
  end)

  it("end as ordered", function()
    put("nightly", document())
    for _, status in ipairs { "Failed", "NewDataNotAvailable" } do
      emulator:control("POST", "outcomes", { kind = "export_run", match = { exportName = "nightly" }, status = status, reason = "Denied", message = "no" })
      emulator:azure("POST", "/nightly/run?" .. NEW)
    end
    emulator:pass(300)
    local _, history = get "nightly/runHistory"
    local later, earlier = history.value[1].properties, history.value[2].properties
    assert.same({ "Failed", { code = "Denied", message = "no" }, nil }, { earlier.status, earlier.error, earlier.fileName })
    assert.same({ "NewDataNotAvailable", nil }, { later.status, later.error })
  end)

  it("run for a window of their own", function()
    put("nightly", document())
    local function run(from, to)
      return emulator:azure("POST", "/nightly/run?" .. NEW, { timePeriod = { from = from, to = to } })
    end
    assert.equal(200, (run("2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z")))
    local _, history = get "nightly/runHistory"
    assert.equal("2026-10-01T00:00:00Z", history.value[1].properties.startDate)
    assert.equal("Request properties validation failed: timePeriod.to must not be in the future.",
      wrong(run("2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z"))[3])
    assert.equal("Request properties validation failed: timePeriod: the time period is longer than 31 days.",
      wrong(run("2026-09-01T00:00:00Z", "2026-10-31T00:00:00Z"))[3])
  end)

  local FAILED = "Request properties validation failed: "
  local REFUSED = {
    { "a folder that begins with a slash", destination { rootFolderPath = "/root" }, "BadRequest",
      FAILED .. "properties.deliveryInfo.destination.rootFolderPath must not start with '/'." },
    { "no container", destination { container = core.null }, "BadRequest", FAILED .. "properties.deliveryInfo.destination.container is required." },
    { "a container without a name", destination { container = "" }, "BadRequest",
      FAILED .. "Invalid member :properties.deliveryInfo.destination.container" },
    { "a container that cannot be", destination { container = "Bad Name" }, "BadRequest",
      FAILED .. "Invalid member :properties.deliveryInfo.destination.container" },
    { "no storage account", destination { resourceId = "costs" }, "BadRequest",
      FAILED .. "properties.deliveryInfo.destination.resourceId is not a storage account's id." },
    { "an unknown type", definition { type = "Wishes" }, "BadRequest", FAILED .. "Invalid definition type 'Wishes'." },
    { "an unknown timeframe", definition { timeframe = "Someday" }, "BadRequest", FAILED .. "Invalid member :properties.definition.timeframe" },
    { "no window of its own", definition { timeframe = "Custom" }, "BadRequest", FAILED .. "properties.definition.timePeriod is required." },
    { "a window of two months", definition { timeframe = "Custom", timePeriod = { from = "2026-01-01T00:00:00Z", to = "2026-02-28T00:00:00Z" } },
      "BadRequest", FAILED .. "properties.definition.timePeriod: the time period is longer than 31 days." },
    { "a schedule that began", document { schedule = { recurrence = "Daily", recurrencePeriod = { from = "2026-11-21T00:00:00Z", to = "2027-01-01T00:00:00Z" } } },
      "BadRequest", FAILED .. "properties.schedule.recurrencePeriod.from must be in the future." },
    { "a schedule without an end", document { schedule = { recurrence = "Daily", recurrencePeriod = { from = "2026-11-23T00:00:00Z" } } },
      "BadRequest", FAILED .. "properties.schedule.recurrencePeriod: from cannot be after to." },
    { "a recurrence of null", document { schedule = { status = "Inactive", recurrence = core.null } }, "BadRequest",
      FAILED .. "Invalid member :properties.schedule.recurrence" },
    { "a recurrence of None", document { schedule = { status = "Inactive", recurrence = "None" } }, "BadRequest",
      FAILED .. "Invalid member :properties.schedule.recurrence" },
    { "no properties", {}, "BadRequest", FAILED .. "export.properties is required." },
    { "no document", "[]", "BadRequest", FAILED .. "export.properties is required." },
    { "an identity nowhere", { identity = { type = "SystemAssigned" }, properties = document().properties }, "BadRequest",
      FAILED .. "location is required with an identity." },
  }
  for _, case in ipairs(REFUSED) do
    it("refuse " .. case[1], function()
      assert.same({ 400, case[3], case[4] }, wrong(put("nightly", case[2])))
    end)
  end

  it("refuse a folder with a colon, but not by an older api-version", function()
    assert.equal(FAILED .. "properties.deliveryInfo.destination.rootFolderPath must not hold ':'.",
      wrong(put("nightly", destination { rootFolderPath = "a:b" }))[3])
    assert.equal(201, (put("nightly", destination { rootFolderPath = "a:b" }, OLD)))
  end)

  it("show a recurrence that cannot be sent back", function()
    put("once", document { schedule = { status = "Inactive" } })
    local _, read = get "once"
    assert.equal("None", read.properties.schedule.recurrence)
    assert.equal(FAILED .. "Invalid member :properties.schedule.recurrence", wrong(put("once", read))[3])
    read.properties.schedule.recurrence = nil
    assert.equal(200, (put("once", read)))
  end)

  it("accept only what the scope's agreement has", function()
    local function reason(kind, scope)
      local status, doc = put("one", definition { type = kind }, NEW, { scope = scope })
      return status == 201 or wrong(status, doc)[3]
    end
    local group = "providers/Microsoft.Management/managementGroups/root"
    local account = "providers/Microsoft.Billing/billingAccounts/123456"
    assert.is_true(reason("ActualCost", group))
    assert.equal(FAILED .. "Invalid definition type 'FocusCost'.", reason("FocusCost", group))
    assert.equal(FAILED .. "The definition type 'PriceSheet' requires a billing account or a billing profile as its scope.", reason "PriceSheet")
    assert.is_true(reason("PriceSheet", account))
    emulator:control("POST", "suppose", { subscription = emulated.SUBSCRIPTION:match "[^/]+$", pay_as_you_go = true })
    assert.equal(FAILED .. "Invalid definition type 'ActualCost'; valid values: 'Usage'.", reason "ActualCost")
    assert.is_true(reason "Usage")
  end)

  it("reach seven years back, reservations thirteen months", function()
    local function reason(kind, from, to)
      local period = { from = from .. "T00:00:00Z", to = to .. "T00:00:00Z" }
      local scope = "providers/Microsoft.Billing/billingAccounts/123456"
      local status, doc = put("one" .. from, definition { type = kind, timeframe = "Custom", timePeriod = period }, NEW, { scope = scope })
      return status == 201 or wrong(status, doc)[3]
    end
    local none = FAILED .. "properties.definition.timePeriod: there is no data from so long ago."
    assert.is_true(reason("ActualCost", "2019-12-01", "2019-12-31"))
    assert.equal(none, reason("ActualCost", "2019-11-01", "2019-11-30"))
    assert.equal(none, reason("ReservationDetails", "2025-10-01", "2025-10-31"))
  end)

  it("require an identity where the storage account accepts no keys", function()
    emulator:control("POST", "suppose", { storage_account = "costs", shared_key = false })
    assert.same({ 400, "400", "Key-based authentication is currently disabled on the storage account." }, wrong(put("nightly", document())))
    assert.equal(201, (put("nightly", { identity = { type = "SystemAssigned" }, location = "westeurope", properties = document().properties })))
  end)

  it("refuse by an older api-version what came later, and accept its longer windows", function()
    assert.equal(FAILED .. "Invalid definition type 'FocusCost'.", wrong(put("one", definition { type = "FocusCost" }, OLD))[3])
    assert.equal(FAILED .. "Invalid member :properties.format", wrong(put("one", document { format = "Parquet" }, OLD))[3])
    local long = definition { timeframe = "Custom", timePeriod = { from = "2026-01-01T00:00:00Z", to = "2026-03-31T00:00:00Z" } }
    assert.equal(201, (put("one", long, OLD)))
  end)

  it("accept or refuse any value in any place of a document", function()
    local full = document { schedule = document().properties.schedule, compressionMode = "gzip", partitionData = true }
    full.identity, full.location, full.eTag = { type = "SystemAssigned" }, "westeurope", "tag"
    full.properties.definition.timeframe = "Custom"
    full.properties.definition.timePeriod = { from = "2026-10-01T00:00:00Z", to = "2026-10-31T00:00:00Z" }
    local odd = {}
    local function visit(node)
      for name, value in pairs(node) do
        for _, junk in ipairs { core.null, 7, "junk", false, { "list" } } do
          node[name] = junk
          emulator:control("POST", "reset")
          local status = put("nightly", full)
          if status == 201 then
            emulator:azure("POST", "/nightly/run?" .. NEW)
            emulator:pass(86400)
            status = get("nightly", NEW .. "&$expand=runHistory")
          end
          if status ~= 200 and status ~= 400 then
            odd[#odd + 1] = ("%s: %s -> %d"):format(name, tostring(junk), status)
          end
        end
        node[name] = value
        if type(value) == "table" then
          visit(value)
        end
      end
    end
    visit(full)
    assert.same({}, odd)
  end)

  it("refuse a body that is no JSON", function()
    local status, doc = put("nightly", "{")
    assert.same({ 400, "InvalidRequestContent" }, { status, doc.error.code })
  end)

  it("want a registered provider where the files go", function()
    local path = "/" .. emulated.SUBSCRIPTION .. "/providers/Microsoft.CostManagementExports"
    local function provider(method, tail)
      local response = emulator:respond { method = method, path = path .. tail, query = "api-version=2021-04-01", headers = { authorization = "Bearer emulator-token" } }
      return core.json_decode(response.body).registrationState
    end
    assert.equal("NotRegistered", provider("POST", "/unregister"))
    assert.same({ 400, "400", "RP Not Registered: the subscription of the destination is not registered for Microsoft.CostManagementExports." },
      wrong(put("nightly", document())))
    assert.equal("Registered", provider("POST", "/register"))
    assert.equal("Registered", provider("GET", ""))
    assert.equal(201, (put("nightly", document())))
  end)

  it("give an identity its principal, and keep it", function()
    local _, made = put("nightly", { identity = { type = "SystemAssigned" }, location = "westeurope", properties = document().properties })
    assert.truthy(made.identity.principalId)
    made.properties.exportDescription = "new"
    local _, again = put("nightly", made)
    assert.equal(made.identity.principalId, again.identity.principalId)
  end)

  it("never give a SAS token back", function()
    local _, made = put("nightly", destination { resourceId = core.null, storageAccount = "costs", sasToken = "sig=secret" })
    assert.equal("*****", made.properties.deliveryInfo.destination.sasToken)
    assert.equal(200, (put("nightly", made)))
    local response = emulator:respond { method = "GET", path = "/" .. emulated.SUBSCRIPTION .. "/providers/Microsoft.CostManagement/exports/nightly", query = NEW, headers = { authorization = "Bearer emulator-token" } }
    assert.is_nil(response.body:find("secret", 1, true))
  end)

  local SCOPES = {
    "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c",
    "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c/resourceGroups/my_group.(1)",
    "providers/Microsoft.Management/managementGroups/root",
    "providers/Microsoft.Billing/billingAccounts/123456",
    "providers/Microsoft.Billing/billingAccounts/123456/departments/7",
    "providers/Microsoft.Billing/billingAccounts/123456/enrollmentAccounts/8",
    "providers/Microsoft.Billing/billingAccounts/5f0c6a1e:9e8d_2019-05-31/billingProfiles/IM4X-4HIU",
    "providers/Microsoft.Billing/billingAccounts/5f0c6a1e:9e8d_2019-05-31/billingProfiles/IM4X-4HIU/invoiceSections/9",
    "providers/Microsoft.Billing/billingAccounts/5f0c6a1e:9e8d_2019-05-31/customers/10",
  }
  for _, scope in ipairs(SCOPES) do
    it("live under " .. scope, function()
      assert.equal(201, (put("nightly", document(), NEW, { scope = scope })))
      local _, made = get("nightly", NEW, { scope = scope })
      assert.equal("/" .. scope .. "/providers/Microsoft.CostManagement/exports/nightly", made.id)
      assert.equal(404, (get("nightly", NEW, { scope = "providers/Microsoft.Management/managementGroups/other" })))
    end)
  end

  it("give a client its own request id back when it asks", function()
    local function answer(wants)
      return emulator:respond {
        method = "GET",
        path = "/" .. emulated.SUBSCRIPTION .. "/providers/Microsoft.CostManagement/exports/none",
        query = NEW,
        headers = { authorization = "Bearer emulator-token", ["x-ms-client-request-id"] = "mine", ["x-ms-return-client-request-id"] = wants },
      }
    end
    assert.same({ "mine", nil }, { answer("true").headers["x-ms-client-request-id"], answer().headers["x-ms-client-request-id"] })
    local response = answer()
    assert.truthy(response.body:find("Request ID: " .. response.headers["x-ms-request-id"], 1, true))
  end)

  it("live nowhere else", function()
    assert.same({ 400, "InvalidSubscriptionId", "The provided subscription identifier 'mine' is malformed or invalid." },
      wrong(get("nightly", NEW, { scope = "subscriptions/mine" })))
    assert.same({ 400, "InvalidScope", "The scope 'planets/earth' is not valid." }, wrong(get("nightly", NEW, { scope = "planets/earth" })))
  end)

  it("want an api-version that exists", function()
    assert.equal("MissingApiVersionParameter", wrong(emulator:azure("GET", "?x=y"))[2])
    assert.equal("InvalidApiVersionParameter", wrong(emulator:azure("GET", "?api-version=2020-06-0"))[2])
    assert.same({ 405, "MethodNotAllowed", "The requested resource does not support this method." }, wrong(emulator:azure("PATCH", "/x?" .. NEW)))
  end)
end)
