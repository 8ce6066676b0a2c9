local core = require "cloudjobs.core"

local function run()
  local found = {}
  for _, name in ipairs { "crc32", "crc64nvme", "md5", "sha256" } do
    local sum, problem = core.checksum(name)
    if not sum then
      return nil, problem
    end
    found[#found + 1] = core.hex(sum:update(("x"):rep(1000)):update("y"):digest())
  end
  return table.concat(found, " ")
end

local EXPECTED = run()

local function check(found)
  return found == EXPECTED
end

return { run = run, check = check }
