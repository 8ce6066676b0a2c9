local cloudjobs = require "cloudjobs"

describe("a fleet", function()
  local WRONG = {
    { { { cloud = "aws", label = "a b" } },
      "entry 1: option label: expected at most 64 letters, digits, '_', '.' and '-', got \"a b\"" },
    { { { cloud = "aws", label = ("x"):rep(65) } }, "entry 1: option label: expected at most 64 letters" },
    { { { cloud = "aws", label = "a" }, { cloud = "aws", label = "a" } },
      "entry 2: option label: entry 1 is called a already" },
    { { { cloud = "aws", region = "x", regions = { "y" } } }, "entry 1: option regions: it excludes region" },
    { { { cloud = "aws", regions = {} } }, "entry 1: option regions: expected a list of names" },
    { { { cloud = "aws", regions = { 1 } } }, "entry 1: option regions: expected a list of names, got a number at 1" },
    { { { cloud = "aws", external_id = "x" } }, "entry 1: option external_id: expected role_arn beside it" },
  }
  for _, case in ipairs(WRONG) do
    it("is refused at the caller's line: " .. case[2], function()
      local ok, message = pcall(cloudjobs.inventory, case[1])
      assert.is_false(ok)
      assert.matches("^spec/unit/job/fleet_spec.lua:%d+: cloudjobs.inventory: ", message)
      assert.matches(case[2], message, 1, true)
    end)
  end

  it("gives its role the external id and the session's name", function()
    local asked = {}
    local function refuse(request)
      asked[#asked + 1] = request.body:find("AssumeRole", 1, true) and request.body or nil
      return { status = 403, headers = {}, body = "<Error><Code>AccessDenied</Code></Error>" }
    end
    local transport = require("cloudjobs.stub").new { refuse, refuse }
    cloudjobs.inventory({ {
      cloud = "aws", credentials = { access_key_id = "AKID", secret_access_key = "s" },
      role_arn = "arn:aws:iam::444455556666:role/reader", external_id = "id-1", role_session_name = "nightly",
      regions = { "us-east-1", "eu-west-1" },
    } }, { transport = transport })
    assert.is_true(#asked > 0)
    assert.matches("ExternalId=id%-1", asked[1])
    assert.matches("RoleSessionName=nightly", asked[1])
  end)
end)
