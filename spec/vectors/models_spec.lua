-- The generated models against facts counted in the same descriptions by other
-- means, and against what the generator makes of them today.

local core = require "cloudjobs.core"
local Model = require "cloudjobs.model"
local files = require "spec.support.files"

local SOURCE = os.getenv("BOTOCORE") or "../shared/models"

local function read_json(path)
  return assert(core.json_decode(files.read(path)))
end

local facts_file = io.open(SOURCE .. "/facts.json")
if not facts_file then
  pending("compares the models with " .. SOURCE .. " (set BOTOCORE to the folder that has it)")
  return
end
facts_file:close()

local function sorted(list)
  table.sort(list)
  return list
end

local function keys(t)
  local list = {}
  for key in pairs(t) do
    list[#list + 1] = key
  end
  return sorted(list)
end

local function service_names(model, matches)
  local names = {}
  for _, name in ipairs(model:operations()) do
    local op = model:operation(name)
    if matches(op) then
      names[#names + 1] = op.name
    end
  end
  return sorted(names)
end

local function everything()
  return true
end

-- "Structure.member" -> its description by core.members, for all structures of the description.
local function members_of(model, description)
  local found, unions = {}, {}
  for name, shape in pairs(description.shapes) do
    if shape.type == "structure" then
      local members = core.members(model:shape(name))
      unions[#unions + 1] = members.union and name or nil
      for _, member in ipairs(members) do
        found[name .. "." .. member.name] = member
      end
    end
  end
  return found, sorted(unions)
end

-- The shapes that a member leads to through lists and maps.
local function reached(description, name)
  local shape = description.shapes[name]
  local inner = shape.member or shape.value
  local list = inner and reached(description, inner.shape) or {}
  list[#list + 1] = name
  return list
end

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

-- The members, by "Structure.member", that lead to one of `shapes`.
local function leading_to(description, shapes)
  local wanted, found = set_of(shapes), {}
  for name, shape in pairs(description.shapes) do
    for member, reference in pairs(shape.members or {}) do
      for _, target in ipairs(reached(description, reference.shape)) do
        if wanted[target] then
          found[name .. "." .. member] = true
        end
      end
    end
  end
  return keys(found)
end

local function members_where(members, matches)
  local found = {}
  for path, member in pairs(members) do
    if matches(member) then
      found[#found + 1] = path
    end
  end
  return sorted(found)
end

local FORMS = { iso8601 = "time.iso", rfc822 = "time.http", unixTimestamp = "time" }

for service, facts in pairs(read_json(SOURCE .. "/facts.json")) do
  describe("the model of " .. service, function()
    local model = Model.load((service:gsub("%-", "_")))
    local description = read_json(("%s/%s/%s/service-2.json"):format(SOURCE, service, facts.apiVersion))
    local members, unions = members_of(model, description)

    it("has the service's facts", function()
      assert.same({
        facts.serviceId, facts.apiVersion, facts.endpointPrefix, facts.signingName,
        facts.targetPrefix ~= core.null and facts.targetPrefix or "none",
        facts.protocol == "json" and "json-" .. facts.jsonVersion or facts.protocol,
      }, {
        model.service.id, model.service.api_version, model.service.endpoint, model.service.signing,
        model.service.target or "none", model.service.protocol,
      })
    end)

    it("has its operations", function()
      assert.same(sorted(facts.operation_names), service_names(model, everything))
      assert.same(facts.ops_without_input, service_names(model, function(op) return not op.input end))
      assert.same(sorted(facts.ops_without_output), service_names(model, function(op) return not op.output end))
      local texts = require("cloudjobs.models." .. service:gsub("%-", "_")).operations
      assert.same(sorted(facts.op_traits.readonly), service_names(model, function(op)
        return texts[op.name]:find(" readonly") -- op.readonly is true of more operations
      end))
      assert.same(sorted(facts.op_traits.idempotent), service_names(model, function(op) return op.idempotent end))
      assert.same(sorted(facts.op_traits.authtype), service_names(model, function(op) return op.unsigned end))
      assert.equal(facts.resultWrapper, #service_names(model, function(op) return op.result_wrapper end))
      local uris = {}
      service_names(model, function(op) uris[op.uri] = true end)
      assert.same(sorted(facts.http_uris), keys(uris))
    end)

    it("has its paginators", function()
      local expected = {}
      for name, paginator in pairs(facts.paginators) do
        expected[name] = {
          token = paginator.input_token, next = paginator.output_token, items = paginator.result_key,
          limit = paginator.limit_key, more = paginator.more_results,
        }
      end
      assert.same(expected, model:paginators())
    end)

    it("has its waiters", function()
      assert.same(sorted(facts.waiters), keys(model:waiters()))
    end)

    it("has its errors, their codes and states", function()
      for name, known in pairs(facts.errors) do
        local found = model:error(known.code or name)
        assert.same({ name, known.httpStatusCode, known.retryable ~= nil },
          { found.name, found.status, found.retryable })
      end
    end)

    it("has its unions", function()
      assert.same(sorted(facts.union), unions)
    end)

    it("has its secrets", function()
      assert.same(leading_to(description, facts.sensitive_shapes),
        members_where(members, function(member) return member.sensitive end))
    end)

    it("has its idempotency tokens", function()
      assert.same(sorted(facts.idempotencyToken),
        members_where(members, function(member) return member.idempotency end))
    end)

    it("has its timestamps, each in its form", function()
      local default = facts.protocol == "query" and "time.iso" or "time"
      local expected = {}
      for _, timestamp in pairs(facts.timestamps) do
        for _, path in ipairs(timestamp.members) do
          expected[path] = FORMS[timestamp.shape_timestampFormat] or default
        end
      end
      local found = {}
      for path, member in pairs(members) do
        found[path] = member.type:match("^time[%.%a]*$")
      end
      assert.same(expected, found)
    end)

    it("has its blobs and longs", function()
      local function has(base)
        return members_where(members, function(member) return member.type:match("^%a+") == base end)
      end
      assert.same(leading_to(description, facts.blob), has("blob"))
      assert.same(leading_to(description, facts.long), has("long"))
    end)

    it("has its names on the wire and its places", function()
      local names, places = {}, 0
      for path, member in pairs(members) do
        if member.wire ~= member.name then
          names[#names + 1] = path .. "->" .. member.wire
        end
        places = places + (member.location and 1 or 0)
      end
      assert.same(sorted(facts.locationName_differs), sorted(names))
      local expected = 0
      for _, count in pairs(facts.member_locations) do
        expected = expected + count
      end
      assert.equal(expected, places)
    end)
  end)
end

describe("the generated models", function()
  local folder, complete
  local MODULE = "cloudjobs.models.index"

  -- The entries of the index whose descriptions are in the source, and whether those are all.
  local function available(index)
    local found, all = {}, true
    for _, entry in ipairs(index) do
      local path = entry.origin and ("%s/%s/service-2.json"):format(SOURCE, (entry.origin:gsub(" ", "/")))
      if not path or files.exists(path) then
        found[#found + 1] = entry
      else
        all = false
      end
    end
    return found, all
  end

  setup(function()
    folder = files.temporary()
    local index = require(MODULE)
    package.loaded[MODULE], complete = available(index)
    local ok, problem = pcall(assert(loadfile("tools/models.lua")), SOURCE, folder)
    package.loaded[MODULE] = index
    assert(ok, problem)
  end)
  teardown(function()
    files.remove(folder)
  end)

  it("are what the generator makes, byte for byte", function()
    local count = 0
    for _, path in ipairs(files.list(folder, ".lua")) do
      local name = path:match("[^/]+$")
      if complete or name ~= "index.lua" then
        assert.is_true(files.read(path) == files.read("lua/cloudjobs/models/" .. name),
          name .. " is not up to date: run make models")
        count = count + 1
      end
    end
    assert.is_true(count > 15, count .. " files")
  end)
end)
