local core = require "cloudjobs.core"

local TEXT = "<?xml version='1.0'?><a b='&lt;'>" .. ("<c>" .. ("x&amp;"):rep(2000) .. "</c>"):rep(20) .. "</a>"

local function run()
  local _, message = core.xml_decode("<a>" .. ("<b>"):rep(30) .. "</a>")
  return { tree = core.xml_decode(TEXT), message = message }
end

local function check(result)
  return #result.tree == 20
    and result.tree[20].text == ("x&"):rep(2000)
    and result.message == "an end tag of another element at byte 96"
end

return { run = run, check = check }
