local emulated = require "spec.support.emulated"

local function window(changes)
  local made = {
    Name = "patching", Schedule = "rate(1 day)", Duration = 24, Cutoff = 23, AllowUnassociatedTargets = false,
  }
  for name, value in pairs(changes) do
    made[name] = value
  end
  return made
end

describe("the emulator's limits", function()
  local cases = {
    { "all that fits", {} },
    { "a long day", { Duration = 25 }, "Value at 'duration' failed to satisfy constraint: Member must have value less than or equal to 24" },
    { "128 characters", { Description = ("ü"):rep(128) } },
    { "129 characters", { Description = ("ü"):rep(129) }, "Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 128" },
    { "a form", { Name = "not so" }, "Value at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.]{3,128}$" },
  }
  for _, case in ipairs(cases) do
    it((case[3] and "refuse " or "take ") .. case[1], function()
      local output, err = emulated.new():aws("ssm", "CreateMaintenanceWindow", window(case[2]))
      if case[3] then
        assert.same({ "com.amazonaws.ssm#ValidationException", "1 validation error detected: " .. case[3] }, { err.__type, err.Message })
      else
        assert.truthy(output.WindowId)
      end
    end)
  end
end)
