local gzip = require "cloudjobs.base.gzip"
local process = require "cloudjobs.os"
local zlib = require "cloudjobs.zlib"

local LIMIT = 1024 * 1024

-- What gzip makes of a text.
local function compress(text, level)
  local result = assert(process.run({ "gzip", "-nc", level or "-6" }, { stdin = text }))
  assert.equal(0, result.status)
  return result.stdout
end

local function noise(size)
  local state, bytes = 1, {}
  for i = 1, size do
    state = state * 16807 % 2147483647
    bytes[i] = string.char(state % 256)
  end
  return table.concat(bytes)
end

local TEXTS = {
  [""] = "nothing",
  hello = "a word",
  [("ab"):rep(40000)] = "one run",
  [('{"Exports":[{"ExportName":"nightly %d"}]}'):rep(3000)] = "a document",
  [noise(70000)] = "noise",
  [("x"):rep(300) .. noise(40000) .. ("x"):rep(300)] = "far copies",
}

describe("a gzip text", function()
  for text, what in pairs(TEXTS) do
    it("is read: " .. what, function()
      for _, level in ipairs { "-1", "-6", "-9" } do
        local bytes = compress(text, level)
        assert.is_true(gzip.is_compressed(bytes))
        assert.is_true(text == gzip.decode(bytes, LIMIT))
      end
    end)
  end

  it("may have several members", function()
    assert.equal("one two", gzip.decode(compress "one " .. compress "" .. compress "two", LIMIT))
  end)

  it("may have a header with a name, a comment and more", function()
    local body = compress("hello"):sub(11)
    assert.equal("hello", gzip.decode("\31\139\8\28\0\0\0\0\0\3\2\0xyname\0comment\0" .. body, LIMIT))
  end)

  it("is an error where it is cut off", function()
    local bytes = compress(("hello world "):rep(100))
    for n = 2, #bytes - 1 do
      assert.same({ nil, "it is cut off" }, { gzip.decode(bytes:sub(1, n), LIMIT) })
    end
  end)

  it("is an error where it is damaged, in its checksum and its length too", function()
    local bytes = compress(("hello world "):rep(100))
    for at = 11, #bytes do
      local damaged = bytes:sub(1, at - 1) .. string.char((bytes:byte(at) + 1) % 256) .. bytes:sub(at + 1)
      local text, message = gzip.decode(damaged, LIMIT)
      assert.is_nil(text)
      assert.is_string(message)
    end
  end)

  it("is an error where other bytes follow", function()
    for _, rest in ipairs { "\n", "\0\0", "garbage", "\31x" } do
      local text, message = gzip.decode(compress "hello" .. rest, LIMIT)
      assert.is_nil(text)
      assert.equal(rest == "\31x" and "incorrect header check" or "other bytes follow its end", message)
    end
  end)

  it("is bounded", function()
    local bytes = compress(("0"):rep(9 * 1024 * 1024), "-9")
    assert.same({ nil, "it is larger than the limit of 1048576 bytes" }, { gzip.decode(bytes, LIMIT) })
    assert.equal("hello", gzip.decode(compress "hello", 5))
    assert.is_nil((gzip.decode(compress "hello", 4)))
  end)

  it("is known by its first bytes", function()
    assert.is_false(gzip.is_compressed "{}")
    assert.is_false(gzip.is_compressed "")
    assert.is_true(gzip.is_compressed "\31\139")
  end)
end)

describe("an inflater", function()
  -- All that it gives for bytes that come in pieces of `size`, in pieces of `max`.
  local function inflate(bytes, size, max)
    local inflater, pieces = zlib.inflater(LIMIT), {}
    for from = 1, #bytes, size do
      inflater:feed(bytes:sub(from, from + size - 1))
      local piece
      repeat
        piece = assert(inflater:read(max))
        assert.is_true(#piece <= max)
        pieces[#pieces + 1] = piece
      until #piece < max
    end
    assert.is_true(inflater:finish())
    return table.concat(pieces)
  end

  it("gives the same for any size of pieces, in and out", function()
    for _, text in ipairs { "", "hello", ("ab"):rep(9000), noise(3000) } do
      local bytes = compress(text) .. compress "the end"
      for _, sizes in ipairs { { 1, 65536 }, { 100, 7 }, { 4096, 100 }, { #bytes, 1 } } do
        assert.is_true(text .. "the end" == inflate(bytes, sizes[1], sizes[2]))
      end
    end
  end)

  it("has an error for good", function()
    local inflater = zlib.inflater(4)
    inflater:feed(compress "hello")
    for _ = 1, 2 do
      assert.same({ nil, "it is larger than the limit" }, { inflater:read() })
      assert.same({ nil, "it is larger than the limit" }, { inflater:finish() })
    end
  end)

  it("misses an end", function()
    local inflater = zlib.inflater(LIMIT)
    assert.same({ nil, "it is cut off" }, { inflater:finish() })
  end)

  it("accepts no bytes before the earlier ones are read", function()
    local inflater = zlib.inflater(LIMIT)
    inflater:feed(compress "hello")
    assert.has_error(function() inflater:feed "x" end)
  end)
end)

describe("a missing zlib", function()
  it("is a message, and nothing else requires it", function()
    local program = [[
      package.preload["cloudjobs.zlib"] = function()
        error("libz.so.1: cannot open shared object file: No such file or directory", 0)
      end
      require "cloudjobs"
      io.write((select(2, require("cloudjobs.base.gzip").decode("\31\139", 10))))
    ]]
    local result = assert(process.run { require("spec.support.process").program, "-e", program })
    assert.matches("^it cannot be decompressed: .*zlib is missing: on Debian, apt%-get install zlib1g%-dev", result.stdout)
  end)
end)
