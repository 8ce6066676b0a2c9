--- Who may require whom, a row a room. A file of lua/cloudjobs is in the room of the first row whose pattern matches it;
--- `may` names the rooms it requires (its own always), `native` our C modules, `uses` the modules of others, and
--- `world = true` a room that may see a clock, a child process or nginx.

local LUA = {
  { room = "cli", "cli/.*", may = "emulator root aws azure job cloud call transport model models http base",
    native = "core os", uses = "argparse cqueues", world = true },
  { room = "emulator", "emulator/.*", may = "root model models transport http base", native = "core os",
    uses = "cqueues openssl", world = true },
  { room = "root", "init", "nginx", "stub", may = "aws azure job cloud call transport nginx model models http base",
    native = "core", world = true },
  { room = "aws", "aws/.*", may = "cloud call transport model models http base", native = "core os" },
  { room = "azure", "azure/.*", may = "cloud call transport model models http base", native = "core os" },
  { room = "cloud", "cloud/.*", may = "call transport http base", native = "core os" },
  { room = "job", "job/.*", may = "base", native = "core" },
  { room = "call", "call/.*", may = "model http base", native = "core" },
  { room = "nginx", "transport/nginx/.*", may = "transport http base", native = "core os", uses = "ffi ngx resty",
    world = true },
  { room = "transport", "transport/.*", may = "nginx http base", native = "core curl os", world = true },
  { room = "http", "http/.*", may = "base", native = "core" },
  { room = "model", "model/.*", may = "models base", native = "core os" },
  { room = "models", "models/.*" },
  { room = "base", "base/.*", "version", native = "core zlib", uses = "cjson" },
}

--- The same for csrc: the rooms that a room's files include, by the folder's name. A file that stands in no folder
--- registers one shared object.
local C = {
  { room = "core.c", "core", may = "base http codec sign", lua = true },
  { room = "curl.c", "curl", may = "base http curl", lua = true },
  { room = "os.c", "os", may = "base os", lua = true },
  { room = "zlib.c", "zlib", may = "base zlib", lua = true },
  { room = "base", "base/.*" },
  { room = "codec", "codec/.*", may = "base" },
  { room = "sign", "sign/.*", may = "base" },
  { room = "http", "http/.*", may = "base" },
  { room = "curl", "curl/.*", may = "http base", curl = true },
  { room = "os", "os/.*", may = "base" },
  { room = "zlib", "zlib/.*", may = "base" },
}

-- math.random is not for any room.
local WORLD = { "os%.time%(%)", "os%.clock", "os%.execute", "io%.popen", "ngx%.%w+" }

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
  return target ~= nil and (row.room == target.room or has(row.may, target.room))
end

local function without_comments(text)
  return (text:gsub("%-%-[^\n]*", ""))
end

-- Whether the file `name` of `row` may require this module, and what the module is.
local function may_name(row, module)
  local path = module:match("^cloudjobs%.(.+)$")
  if module ~= "cloudjobs" and not path then
    return has(row.uses, module:match("^[%w_]+"))
  end
  path = (path or "init"):gsub("%.", "/")
  if path == "core" or path == "curl" or path == "os" or path == "zlib" then
    return has(row.native, path), path
  end
  local target = row_of(LUA, path) or row_of(LUA, path .. "/init")
  return may_require(row, target), target and target.room or "no room"
end

--- What a Lua file of the library breaks: a list of sentences, empty when all is well.
---@param name string its path below lua/cloudjobs, without the ending
local function lua_violations(name, text)
  local row = row_of(LUA, name)
  if not row then
    return { name .. " is in no room" }
  end
  local found = {}
  text = without_comments(text)
  for rest in text:gmatch("%f[%w_]require%f[^%w_]([^\n]*)") do
    local module = rest:match("^[%s(,]*[\"']([%w_.]+)[\"']")
    local is_prose = rest:find("^%s+%a") -- no call: a word in a text
    if not module and not is_prose and row.room ~= "root" and row.room ~= "aws" and row.room ~= "azure" then
      found[#found + 1] = name .. " requires a computed name: require" .. rest
    elseif module then
      local may, target = may_name(row, module)
      if not may then
        found[#found + 1] = name .. " requires " .. module .. (target and " (" .. target .. ")" or "")
      end
    end
  end
  for _, pattern in ipairs(WORLD) do
    local call = text:match("%f[%w_]" .. pattern)
    if call and not row.world then
      found[#found + 1] = name .. " uses " .. call
    end
  end
  if text:find("math%.random") then
    found[#found + 1] = name .. " uses math.random"
  end
  return found
end

-- `http/request` for `../http/request` in a file of csrc/curl.
local function resolved(name, path)
  local folder = name:match("^(.*/)") or ""
  local up = path:match("^%.%./(.*)$")
  return up or folder .. path
end

-- The Lua side of a room has file names that begin with l.
local function knows_lua(path)
  return path:match("[^/]*$"):sub(1, 1) == "l" or path == "base/compat"
end

--- The same for a C file, by its path below csrc without the ending: `codec/json` for codec/json.c and codec/json.h.
local function c_violations(name, text)
  local row = row_of(C, name)
  if not row then
    return { name .. " is in no room" }
  end
  local found = {}
  local sees_lua = row.lua or knows_lua(name)
  for path in text:gmatch('#%s*include%s+"([%w_/.]+)%.h"') do
    local header = resolved(name, path)
    if not may_require(row, row_of(C, header)) then
      found[#found + 1] = name .. " includes " .. header .. ".h"
    elseif knows_lua(header) and not sees_lua then
      found[#found + 1] = name .. " includes " .. header .. ".h, and so lua.h"
    end
  end
  if not sees_lua and (text:find("<lua[%w]*%.h>") or text:find("<lauxlib%.h>")) then
    found[#found + 1] = name .. " includes lua.h"
  end
  if not row.curl and text:find("<curl/") then
    found[#found + 1] = name .. " includes curl.h"
  end
  return found
end

--- The rows of both tables, in their order.
local rooms = {}
for _, rows in ipairs { LUA, C } do
  for _, row in ipairs(rows) do
    rooms[#rooms + 1] = { room = row.room, may = row.may }
  end
end

--- The rooms that a Lua file requires, and that a C file includes, by the same names; also its own room.
---@return string room
---@return table<string, boolean> others
local function edges(name, text, is_lua)
  local rows, others = is_lua and LUA or C, {}
  local row = row_of(rows, name)
  local function add(path)
    local target = row_of(rows, path) or row_of(rows, path .. "/init")
    if target and target.room ~= row.room then
      others[target.room] = true
    end
  end
  if is_lua then
    text = without_comments(text)
    if text:find("require[ (]+[\"']cloudjobs[\"']") then
      add "init"
    end
    -- Modules that are loaded later are named in tables.
    for module in text:gmatch("[\"']cloudjobs%.([%w_.]+)[\"']") do
      add((module:gsub("%.", "/")))
    end
  else
    for path in text:gmatch('#%s*include%s+"([%w_/.]+)%.h"') do
      add(resolved(name, path))
    end
  end
  return row.room, others
end

return { lua_violations = lua_violations, c_violations = c_violations, rooms = rooms, edges = edges }
