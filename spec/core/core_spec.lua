local core = require "cloudjobs.core"
local haunted = require "spec.support.haunted"

local jit = rawget(_G, "jit")

describe("hashes", function()
  it("are SHA-256 in hex", function()
    assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", core.sha256 "")
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", core.sha256 "abc")
    assert.equal("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", core.sha256(("a"):rep(1000000)))
  end)

  -- RFC 4231, cases 1, 2, 3 and 6: keys shorter and longer than a block.
  local cases = {
    { ("\11"):rep(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { ("\170"):rep(20), ("\221"):rep(50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    {
      ("\170"):rep(131),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    },
  }
  for i, case in ipairs(cases) do
    it("are HMAC-SHA-256, case " .. i, function()
      assert.equal(case[3], core.hex(core.hmac_sha256(case[1], case[2])))
    end)
  end

  it("are CRC-32", function()
    assert.same({ 0, 0xcbf43926, 0xe8b7be43 }, { core.crc32 "", core.crc32 "123456789", core.crc32 "a" })
  end)

  it("can be written in hex", function()
    assert.equal("", core.hex "")
    assert.equal("00ff0a7f", core.hex "\0\255\10\127")
  end)
end)

describe("randomness", function()
  it("gives UUIDs of version 4 that do not repeat", function()
    local seen = {}
    for _ = 1, 1000 do
      local uuid = core.uuid()
      assert.truthy(uuid:find "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$")
      assert.is_nil(seen[uuid])
      seen[uuid] = true
    end
  end)

  it("gives numbers from 0 to below 1, evenly distributed", function()
    local sum, least, most = 0, 1, 0
    for _ = 1, 10000 do
      local x = core.random()
      sum, least, most = sum + x, math.min(least, x), math.max(most, x)
    end
    assert.is_true(least >= 0 and least < 0.01 and most < 1 and most > 0.99)
    assert.is_true(sum > 4800 and sum < 5200) -- seven standard deviations
  end)

  -- Which may fail for good after it ran out of memory.
  it("needs no generator of libcrypto", function()
    for name in package.cpath:gsub("%?", "cloudjobs/core"):gmatch("[^;]+") do
      local file = io.open(name, "rb")
      if file then
        local code = file:read "*a"
        file:close()
        assert.truthy(code:find("EVP_DigestUpdate", 1, true))
        assert.is_nil(code:find("RAND_", 1, true))
        return
      end
    end
    error "core.so is not in package.cpath"
  end)

  if jit then -- elsewhere nothing forks without exec
    it("differs between a process and its fork", function()
      local ffi = require "ffi"
      ffi.cdef "int fork(void); int waitpid(int, int *, int); void _exit(int);"
      local path = os.tmpname()
      core.uuid() -- so that bytes are left to be drawn twice
      local child = ffi.C.fork()
      if child == 0 then
        local file = io.open(path, "w")
        file:write(core.uuid())
        file:close()
        ffi.C._exit(0)
      end
      ffi.C.waitpid(child, nil, 0)
      local file = assert(io.open(path))
      local theirs = file:read "*a"
      file:close()
      os.remove(path)
      assert.equal(36, #theirs)
      assert.not_equal(core.uuid(), theirs)
    end)
  end
end)

describe("a signer", function()
  local KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  local NOON = 1440938160

  local function sign(signer, changes)
    local given = {
      headers = { host = "example.amazonaws.com" },
      time = NOON,
      region = "us-east-1",
      service = "service",
    }
    for name, value in pairs(changes or {}) do
      given[name] = value
    end
    local fields, lines, message
    fields, message = core.request_headers(given.headers, nil, {
      method = "GET", path = "/", query = "", region = given.region, service = given.service,
    })
    if not fields then
      return nil, message
    end
    lines, message = signer:sign(fields, given.body, given.time)
    if not lines then
      return nil, message
    end
    return core.read_fields(lines)
  end

  -- The case get-vanilla of AWS's own suite.
  local VANILLA = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
    .. "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"

  it("writes the lines of the headers and of the signature", function()
    local headers = { host = "example.amazonaws.com", ["user-agent"] = "u" }
    local fields = core.request_headers(headers, { "x-id", "x-attempt" }, {
      method = "GET", path = "/", query = "", region = "us-east-1", service = "service",
    })
    local function lines(...)
      return core.signer("AKIDEXAMPLE", KEY, "token"):sign(fields, nil, NOON, ...)
    end
    assert.equal(table.concat({
      "host: example.amazonaws.com",
      "user-agent: u",
      "x-id: 7",
      "x-attempt: 2",
      "x-amz-date: 20150830T123600Z",
      "x-amz-security-token: token",
      "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        .. "SignedHeaders=host;x-amz-date;x-amz-security-token;x-attempt;x-id, Signature="
        .. lines("7", "2"):match "Signature=(%x+)",
      "",
    }, "\r\n"), lines("7", "2"))
    assert.truthy(lines(nil, "2"):find("SignedHeaders=host;x-amz-date;x-amz-security-token;x-attempt,", 1, true))
    assert.same({ nil, "header x-id holds a control character" }, { lines("7\n", "2") })
    assert.equal(VANILLA, sign(core.signer("AKIDEXAMPLE", KEY)).authorization)
  end)

  it("changes its key with the day, the region and the service", function()
    local signer = core.signer("AKIDEXAMPLE", KEY)
    for _, changes in ipairs { { time = NOON + 86400 }, { region = "eu-west-1" }, { service = "ssm" }, {} } do
      assert.same(sign(core.signer("AKIDEXAMPLE", KEY), changes), sign(signer, changes))
    end
    assert.equal(VANILLA, sign(signer).authorization)
  end)

  it("does not use a half-made key after a refused region", function()
    local signer = core.signer("AKIDEXAMPLE", KEY)
    sign(signer)
    assert.same({ nil, "region or service is empty or not a plain word" }, { sign(signer, { region = "a b" }) })
    assert.equal(VANILLA, sign(signer).authorization)
  end)

  it("signs all headers but those that intermediaries change", function()
    local signed = sign(core.signer("AKIDEXAMPLE", KEY, "token"), {
      headers = {
        host = "h",
        ["content-type"] = "t",
        ["x-b"] = "2",
        ["x-a"] = " 1  2\t3 ",
        ["user-agent"] = "u",
        ["x-amzn-trace-id"] = "i",
        expect = "100-continue",
        connection = "close",
        ["transfer-encoding"] = "chunked",
        authorization = "old",
      },
    })
    assert.equal(
      "content-type;host;x-a;x-amz-date;x-amz-security-token;x-b",
      signed.authorization:match "SignedHeaders=([^,]+)"
    )
    assert.equal("u", signed["user-agent"])
    assert.equal("1  2\t3", signed["x-a"])
  end)

  it("agrees with its stages", function()
    local signer = core.signer("AKIDEXAMPLE", KEY)
    local fields = core.request_headers({ host = "h", ["x-a"] = "1" }, nil, {
      method = "POST", path = "/a//b", query = "b=1&a", region = "r", service = "s",
    })
    local lines = signer:sign(fields, "body", NOON)
    local headers = { { "x-amz-date", "20150830T123600Z" }, { "host", "h" }, { "x-a", "1" } }
    local _, _, _, authorization = signer:stages(
      headers, "POST", "/a//b", "b=1&a", core.sha256 "body", NOON, "r", "s", true, true
    )
    assert.equal(authorization, core.read_field(lines, "authorization"))
  end)

  it("uses the payload hash in x-amz-content-sha256", function()
    local signer = core.signer("AKIDEXAMPLE", KEY)
    local headers = { host = "h", ["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD" }
    assert.equal(
      sign(signer, { headers = headers, body = "one" }).authorization,
      sign(signer, { headers = headers, body = "two" }).authorization
    )
  end)

  it("formats dates of all centuries", function()
    local signer = core.signer("AKIDEXAMPLE", KEY)
    for _, time in ipairs { 0, 951782399, 951782400, 951868800, 4107542399, 4107542400, 253402300799 } do
      assert.equal(os.date("!%Y%m%dT%H%M%SZ", time), sign(signer, { time = time })["x-amz-date"])
    end
  end)

  local refused = {
    { { host = "a\rb" }, "header host holds a control character" },
    { { host = "a\nb" }, "header host holds a control character" },
    { { host = "a\0b" }, "header host holds a control character" },
    { { host = "h", ["user-agent"] = "a\r\nb" }, "header user-agent holds a control character" },
    { { Host = "h" }, "a header's name is not a lower-case word" },
    { { ["a\nb"] = "h" }, "a header's name is not a lower-case word" },
    { { [""] = "h" }, "a header's name is not a lower-case word" },
    { { "h" }, "the names and values of headers have to be strings" },
    { { host = 1 }, "the names and values of headers have to be strings" },
    { { host = ("h"):rep(2 ^ 20) }, "the request is too large to be signed" },
  }
  for _, case in ipairs(refused) do
    it("refuses: " .. case[2], function()
      assert.same({ nil, case[2] }, { sign(core.signer("A", KEY), { headers = case[1] }) })
    end)
  end

  it("bounds the number of headers", function()
    local headers, signer = { host = "h" }, core.signer("A", KEY)
    for i = 1, 125 do
      headers["x-" .. i] = "v"
    end
    assert.is_table(sign(signer, { headers = headers }))
    headers["x-126"] = "v"
    assert.same({ nil, "there are too many headers" }, { sign(signer, { headers = headers }) })
  end)

  it("refuses keys with blanks and line ends, and does not quote them", function()
    for _, keys in ipairs { { "", "x" }, { "A", "" }, { "A", "hush\n" }, { "A B", "x" }, { "A", "x", "hu sh" } } do
      local signer, message = core.signer(keys[1], keys[2], keys[3])
      assert.is_nil(signer)
      assert.truthy(message:find "is empty, too long or not plain text$")
      assert.falsy(message:find "hu ?sh")
    end
  end)

  it("hides its secret and its metatable", function()
    local signer = core.signer("AKIDEXAMPLE", KEY)
    assert.falsy(tostring(signer):find(KEY, 1, true))
    assert.equal("cloudjobs.signer", getmetatable(signer))
  end)

  it("signs correctly while a finalizer signs another request", function()
    assert.matches("^finalizers: %d%d%d+\n$", haunted [[
      local core = require "cloudjobs.core"
      local signer = core.signer("AKIDEXAMPLE", "secret")
      local way = { method = "GET", path = "/", query = "", region = "r", service = "s" }
      local short, long = core.request_headers({ host = "h" }, nil, way), core.request_headers({ host = ("h"):rep(3000) }, nil, way)
      local function sign(fields, host)
        return signer:sign(fields, "body", 1440938160) .. table.concat({
          signer:stages({ { "host", host } }, "GET", "/", "", core.sha256 "body", 1440938160, "r", "s", true, true)
        }, "\n")
      end
      local expected, inner, over = sign(short, "h"), 0, false
      haunt(function()
        if not over then
          sign(long, ("h"):rep(3000))
          inner = inner + 1
        end
        return over
      end)
      for _ = 1, 1000 do
        assert(sign(short, "h") == expected)
      end
      over = true
      print("finalizers: " .. inner)
    ]])
  end)

  it("raises for arguments that are no signer and no time", function()
    local signer = core.signer("A", KEY)
    local way = { method = "GET", path = "/", query = "", region = "r", service = "s" }
    assert.has_error(function()
      signer.sign(io.stdout, core.request_headers({}, nil, way), nil, NOON)
    end)
    assert.has_error(function()
      signer:sign({ host = "h" }, nil, NOON)
    end)
    assert.has_error(function()
      signer:sign(core.request_headers {}, nil, NOON)
    end)
    assert.truthy(signer:sign(core.request_headers({}, nil, way), nil, NOON))
    for _, time in ipairs { -1, 1 / 0, 0 / 0, 253402300800 } do
      assert.has_error(function()
        sign(signer, { time = time })
      end)
    end
  end)
end)
