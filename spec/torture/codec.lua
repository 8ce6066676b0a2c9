local core = require "cloudjobs.core"

local shapes = {
  Page = "Name string required min=2\n Rows Row[]\n Tags string{}\n Any document\n Choice Choice\n At time.iso\n Bytes blob",
  Row = "Id string\n N long\n Page Page",
  Choice = "union\n A string\n B Row",
}

local tags = {}
for i = 1, 40 do
  tags["tag" .. i] = ("x"):rep(i)
end

local PARAMS = {
  Name = ("n"):rep(5000),
  Rows = { { Id = "1", N = 1, Page = { Name = "inner" } }, { Id = "2" } },
  Tags = tags,
  Any = { list = { 1, 2.5, false }, text = "é\n" },
  Choice = { A = "a" },
  At = 1795154400.5,
  Bytes = ("\0\255"):rep(3000),
}

-- The shape is cached: a call that failed must not change it.
local cache = {}
local function run()
  local page = core.shape(shapes, "Page", cache)
  local _, problems = core.encode(page, { Nmae = 1, Rows = { "x" }, Choice = {} })
  local text = core.encode(page, PARAMS)
  local _, mismatch = core.decode(page, '{"Rows":[{"Page":{"Name":"\\u0041"}},{"Id":5}]}')
  return { text = text, problems = problems, mismatch = mismatch, output = core.decode(page, text) }
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
  return #result.problems == 4
    and result.mismatch == "Rows[2].Id: expected string, got number at byte 43"
    and same(PARAMS, result.output)
    and result.text == core.encode(core.shape(shapes, "Page"), result.output)
end

return { run = run, check = check }
