local Store = require "spec.support.store"
local Stub = require "cloudjobs.stub"
local core = require "cloudjobs.core"
local files = require "spec.support.files"

local function reader(text, extra)
  local at = 1
  local made = {
    length = #text,
    read = function()
      local piece = text:sub(at, at + 9999)
      at = at + 10000
      return piece ~= "" and piece or nil
    end,
    rewind = function()
      at = 1
    end,
  }
  for name, value in pairs(extra or {}) do
    made[name] = value or nil
  end
  return made
end

local function sum(name, text)
  return core.base64_encode(core.checksum(name):update(text):digest())
end

-- The text of a body in aws-chunked, its trailers, and the sizes of its chunks.
local function decode(body)
  local pieces, sizes, at = {}, {}, 1
  while true do
    local hex, from = body:match("^(%x+)\r\n()", at)
    local size = tonumber(hex, 16)
    if size == 0 then
      return table.concat(pieces), body:sub(from), sizes
    end
    pieces[#pieces + 1], sizes[#sizes + 1] = body:sub(from, from + size - 1), size
    assert.equal("\r\n", body:sub(from + size, from + size + 1))
    at = from + size + 2
  end
end

describe("a body in pieces", function()
  -- What the stub got of a call.
  local function sent(origin, operation, params, answer)
    local stub = Stub.new { answer or { body = "{}" } }
    local output, err = Store.client(origin, stub)[operation](Store.client(origin, stub), params)
    return stub.requests[1], output, err
  end

  it("is followed by its checksum over TLS", function()
    for _, size in ipairs { 1, 65535, 65536, 65537, 131072, 200000 } do
      local text = ("x"):rep(size)
      local request = sent("https://store.test", "save_thing", { Key = "a", Body = reader(text) })
      local headers = request.headers
      local body, trailer, sizes = decode(request.body)
      assert.equal(text, body)
      assert.equal("x-amz-checksum-crc32:" .. sum("crc32", text) .. "\r\n\r\n", trailer)
      for i = 1, #sizes - 1 do
        assert.equal(65536, sizes[i])
      end
      assert.same({
        "aws-chunked", "x-amz-checksum-crc32", ("%d"):format(size), "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "CRC32",
      }, {
        headers["content-encoding"], headers["x-amz-trailer"], headers["x-amz-decoded-content-length"],
        headers["x-amz-content-sha256"], headers["x-amz-sdk-checksum-algorithm"],
      })
    end
  end)

  it("has a length that includes its chunks and checksum", function()
    local Chunked = require "cloudjobs.aws.aws_chunked"
    local Source = require "cloudjobs.call.source"
    for _, size in ipairs { 1, 15, 16, 65535, 65536, 65537, 131072, 200000 } do
      for _, name in ipairs { "crc32", "crc64nvme", "sha256" } do
        local chunked = Chunked.new(Source.new(reader(("x"):rep(size))),
          { algorithm = name, header = "x-amz-checksum-" .. name })
        local got = 0
        for piece in function() return chunked:read() end do
          got = got + #piece
        end
        assert.equal(chunked.length, got)
      end
    end
  end)

  it("keeps a content coding, and has the checksum that the caller names", function()
    local request = sent("https://store.test", "save_thing",
      { Key = "a", Body = reader "hello", ChecksumAlgorithm = "SHA256", Encoding = "gzip" })
    assert.equal("gzip,aws-chunked", request.headers["content-encoding"])
    local _, trailer = decode(request.body)
    assert.equal("x-amz-checksum-sha256:" .. sum("sha256", "hello") .. "\r\n\r\n", trailer)
  end)

  it("is read twice without TLS, for its hash and its checksum", function()
    local request = sent("http://store.test", "save_thing", { Key = "a", Body = reader "hello" })
    assert.equal("hello", request.body)
    assert.same({ core.sha256 "hello", sum("crc32", "hello"), nil }, {
      request.headers["x-amz-content-sha256"], request.headers["x-amz-checksum-crc32"], request.headers["x-amz-trailer"],
    })
    local _, _, err = sent("http://store.test", "save_thing", { Key = "a", Body = reader("hello", { rewind = false }) })
    assert.same({ "validation", "the whole body is signed before it is sent: it has to be a file that can be sought in, "
      .. "an object with a method rewind, or text" }, { err.kind, err.message })
  end)

  it("is not hashed where the service requires no hash over TLS", function()
    local request = sent("https://store.test", "put_thing", { Key = "a", Body = reader("hello", { rewind = false }) })
    assert.same({ "hello", "UNSIGNED-PAYLOAD" }, { request.body, request.headers["x-amz-content-sha256"] })
  end)

  it("is sent again with all of it", function()
    local stub = Stub.new { { status = 503, body = "" }, { body = "{}" } }
    local client = Store.client("https://store.test", stub)
    assert(client:save_thing { Key = "a", Body = reader(("x"):rep(100000)) })
    assert.equal(stub.requests[1].body, stub.requests[2].body)
    assert.equal(100000, #decode(stub.requests[2].body))
  end)
end)

describe("a response's body that a sink gets", function()
  local function load(answers, options)
    local stub = Stub.new(answers)
    local client = Store.client("https://store.test", stub)
    local output, err = client:load_thing({ Key = "a" }, options)
    return output, err, stub
  end

  local good = { headers = { ["x-amz-checksum-crc32"] = sum("crc32", "hello") }, body = "hello" }
  local bad = { headers = { ["x-amz-checksum-crc32"] = sum("crc32", "hello"), etag = '"a"', ["accept-ranges"] = "bytes" },
    body = "hallo" }

  it("is verified", function()
    local got = {}
    local output, err, stub = load({ good }, { sink = function(bytes) got[#got + 1] = bytes end })
    assert.truthy(output, err)
    assert.equal("hello", table.concat(got))
    assert.equal("ENABLED", stub.requests[1].headers["x-amz-checksum-mode"])
  end)

  it("is an error where it does not fit, which is not repeated into a sink that cannot begin again", function()
    local calls = 0
    local output, err = load({ bad, good }, { sink = function() calls = calls + 1 end })
    assert.is_nil(output)
    assert.same({ "response", "checksum", 1, 1 }, { err.kind, err.code, err.attempts, calls })
    assert.truthy(err.hint:find("It was not sent again", 1, true))
  end)

  it("is no file where it does not fit, and is read again for one", function()
    local folder = files.temporary()
    finally(function()
      files.remove(folder)
    end)
    local output, err = load({ bad, bad, bad }, { sink = folder .. "/thing" })
    assert.is_nil(output)
    assert.same({ "checksum", 3 }, { err.code, err.attempts })
    assert.equal("", io.popen("ls -A " .. folder):read("*a"))
    assert(load({ bad, good }, { sink = folder .. "/thing" }))
    assert.equal("hello", files.read(folder .. "/thing"))
    assert.equal("thing\n", io.popen("ls -A " .. folder):read("*a"))
  end)
end)
