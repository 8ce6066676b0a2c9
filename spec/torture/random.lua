local core = require "cloudjobs.core"

-- Fewer random bytes are left than run() draws.
for _ = 1, 16 do
  core.uuid()
end

local function run()
  local last
  for _ = 1, 300 do
    last = core.uuid()
  end
  return last
end

local function check(uuid)
  return uuid ~= core.uuid() and uuid:match("^%x+%-%x+%-4%x+%-%x+%-%x+$") ~= nil
end

return { run = run, check = check }
