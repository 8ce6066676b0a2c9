--- A helper of busted for Lua 5.5, for which Debian has not packaged all that the specs
--- need: a spec that requires an absent library, or an emulator, which does, is pending
--- by the library's name.

local PACKAGES = { cjson = "lua-cjson", cqueues = "lua-cqueues", openssl = "lua-luaossl", luv = "lua-luv" }

local function install(busted)
  -- The last searcher: the others have not found the module.
  local function search(name)
    local absent = PACKAGES[name:match("^_?([^.]+)")]
    if absent then
      busted.pending(("needs %s, which is not installed for %s"):format(absent, _VERSION))
    end
  end
  table.insert(package.searchers, search) -- luacheck: ignore 143 (from Lua 5.2 on)

  if not pcall(require, "cqueues") then
    require("cloudjobs.emulator").start = function()
      return require "cqueues"
    end
  end
end

return function(busted)
  if _VERSION == "Lua 5.5" then
    install(busted)
  end
  return true
end
