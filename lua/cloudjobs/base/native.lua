--- Explains why a shared object of ours, or the command's argparse, does not load, and what to do.

local OTHER_LUA = "it was built for another Lua than %s: make build LUA=$LUA, or start the Lua that it was built for"
local MISSING = "%s is missing: on Debian, apt-get install %s; then make build LUA=$LUA"

-- What the loader reports, and our advice, in which %s is this Lua and $LUA its name for make.
local ADVICE = {
  { "module 'argparse' not found",
    "the command needs argparse: apt-get install lua-argparse, or luarocks install argparse" },
  { "module 'cloudjobs%.%l+' not found", "it is not built for %s, or package.cpath does not name its folder: "
    .. 'make build LUA=$LUA && eval "$(make -s env LUA=$LUA)"' },
  { "undefined symbol: luaL?_", OTHER_LUA },
  { "version mismatch", OTHER_LUA },
  { "libcrypto[^:]*: cannot open shared object", MISSING:format("OpenSSL's library", "libssl-dev") },
  { "libcurl[^:]*: cannot open shared object", MISSING:format("libcurl", "libcurl4-openssl-dev") },
  { "libz[^:]*: cannot open shared object", MISSING:format("zlib", "zlib1g-dev") },
  { "version `OPENSSL", "it was built with a newer OpenSSL than the one that is loaded: make clean build LUA=$LUA" },
  { "version `CURL", "it was built with a newer libcurl than the one that is loaded: make clean build LUA=$LUA" },
}

--- The advice for this Lua on a failed `require`.
---@param problem string
---@return string|nil advice
local function advice(problem)
  local jit = rawget(_G, "jit")
  for _, case in ipairs(ADVICE) do
    if problem:find(case[1]) then
      local text = case[2]:gsub("%$LUA", jit and "jit" or _VERSION:match("[%d.]+$"))
      return (text:format(jit and jit.version or _VERSION))
    end
  end
end

--- The message of a failed `require`, with the advice behind it.
---@param problem string
---@return string
local function explain(problem)
  local text = advice(problem)
  return text and problem .. "\n" .. text or problem
end

return { advice = advice, explain = explain }
