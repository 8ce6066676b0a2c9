local process = require "cloudjobs.os"

-- Made beforehand: on 5.4 string.rep itself does not get over a lack of memory.
local INPUT = ("x"):rep(3000)

local function run()
  local result, code, message = process.run({ "cat" }, {
    stdin = INPUT, env = { PATH = "/usr/bin:/bin", A = "b" }, timeout = 30,
  })
  if not result then
    return nil, code .. ": " .. message
  end
  local child = assert(process.spawn { "echo", "a line" })
  local line = child:line(30)
  child:stop()
  return result, line
end

local function check(result, line)
  return result.status == 0 and result.stdout == INPUT and line == "a line"
end

return { run = run, check = check }
