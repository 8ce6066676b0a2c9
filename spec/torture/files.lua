local core = require "cloudjobs.core"
local os_ = require "cloudjobs.os"

local TEXT = '{"shapes":{"One":{"type":"string"},"Two":{"type":"structure","members":{}}}}'

local function run()
  local names, places = core.json_members(TEXT, 10)
  if not names then
    return nil, places
  end
  local inner = core.json_members(TEXT, 10, places.shapes)
  return os_.glob("/usr/b*n"), os_.trusted("/usr"), inner
end

local function check(found, resolved, inner)
  return found[1] == "/usr/bin" and resolved == "/usr" and inner[2] == "Two"
end

return { run = run, check = check }
