local core = require "cloudjobs.core"

local shapes = {
  Page = "Name string required\n Rows Row[]\n Tags string{}\n At time\n Bytes blob\n Ratio number single",
  Row = "Id string\n N long\n Page Page",
}

local tags, rows = {}, {}
for i = 1, 40 do
  tags["tag" .. i] = ("x"):rep(i)
  rows[i] = { Id = "é" .. i, N = 2 ^ i, Page = { Name = "inner" } }
end

local PARAMS = {
  Name = ("n\n"):rep(5000),
  Rows = rows,
  Tags = tags,
  At = 1795154400.5,
  Bytes = ("\0\255"):rep(3000),
  Ratio = 0.5,
}

-- Items that need the scratch buffer, and what numbers cannot hold.
local ITEMS = "\191aa\127" .. ("\98\255a"):rep(1000) .. "\255ab\95" .. ("\66\0\1"):rep(1000)
  .. "\255ac\155\0\0\0\0\0\0\0\2\27\255\255\255\255\255\255\255\255\246\255"

local cache = {}
local function run()
  local page = core.shape(shapes, "Page", cache)
  local text = core.encode_cbor(page, PARAMS)
  local _, problems = core.encode_cbor(page, { Ratio = 1e300 })
  local _, mismatch = core.decode_cbor(page, "\161dRows\130\161aN\1\161aN\96")
  return {
    text = text, problems = problems, mismatch = mismatch, output = core.decode_cbor(page, text),
    items = core.cbor_decode(ITEMS),
  }
end

local function same(a, b)
  if type(a) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then
      return false
    end
  end
  return true
end

local function check(result)
  return #result.problems == 2
    and result.mismatch == "Rows[2].N: expected integer, got text at byte 15"
    and same(PARAMS, result.output)
    and result.items.a == ("\239\191\189a"):rep(1000)
    and result.items.b == ("\0\1"):rep(1000)
    and same(result.items.c, { "18446744073709551615", core.null })
    and result.text == core.encode_cbor(core.shape(shapes, "Page"), result.output)
end

return { run = run, check = check }
