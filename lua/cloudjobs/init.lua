--- cloudjobs: starts, follows and collects the long-running jobs of the big
--- clouds. This file is the list of what is public.

local cancel = require "cloudjobs.cancel"
local core = require "cloudjobs.core"
local json = require "cloudjobs.json"
local version = require "cloudjobs.version"

-- What a program does not use is not loaded.
local LAZY = {
  aws = "cloudjobs.aws",
  azure = "cloudjobs.azure",
  jobs = "cloudjobs.jobs",
  sigv4 = "cloudjobs.sigv4",
  transport = "cloudjobs.transport",
}

local cloudjobs = {
  _VERSION = "cloudjobs " .. version,
  canceller = cancel.new,
  epoch = core.epoch,
  iso = core.iso,
  json = json,
  null = core.null,
}

return setmetatable(cloudjobs, {
  __index = function(self, name)
    local module = LAZY[name]
    if module then
      local loaded = require(module)
      rawset(self, name, loaded)
      return loaded
    end
  end,
})
