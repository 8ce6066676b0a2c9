local CheckedSink = require "cloudjobs.cloud.checked_sink"

local function sink(what)
  local pieces = {}
  what.etag = '"1"'
  return CheckedSink.new(function(bytes)
    pieces[#pieces + 1] = bytes
  end, what), pieces
end

local function head(status, headers)
  headers.etag = headers.etag or '"1"'
  return { status = status, headers = headers }
end

describe("a sink for one version of an object", function()
  it("asks for a range where one is wanted", function()
    assert.is_nil(sink({ size = 10 }):range())
    assert.equal("bytes=4-9", sink({ size = 10, offset = 4 }):range())
    assert.equal("bytes=0-2", sink({ size = 10, length = 3 }):range())
  end)

  it("accepts a head that fits", function()
    assert.is_true(sink({ size = 10 }):start(head(200, { ["content-length"] = "10" })))
    assert.is_true(sink({ size = 10 }):start(head(200, {})))
    assert.is_true(sink({ size = 10, offset = 4 }):start(head(206, { ["content-range"] = "bytes 4-9/10" })))
    assert.is_true(sink({ size = 10, offset = 4 }):start(head(206, { ["content-range"] = "bytes 4-9/*" })))
  end)

  it("refuses any other", function()
    local cases = {
      { { size = 10 }, 200, { ["content-length"] = "11" }, "OtherLength" },
      { { size = 10 }, 200, { etag = '"2"' }, "OtherVersion" },
      { { size = 10 }, 206, { ["content-range"] = "bytes 0-4/10" }, "OtherRange" },
      { { size = 10, offset = 4 }, 200, {}, "WholeObject" },
      { { size = 10, offset = 4 }, 206, {}, "OtherRange" },
      { { size = 10, offset = 4 }, 206, { ["content-range"] = "bytes 4-8/10" }, "OtherRange" },
      { { size = 10, offset = 4 }, 206, { ["content-range"] = "bytes 4-9/11" }, "OtherRange" },
      { { size = 10, offset = 4 }, 206, { ["content-range"] = "bytes 11-10/11" }, "OtherRange" },
    }
    for _, case in ipairs(cases) do
      local ok, err = sink(case[1]):start(head(case[2], case[3]))
      assert.is_nil(ok)
      assert.same({ "service", case[4], case[2] }, { err.kind, err.code, err.status })
    end
  end)

  it("passes the bytes on and counts them", function()
    local checked, pieces = sink { size = 4 }
    checked:write "ab"
    local ok, err = checked:finish()
    assert.is_nil(ok)
    assert.equal("OtherLength", err.code)
    checked:write "cd"
    assert.is_true(checked:finish())
    assert.same({ "ab", "cd" }, pieces)
  end)

  it("rewinds an object that can, and begins to count again", function()
    local rewound = 0
    local checked = CheckedSink.new({
      write = function() end,
      rewind = function()
        rewound = rewound + 1
      end,
    }, { etag = '"1"', size = 2 })
    checked:write "a"
    checked:rewind()
    checked:write "ab"
    assert.is_true(checked:finish())
    assert.equal(1, rewound)
    assert.is_nil(sink({ size = 2 }).rewind)
  end)

  it("gives the answer of the sink that it is around", function()
    local checked = CheckedSink.new({ write = function()
      return nil, "full"
    end }, { etag = '"1"', size = 2 })
    assert.same({ nil, "full" }, { checked:write "ab" })
  end)
end)
