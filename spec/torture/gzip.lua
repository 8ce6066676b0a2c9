local zlib = require "cloudjobs.zlib"

-- gzip's own of "hello", twice.
local MEMBER = "\31\139\8\0\0\0\0\0\0\3\203\72\205\201\201\7\0\134\166\16\54\5\0\0\0"
local BYTES = MEMBER .. MEMBER

local function run()
  local inflater = zlib.inflater(100)
  inflater:feed(BYTES)
  local piece = assert(inflater:read(7))
  assert(zlib.gunzip(zlib.gzip("hello"), 9) == "hello")
  return zlib.gunzip(BYTES, 100), piece, select(2, zlib.gunzip(BYTES, 9))
end

local function check(text, piece, message)
  return text == "hellohello" and piece == "hellohe" and message == "it is larger than the limit"
end

return { run = run, check = check }
