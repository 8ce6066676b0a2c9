-- Every operation and error of every shipped model: its shapes compile, and a
-- value made after them is the same behind the wire as in front of it.

local core = require "cloudjobs.core"
local Model = require "cloudjobs.model"

local COUNTS = {
  bcm_data_exports = 12,
  ssm = 152,
  partnercentral_selling = 45,
  sts = 11,
  sso = 4,
  sso_oidc = 4,
  azure_cost_exports = 6,
}

local MAX_DEPTH = 12 -- where a shape that holds itself ends: a value that would go on is left out

local SCALARS = {
  string = function(min) return ("é"):rep(math.max(min, 3)) end,
  blob = function(min) return ("\0\255x"):rep(math.max(min, 1)) end,
  integer = function(min) return math.max(min, 7) end,
  long = function(min) return math.max(min, 1234567890123) end,
  number = function(min) return math.max(min, 0.5) end,
  boolean = function() return true end,
  time = function() return 1925164800 end,
  ["time.iso"] = function() return 1925164800.25 end,
  ["time.http"] = function() return 1925164800 end,
  document = function() return { list = { 1, "two", false }, text = "x" } end,
}

local COMPOUND = {}

local function value_of(model, node, depth)
  if depth > MAX_DEPTH then
    return nil
  end
  local make = COMPOUND[node.type]
  if make then
    return make(model, node, depth + 1)
  end
  return SCALARS[node.type](node.min or 0)
end

local function members_of(model, shape, depth)
  local members, value = core.members(shape), {}
  for _, member in ipairs(members) do
    if not member.location or member.location == "body" then
      value[member.name] = value_of(model, member, depth)
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

function COMPOUND.structure(model, node, depth)
  return members_of(model, model:shape(node.shape), depth)
end

function COMPOUND.list(model, node, depth)
  local list = {}
  for i = 1, math.max(node.min or 0, 2) do
    list[i] = value_of(model, node.item, depth)
  end
  return list[1] ~= nil and list or nil
end

function COMPOUND.map(model, node, depth)
  return { [SCALARS.string(node.key.min or 0)] = value_of(model, node.item, depth) }
end

-- What stands outside of the document, so that nothing required is missing.
local function add_located(value, shape)
  local whole = {}
  for name, member in pairs(value) do
    whole[name] = member
  end
  for _, member in ipairs(core.members(shape)) do
    if whole[member.name] == nil and member.location then
      whole[member.name] = value_of(nil, member, 0)
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
  local decoded = assert(core.decode(shape, text == "" and "{}" or text))
  assert.same(value, decoded, name)
end

for name, count in pairs(COUNTS) do
  describe(name, function()
    local model = Model.load(name)

    it(("carries each of its %d operations there and back"):format(count), function()
      local names = model:operations()
      assert.equal(count, #names)
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
