--- checksum: the CRCs of a megabyte, in pieces as a body streams, beside zlib's CRC-32 of the same.

local bench = require "bench"
local core = require "cloudjobs.core"
local limit = require "checksum_limit"

local PIECE = ("0123456789abcdef"):rep(4096)
local PIECES = 16

for _, name in ipairs { "crc32", "crc32c", "crc64nvme" } do
  bench.compare("checksum " .. name, function()
    local sum = core.checksum(name)
    for _ = 1, PIECES do
      sum:update(PIECE)
    end
    return sum:digest()
  end, function()
    limit(PIECE, PIECES)
  end, "zlib's crc32")
end
