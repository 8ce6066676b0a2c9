-- Every operation and error of every shipped model: its shapes compile, and a
-- value made after them is the same behind the wire as in front of it.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local Model = require "cloudjobs.model"
local files = require "spec.support.files"
local index = require "cloudjobs.models.index"
local path = require "cloudjobs.base.path"

-- How many operations and listings each service has.
local COUNTS = {
  bcm_data_exports = 12,
  ssm = 152,
  partnercentral_selling = 45,
  sts = 11,
  sso = 4,
  sso_oidc = 4,
  azure_cost_exports = 6,
}

local LISTINGS = { bcm_data_exports = 3, ssm = 52, partnercentral_selling = 12, sso = 2, azure_cost_exports = 2 }

local MAX_DEPTH = 12 -- where a shape that holds itself ends: a value that would go on is left out

-- Nothing on our side minds a value that is long or large, so these are above every minimum.
local SCALARS = {
  string = ("é"):rep(64),
  blob = "\0\255x",
  integer = 12345,
  long = 1234567890123,
  number = 0.5,
  boolean = true,
  time = 1925164800,
  ["time.iso"] = 1925164800.25,
  ["time.http"] = 1925164800,
  document = { list = { 1, "two", false }, text = "x" },
}

local members_of

-- A value of a member's type, which is written as in the notation: `Tag[]`, `string{}`.
local function value_of(model, kind, depth, min)
  if depth > MAX_DEPTH then
    return nil
  end
  local inner, suffix = kind:match("^(.-)(%[%])$")
  if not suffix then
    inner, suffix = kind:match("^(.-)({})$")
  end
  if suffix == "[]" then
    local list = {}
    for i = 1, math.max(min or 0, 2) do
      list[i] = value_of(model, inner, depth + 1)
    end
    return list[1] ~= nil and list or nil
  elseif suffix == "{}" then
    return { [SCALARS.string] = value_of(model, inner, depth + 1) }
  elseif SCALARS[kind] ~= nil then
    return SCALARS[kind]
  end
  return members_of(model, model:shape(kind), depth + 1)
end

function members_of(model, shape, depth)
  local members, value = core.members(shape), {}
  for _, member in ipairs(members) do
    if not member.location or member.location == "body" then
      value[member.name] = value_of(model, member.type, depth, member.min)
      if member.required and value[member.name] == nil then
        return nil
      end
    end
    if members.union then
      break
    end
  end
  return value
end

-- What stands outside of the document, so that nothing required is missing.
local function add_located(value, shape)
  local whole = {}
  for name, member in pairs(value) do
    whole[name] = member
  end
  for _, member in ipairs(core.members(shape)) do
    if whole[member.name] == nil and member.location then
      whole[member.name] = value_of(nil, member.type, 0)
    end
  end
  return whole
end

local function round_trip(model, shape, name)
  if not shape then
    return
  end
  local value = members_of(model, shape, 0)
  local text, problems = core.encode(shape, add_located(value, shape), "token")
  if not text then
    error(("%s: %s: %s"):format(name, problems[1].path, problems[1].message))
  end
  for _, member in ipairs(core.members(shape)) do
    if member.location == "body" and (member.type == "blob" or member.type == "string") then
      assert.equal(value[member.name], text) -- the value itself is the body
      return
    end
  end
  local decoded = assert(core.decode(shape, text == "" and "{}" or text))
  assert.same(value, decoded, name)
end

-- A client of the service, over a stub that answers with these documents.
local function client_of(name, bodies)
  local stub = Stub.new()
  for _, body in ipairs(bodies) do
    stub:push { body = body }
  end
  local options = { transport = stub, env = {} }
  local azure = name:match("^azure_(.+)$")
  if azure then
    options.credentials, options.scope = { token = "t" }, "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
    return cloudjobs.azure[azure](options), stub
  end
  options.credentials = { access_key_id = "AKID", secret_access_key = "hush" }
  options.region = "us-east-1"
  return cloudjobs.aws[name](options), stub
end

-- What two calls of a listing answer, a page with a token and the last one,
-- and the items of either.
local function two_pages(model, op)
  local document = {
    value = { { name = "a" }, { name = "b" } },
    nextLink = "https://management.azure.com/subscriptions/s/exports?api-version=2025-03-01&page=2",
  }
  local first = op.output and members_of(model, op.output, 0)
  if model.service.protocol == "azure-rest" then
    first = document
  end
  local last = {}
  for member, value in pairs(first) do
    last[member] = value
  end
  assert.is_string(first[op.pages.next])
  last[op.pages.next] = nil
  local text = { assert(core.encode(op.output, first)), assert(core.encode(op.output, last)) }
  return text, path.at(first, op.pages.items, "table") -- some lists lie deeper
end

describe("the index of the models", function()
  it("names every file of the folder", function()
    local listed = { "lua/cloudjobs/models/index.lua", "lua/cloudjobs/models/partitions.lua" }
    for _, entry in ipairs(index) do
      listed[#listed + 1] = ("lua/cloudjobs/models/%s.lua"):format(entry.model)
      for _, part in ipairs(entry.parts) do
        listed[#listed + 1] = ("lua/cloudjobs/models/%s_%s.lua"):format(entry.model, part)
      end
    end
    table.sort(listed)
    local found = files.list("lua/cloudjobs/models", ".lua")
    table.sort(found)
    assert.same(found, listed)
  end)

  it("makes a client of each service", function()
    for _, entry in ipairs(index) do
      assert.is_true(entry.name == nil or type(cloudjobs[entry.cloud][entry.name]) == "function")
    end
  end)
end)

for _, entry in ipairs(index) do
  local name = entry.model
  describe(name, function()
    local model = Model.load(name)

    it("carries each of its operations there and back", function()
      local names = model:operations()
      assert.equal(COUNTS[name] or #names, #names)
      for _, operation in ipairs(names) do
        local op = model:operation(operation)
        round_trip(model, op.input, op.name .. " input")
        round_trip(model, op.output, op.name .. " output")
      end
    end)

    it("reads each of its errors", function()
      for error_name in pairs(require("cloudjobs.models." .. name).errors) do
        round_trip(model, model:error(error_name).shape, error_name)
      end
    end)

    -- The pages are made as JSON.
    local protocol = model.service.protocol
    local has_xml = protocol == "query" or protocol == "rest-xml" or protocol == "azure-blob"
    it("goes through two pages of each of its listings", has_xml and function()
      for operation, page in pairs(model:paginators()) do
        assert.is_truthy(model:operation(operation) and page.token and page.items)
      end
    end or function()
      local listings = 0
      for operation in pairs(model:paginators()) do
        listings = listings + 1
        local op = model:operation(operation)
        local pages, items = two_pages(model, op)
        local client, stub = client_of(name, pages)
        local params = add_located(members_of(model, op.input, 0), op.input)
        params.scope, params.nextLink, params[op.pages.token] = nil, nil, nil
        params.exportName = params.exportName and "nightly"
        local both = {}
        for i, item in ipairs(items) do
          both[i], both[#items + i] = item, item
        end
        assert.same({ both, 2 }, { client:all(operation, params), #stub.requests }, operation)
        local request = stub.requests[2]
        local sent = core.json_decode(request.body ~= "" and request.body or "{}")
        assert.truthy(sent[op.pages.token] or request.url:find("page=2") or request.url:find("next_token="), operation)
      end
      assert.equal(COUNTS[name] and (LISTINGS[name] or 0) or listings, listings)
    end)

    it("pages and waits by operations it has", function()
      for operation, page in pairs(model:paginators()) do
        local op = assert.is_truthy(model:operation(operation))
        assert.is_truthy(op and page.token and page.next and page.items)
      end
      for _, waiter in pairs(model:waiters()) do
        assert.is_truthy(model:operation(waiter.operation))
      end
    end)
  end)
end
