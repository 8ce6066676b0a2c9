--- Says of a shared object of ours that does not load what is wrong and what to do.

local OTHER_LUA = "it was built for another Lua than %s: make build LUA=$LUA, or start the Lua that it was built for"
local MISSING = "%s is missing: on Debian, apt-get install %s; then make build LUA=$LUA"

-- What the loader reports, and our advice, in which %s is this Lua and $LUA its name for make.
local ADVICE = {
  { "module '[^']*' not found", "it is not built for %s, or package.cpath does not name its folder: "
    .. 'make build LUA=$LUA && eval "$(make -s env LUA=$LUA)"' },
  { "undefined symbol: luaL?_", OTHER_LUA },
  { "version mismatch", OTHER_LUA },
  { "libcrypto[^:]*: cannot open shared object", MISSING:format("OpenSSL's library", "libssl-dev") },
  { "libcurl[^:]*: cannot open shared object", MISSING:format("libcurl", "libcurl4-openssl-dev") },
  { "libz[^:]*: cannot open shared object", MISSING:format("zlib", "zlib1g-dev") },
  { "version `OPENSSL", "it was built with a newer OpenSSL than the one that is loaded: make clean build LUA=$LUA" },
  { "version `CURL", "it was built with a newer libcurl than the one that is loaded: make clean build LUA=$LUA" },
}

--- The message of a failed `require`, with the advice for this Lua behind it.
---@param problem string
---@return string
local function explain(problem)
  local jit = rawget(_G, "jit")
  for _, case in ipairs(ADVICE) do
    if problem:find(case[1]) then
      local advice = case[2]:gsub("%$LUA", jit and "jit" or _VERSION:match("[%d.]+$"))
      return problem .. "\n" .. advice:format(jit and jit.version or _VERSION)
    end
  end
  return problem
end

return { explain = explain }
