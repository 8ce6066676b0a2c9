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
