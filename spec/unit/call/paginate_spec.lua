local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"

local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }

local function client(answers)
  local stub = Stub.new(answers)
  return cloudjobs.aws.bcm_data_exports { transport = stub, region = "us-east-1", env = {}, credentials = KEYS }, stub
end

local function page(first, last, token)
  local exports = setmetatable({}, core.array_mt)
  for n = first, last do
    exports[#exports + 1] = { ExportName = "e" .. n }
  end
  return { body = { Exports = exports, NextToken = token } }
end

local function names(exports)
  local list = {}
  for i, export in ipairs(exports) do
    list[i] = export.ExportName
  end
  return table.concat(list, " ")
end

local function collect(iterator)
  local list = {}
  for item in iterator do
    list[#list + 1] = item
  end
  return list
end

local DENIED = { status = 400, body = '{"__type":"AccessDeniedException","message":"no"}' }
local BUSY = { status = 400, body = '{"__type":"ThrottlingException"}' }

describe("pages", function()
  it("come with the token that goes on behind them", function()
    local exports, stub = client { page(1, 2, "t1"), page(3, 3) }
    local seen = {}
    for output, token in exports:pages("list_exports") do
      seen[#seen + 1] = names(output.Exports) .. " -> " .. tostring(token)
    end
    assert.same({ "e1 e2 -> t1", "e3 -> nil" }, seen)
    assert.same({ "{}", '{"NextToken":"t1"}' }, { stub.requests[1].body, stub.requests[2].body })
  end)

  it("have the size asked for", function()
    local exports, stub = client { page(1, 1) }
    collect(exports:pages("ListExports", nil, { page_size = 1 }))
    assert.equal('{"MaxResults":1}', stub.requests[1].body)
  end)

  it("raise the error object, which resumes at the page that failed", function()
    local exports, stub = client { page(1, 2, "t1"), DENIED, page(3, 4) }
    local ok, err = pcall(collect, exports:pages("list_exports"))
    assert.is_false(ok)
    assert.is_true(Error.is(err))
    assert.same({ "AccessDeniedException", "t1" }, { err.code, err.resume_token })
    local rest = collect(exports:pages("list_exports", nil, { token = err.resume_token }))
    assert.equal("e3 e4", names(rest[1].Exports))
    assert.equal('{"NextToken":"t1"}', stub.requests[3].body)
  end)
end)

describe("items", function()
  it("cross pages, empty ones too", function()
    local exports = client { page(1, 2, "t1"), page(1, 0, "t2"), page(3, 3, "t3"), page(1, 0) }
    assert.equal("e1 e2 e3", names(collect(exports:items("list_exports"))))
  end)

  it("are no more than asked for, and no page is fetched in vain", function()
    local exports, stub = client { page(1, 2, "t1"), page(3, 4, "t2") }
    assert.equal("e1 e2", names(collect(exports:items("list_exports", nil, { limit = 2 }))))
    assert.equal(1, #stub.requests)
  end)

  it("are whole although a page was throttled", function()
    local exports = client { page(1, 2, "t1"), BUSY, BUSY, page(3, 3) }
    assert.equal("e1 e2 e3", names(collect(exports:items("list_exports"))))
  end)

  it("end in an error, not in silence, when throttling does not", function()
    local exports = client { page(1, 2, "t1"), BUSY, BUSY, BUSY }
    assert.has_error(function()
      collect(exports:items("list_exports"))
    end)
  end)

  it("end when tokens come in a ring, behind the page that closes it", function()
    for _, case in ipairs {
      { { "A", "A" }, "e1 e2" },
      { { "A", "B", "C", "A" }, "e1 e2 e3 e4" },
      { { "A", "B", "B" }, "e1 e2 e3" },
    } do
      local answers = {}
      for i, token in ipairs(case[1]) do
        answers[i] = page(i, i, token)
      end
      local seen = {}
      local ok, err = pcall(function()
        for item in client(answers):items("list_exports") do
          seen[#seen + 1] = item
        end
      end)
      assert.is_false(ok)
      assert.same({ case[2], "repeated_token", "response" }, { names(seen), err.code, err.kind })
      local list
      list, err = client(answers):all("list_exports")
      assert.same({ nil, "repeated_token", case[2] }, { list, err.code, names(err.items) })
    end
  end)

  it("share one deadline, where one is given", function()
    local asked = {}
    local answers = {}
    for i = 1, 9 do
      answers[i] = page(i, i, "t" .. i)
    end
    local exports, stub = client(answers)
    local send = stub.send
    function stub:send(request)
      asked[#asked + 1] = request.timeout
      self.time = self.time + 4
      return send(self, request)
    end
    local list, err = exports:all("list_exports", nil, { deadline = stub:clock() + 10, timeout = 7 })
    assert.is_nil(list)
    assert.same({ "timeout", "t3", "e1 e2 e3" }, { err.kind, err.resume_token, names(err.items) })
    assert.same({ 7, 6, 2 }, asked)
  end)

  it("do not go round when the service repeats a token", function()
    local exports = client { page(1, 1, "t1"), page(2, 2, "t1") }
    local ok, err = pcall(collect, exports:items("list_exports"))
    assert.is_false(ok)
    assert.same({ "response", "repeated_token" }, { err.kind, err.code })
  end)

  it("leave the caller's parameters as they were", function()
    local exports = client { page(1, 1, "t1"), page(2, 2) }
    local params = {}
    collect(exports:items("list_exports", params, { page_size = 1 }))
    assert.same({}, params)
  end)
end)

describe("all", function()
  it("is one list, which stays a list when it is empty", function()
    local exports = client { page(1, 2, "t1"), page(3, 3), page(1, 0) }
    assert.equal("e1 e2 e3", names(exports:all("list_exports")))
    assert.equal("[]", core.json_encode(exports:all("list_exports")))
  end)

  it("is nil and an error when a page fails", function()
    local exports = client { page(1, 2, "t1"), DENIED }
    local list, err = exports:all("list_exports")
    assert.is_nil(list)
    assert.same({ "AccessDeniedException", "t1" }, { err.code, err.resume_token })
  end)

  it("is nil and an error when a page holds no list", function()
    local costs = cloudjobs.azure.cost_exports {
      transport = Stub.new { { body = '{"value":5}' }, { body = '{"value":[]}' } }, env = {},
      credentials = { token = "t" }, scope = "subscriptions/00000000-0000-0000-0000-000000000000",
    }
    local list, err = costs:all("list")
    assert.is_nil(list)
    assert.same({ "response", "the response cannot be read: its items are no list" }, { err.kind, err.message })
    assert.same({}, costs:all("list"))
  end)

  it("has at most as many as asked for", function()
    local exports = client { page(1, 3, "t1") }
    assert.equal("e1 e2", names(exports:all("list_exports", nil, { limit = 2 })))
  end)
end)

describe("a listing", function()
  it("of an operation without pages raises at the caller's line", function()
    local exports = client {}
    local ok, message = pcall(function()
      local iterator = exports:pages("get_export")
      return iterator
    end)
    assert.is_false(ok)
    assert.matches("paginate_spec%.lua:%d+: get_export has no pages", message)
  end)
end)
