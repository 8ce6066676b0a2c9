-- The checksums of AWS's protocols: csrc/sign/checksum.c and csrc/sign/crc.c.

local core = require "cloudjobs.core"

local function sum(name, text)
  return core.hex(core.checksum(name):update(text):digest())
end

-- The check values of the catalogue of parametrised CRC algorithms; RFC 1321, FIPS 180-4.
local OF_123456789 = {
  crc32 = "cbf43926",
  crc32c = "e3069283",
  crc64nvme = "ae8b14860a799888",
  md5 = "25f9e794323b453885f5181f1b624d0b",
  sha1 = "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
  sha256 = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
  sha512 = "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274a"
    .. "d27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
}

local OF_NOTHING = {
  crc32 = "00000000",
  crc32c = "00000000",
  crc64nvme = "0000000000000000",
  md5 = "d41d8cd98f00b204e9800998ecf8427e",
  sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709",
  sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  sha512 = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    .. "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
}

-- The bytes of RFC 3720, B.4.
local function ascending(from, to, step)
  local bytes = {}
  for byte = from, to, step do
    bytes[#bytes + 1] = string.char(byte)
  end
  return table.concat(bytes)
end

-- One bit at a time, with the polynomial's digits in hex, the lowest power's first. Words of
-- 16 bits, so that every Lua computes alike.
local function bitwise_crc(words, text)
  local bit = {}
  for i, word in ipairs(words) do
    for k = 15, 0, -1 do
      bit[16 * (i - 1) + 16 - k] = math.floor(word / 2 ^ k) % 2
    end
  end
  local n = #bit
  local state = {}
  for i = 1, n do
    state[i] = 1
  end
  for i = 1, #text do
    local byte = text:byte(i)
    for k = 0, 7 do
      state[n - k] = (state[n - k] + math.floor(byte / 2 ^ k)) % 2
    end
    for _ = 1, 8 do
      local out = table.remove(state)
      table.insert(state, 1, 0)
      for j = 1, out == 1 and n or 0 do
        state[j] = (state[j] + bit[j]) % 2
      end
    end
  end
  local digits = {}
  for i = 1, n, 4 do
    digits[#digits + 1] = ("%x"):format(15 - 8 * state[i] - 4 * state[i + 1] - 2 * state[i + 2] - state[i + 3])
  end
  return table.concat(digits)
end

local POLYNOMIALS = {
  crc32 = { 0xedb8, 0x8320 },
  crc32c = { 0x82f6, 0x3b78 },
  crc64nvme = { 0x9a6c, 0x9329, 0xac4b, 0xc9b5 },
}

describe("a checksum", function()
  for name, expected in pairs(OF_123456789) do
    it("is the published one: " .. name, function()
      assert.same({ expected, OF_NOTHING[name] }, { sum(name, "123456789"), sum(name, "") })
    end)

    -- Pieces of less than 128 bytes of a CRC are computed otherwise than longer ones.
    it("does not depend on how its text is split: " .. name, function()
      math.randomseed(19)
      local bytes = {}
      for i = 1, 5000 do
        bytes[i] = string.char(math.random(0, 255))
      end
      local text = table.concat(bytes)
      local whole = sum(name, text)
      for _ = 1, 20 do
        local c, at = core.checksum(name), 1
        while at <= #text do
          local n = math.random(0, 10) == 0 and math.random(0, 2000) or math.random(0, 200)
          c:update(text:sub(at, at + n - 1))
          at = at + n
        end
        assert.equal(whole, core.hex(c:digest()))
      end
    end)

    it("can be read on the way: " .. name, function()
      local c = core.checksum(name):update "1234"
      assert.equal(sum(name, "1234"), core.hex(c:digest()))
      assert.equal(expected, core.hex(c:update("56789"):digest()))
    end)
  end

  for name, words in pairs(POLYNOMIALS) do
    it("of every length and alignment is the remainder: " .. name, function()
      local text = ascending(0, 255, 1) .. ascending(0, 254, 2)
      for from, n in ipairs { 1, 7, 8, 9, 64, 65, 127, 128, 129, 191, 192, 200, 300 } do
        local piece = text:sub(from, from + n - 1)
        assert.equal(bitwise_crc(words, piece), sum(name, piece))
      end
    end)
  end

  it("is RFC 3720's for CRC-32C", function()
    local cases = {
      { ("\0"):rep(32), "8a9136aa" },
      { ("\255"):rep(32), "62a8ab43" },
      { ascending(0, 31, 1), "46dd794e" },
      { ascending(31, 0, -1), "113fdb5c" },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[2], sum("crc32c", case[1]))
    end
  end)

  it("of 4 KB of zeroes is the one that NVMe publishes", function()
    assert.equal("6482d367eb22b64e", sum("crc64nvme", ("\0"):rep(4096)))
    assert.equal("c0ddba7302eca3ac", sum("crc64nvme", ("\255"):rep(4096)))
  end)

  it("that does not exist is refused at the caller's line", function()
    assert.error_matches(function()
      core.checksum "crc16"
    end, "no such checksum")
  end)

  it("is updated by text alone", function()
    assert.error(function()
      core.checksum("crc32"):update {}
    end)
  end)
end)
