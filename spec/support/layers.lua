--- Who may require whom. The first row whose pattern matches a file is its layer; `may` lists the layers it requires
--- (its own always), `uses` the modules of others, `lua = true` a C file that may see lua.h, `curl = true` one that may
--- see curl.h. The assembly may compute the name of what it requires.

local LUA = {
  { layer = "cli", "cli/.*", may = "emulator assembly *", uses = "argparse cqueues" },
  { layer = "emulator", "emulator", "emulator/.*", may = "assembly *", uses = "cqueues openssl" },
  { layer = "assembly", "init", "aws", "aws_credentials", "aws_endpoint", "aws_retry", "azure", "assembly", "jobs", "nginx", may = "*" },
  { layer = "models", "models/.*" },
  { layer = "jobs", "jobs/.*" },
  { layer = "base", "error", "suggest", "options", "url", "version", "words", "cancel", "jmespath", "jmespath/.*", "interval", "ref",
    "network", "member", "message", may = "core" },
  { layer = "base", "fingerprint", may = "core" },
  { layer = "json", "json", may = "core base", uses = "cjson" },
  { layer = "http1", "http1", "http1/.*", may = "base" },
  { layer = "watch", "watch", "inventory", may = "core base job wait" },
  { layer = "paginate", "paginate", may = "core base" },
  { layer = "wait", "wait", may = "core base" },
  { layer = "job", "job", "job_wait", "status", "find", may = "core base" },
  { layer = "client", "client", may = "base call model paginate wait" },
  { layer = "call", "call", may = "base" },
  { layer = "exports", "aws_exports", "azure_exports", may = "core base call" },
  { layer = "builders", "export/.*", may = "core base" },
  { layer = "parallel", "parallel", may = "base transport" },
  { layer = "protocol", "protocol/.*", may = "core base json" },
  { layer = "auth", "auth/.*", "sigv4", may = "core base" },
  { layer = "model", "model", "import", "import/.*", may = "core base json models" },
  { layer = "retry", "retry", "retry/.*", "skew", may = "core base" },
  { layer = "endpoint", "endpoint", "endpoint/.*", may = "core base models" },
  { layer = "config", "config", "config_file", "settings", may = "core base" },
  { layer = "child", "credentials/process", "credentials/azure_cli", "credentials/sso_token",
    may = "core base json config credentials os", uses = "cjson" },
  { layer = "credentials", "credentials/.*", may = "core base json config child", uses = "cjson" },
  { layer = "nginx", "transport/nginx", "transport/nginx/.*", may = "core base os http1 transport", uses = "ffi ngx resty" },
  { layer = "multi", "transport/multi", "transport/scheduler", may = "core base os curl transport" },
  { layer = "transport", "transport", "transport/.*", may = "core base os curl nginx multi" },
  { layer = "log", "log", may = "core base" },
  { layer = "stub", "stub", may = "core base" },
  { layer = "core", "core" },
  { layer = "curl", "curl" },
  { layer = "os", "os" },
}

local C = {
  { layer = "core", "core", may = "codec signer fields certificate random scalar hash buf", lua = true },
  { layer = "codec", "codec", "encode.*", "decode.*", "xml_tree", may = "shape json xml scalar date buf core", lua = true },
  { layer = "curl", "curl", "multi", "poller", may = "pool transfer handle clock seconds forks buf", lua = true },
  { layer = "pool", "pool", may = "connection transfer sockets seconds sigpipe forks buf" },
  { layer = "sockets", "sockets", may = "seconds", curl = true },
  { layer = "connection", "connection", may = "handle request reader answer sigpipe forks buf" },
  { layer = "transfer", "transfer", may = "handle request answer buf" },
  { layer = "handle", "handle", may = "request forks buf", curl = true },
  { layer = "request", "request", may = "answer buf" },
  { layer = "reader", "reader", may = "answer scalar buf" },
  { layer = "os", "os", "process", may = "child clock sigpipe buf", lua = true },
  { layer = "child", "child", may = "seconds sigpipe buf" },
  { layer = "clock", "clock", may = "seconds", lua = true },
  { layer = "seconds", "seconds" },
  { layer = "compat", "compat", lua = true },
  { layer = "signer", "signer", may = "fields sign hash buf core", lua = true },
  { layer = "fields", "fields", may = "sign random answer buf core", lua = true },
  { layer = "sign", "sign", may = "uri date hash buf" },
  { layer = "uri", "uri", may = "scalar buf" },
  { layer = "shape", "shape", may = "scalar buf" },
  { layer = "json", "json", may = "scalar buf" },
  { layer = "xml", "xml", may = "scalar buf" },
  { layer = "date", "date", may = "scalar" },
  { layer = "scalar", "scalar", may = "buf" },
  { layer = "random", "random", may = "hash forks" },
  { layer = "hash", "hash", may = "buf" },
  { layer = "certificate", "certificate", lua = true },
  { layer = "answer", "answer", may = "buf" },
  { layer = "sigpipe", "sigpipe" },
  { layer = "forks", "forks" },
  { layer = "buf", "buf" },
}

local ABOVE = { cli = true, emulator = true, assembly = true }

-- Only these see a clock, a child process or nginx; math.random is nobody's.
local WORLD = { "os%.time%(%)", "os%.clock", "os%.execute", "io%.popen", "ngx%.%w+" }
local WORLDLY = { cli = true, emulator = true, assembly = true, transport = true, multi = true, nginx = true }

local function row_of(rows, name)
  for _, row in ipairs(rows) do
    for _, pattern in ipairs(row) do
      if name:match("^" .. pattern .. "$") then
        return row
      end
    end
  end
end

local function has(words, word)
  return (" " .. (words or "") .. " "):find(" " .. word .. " ", 1, true) ~= nil
end

local function may_require(row, target)
  return row.layer == target or has(row.may, target) or (has(row.may, "*") and not ABOVE[target])
end

local function without_comments(text)
  return (text:gsub("%-%-[^\n]*", ""))
end

--- What a Lua file of the library breaks: a list of sentences, empty when all is well.
local function lua_violations(name, text)
  local row = row_of(LUA, name)
  if not row then
    return { name .. " has no layer" }
  end
  local found = {}
  text = without_comments(text)
  for rest in text:gmatch("%f[%w_]require%f[^%w_]([^\n]*)") do
    local module = rest:match("^[%s(,]*[\"']([%w_.]+)[\"']")
    if not module and row.layer ~= "assembly" then
      found[#found + 1] = name .. " requires a computed name: require" .. rest
    elseif module and module:match("^cloudjobs") then
      local path = module:gsub("^cloudjobs%.?", ""):gsub("%.", "/")
      local target = row_of(LUA, path == "" and "init" or path)
      if not target then
        found[#found + 1] = name .. " requires " .. module .. ", which has no layer"
      elseif not may_require(row, target.layer) then
        found[#found + 1] = name .. " (" .. row.layer .. ") requires " .. module .. " (" .. target.layer .. ")"
      end
    elseif module and not has(row.uses, module:match("^[%w_]+")) then
      found[#found + 1] = name .. " (" .. row.layer .. ") requires " .. module
    end
  end
  for _, pattern in ipairs(WORLD) do
    local call = text:match("%f[%w_]" .. pattern)
    if call and not WORLDLY[row.layer] then
      found[#found + 1] = name .. " (" .. row.layer .. ") uses " .. call
    end
  end
  if text:find("math%.random") then
    found[#found + 1] = name .. " uses math.random"
  end
  return found
end

--- The same for a C file, by its stem: `codec` for codec.c and codec.h.
local function c_violations(stem, text)
  local row = row_of(C, stem)
  if not row then
    return { stem .. " has no layer" }
  end
  local found = {}
  for own in text:gmatch('#%s*include%s+"([%w_/]+)%.h"') do
    local target = row_of(C, own)
    if own ~= "compat" and not (target and may_require(row, target.layer)) then
      found[#found + 1] = stem .. " includes " .. own .. ".h"
    elseif own == "compat" and not row.lua then
      found[#found + 1] = stem .. " includes compat.h, and so lua.h"
    end
  end
  if not row.lua and (text:find("<lua[%w]*%.h>") or text:find("<lauxlib%.h>")) then
    found[#found + 1] = stem .. " includes lua.h"
  end
  if not row.curl and text:find("<curl/") then
    found[#found + 1] = stem .. " includes curl.h"
  end
  return found
end

return { lua_violations = lua_violations, c_violations = c_violations }
