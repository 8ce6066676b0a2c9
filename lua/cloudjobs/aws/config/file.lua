--- The files shared by the AWS tools, ~/.aws/config and ~/.aws/credentials:
--- text -> sections. The grammar is the one the AWS command line reads.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local words = require "cloudjobs.base.shell_words"

-- Thousands of profiles fit; a log or a device named by mistake does not.
local MAX_BYTES = 4 * 1024 * 1024
-- No value of a setting comes near; without it, continued lines would cost their square.
local MAX_VALUE = 64 * 1024

local ENOENT = 2
local ENOTDIR = 20

local function trim(text)
  return text:match("^%s*(.-)%s*$")
end

--- A parser's state while it walks over the lines.
local Parser = {}
local parser_mt = { __name = "cloudjobs.aws.config.file.parser", __index = Parser }

function Parser:fail(message)
  return nil, ("line %d: %s"):format(self.line, message)
end

function Parser:open_section(name)
  if self.sections[name] then
    return self:fail(("section [%s] is there twice; join the two"):format(name))
  end
  self.section = {}
  self.sections[name] = self.section
  self.order[#self.order + 1] = name
  self.key = nil
  return true
end

function Parser:add_key(key, value)
  key = trim(key):lower()
  if key == "" then
    return self:fail("expected a name before the = sign")
  elseif self.section[key] then
    return self:fail(("key %s is there twice in its section; remove one"):format(key))
  end
  self.key = key
  self.section[key] = trim(value)
  return true
end

-- An indented line continues the value above it. Behind an empty value it is
-- a sub-section of `name = value` lines.
function Parser:continue(text)
  local value = self.section[self.key]
  if value == "" then
    value = {}
    self.section[self.key] = value
  end
  if type(value) == "string" then
    if #value + #text >= MAX_VALUE then
      return self:fail(("key %s: expected at most %d bytes"):format(self.key, MAX_VALUE))
    end
    self.section[self.key] = value .. "\n" .. text
    return true
  end
  local name, rest = text:match("^([^=]*)=(.*)$")
  if not name then
    return self:fail(("expected name = value in the sub-section %s"):format(self.key))
  end
  value[trim(name)] = trim(rest)
  return true
end

function Parser:take(line)
  local text = trim(line)
  if text == "" or text:find("^[#;]") then
    return true
  end
  local indent = #line:match("^%s*")
  if self.key and indent > self.indent then
    return self:continue(text)
  end
  self.indent = indent
  local header = text:match("^%[(.+)%]")
  if header then
    return self:open_section(trim(header))
  elseif not self.section then
    return self:fail("expected a [section] before the first key")
  end
  local key, value = text:match("^([^=:]*)[=:](.*)$")
  if not key then
    return self:fail("expected name = value, a [section] or a comment")
  end
  return self:add_key(key, value)
end

--- Sections by name, and their names in the file's order. Keys are lower-cased;
--- a sub-section is a table.
---@param text string
---@return table<string, table<string, string|table<string, string>>>|nil sections
---@return string[]|string order or, on failure, a message that names the line, never its content
local function sections(text)
  local parser = setmetatable({ sections = {}, order = {}, line = 0, indent = 0 }, parser_mt)
  text = text:gsub("^\239\187\191", "")
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    parser.line = parser.line + 1
    if line:find("\0", 1, true) or not core.json_encode(line) then
      return parser:fail("expected text in UTF-8")
    end
    local ok, message = parser:take(line)
    if not ok then
      return nil, message
    end
  end
  return parser.sections, parser.order
end

-- The first word of a section's name -> where such sections are kept.
local KINDS = { profile = "profiles", ["sso-session"] = "sso_sessions", services = "services" }

---@class cloudjobs.ConfigFile
---@field profiles table<string, table> each key -> text, or a table for a sub-section
---@field sso_sessions table<string, table>
---@field services table<string, table>

--- A config file's sections by what they are: `[default]` and `[profile NAME]`,
--- `[sso-session NAME]`, `[services NAME]`. Any other section is none of these.
---@param text string
---@return cloudjobs.ConfigFile|nil file
---@return string|nil message
local function parse_config(text)
  local found, order = sections(text)
  if not found then
    return nil, order
  end
  local file = { profiles = {}, sso_sessions = {}, services = {} }
  for _, name in ipairs(order) do
    local parts = words.split(name) or {}
    local kind = KINDS[parts[1]]
    if name == "default" then
      file.profiles.default = found[name]
    elseif kind and #parts == 2 then
      file[kind][parts[2]] = found[name]
    end
  end
  return file
end

--- A credentials file: each section is the profile of that name.
---@param text string
---@return cloudjobs.ConfigFile|nil file
---@return string|nil message
local function parse_credentials(text)
  local found, message = sections(text)
  if not found then
    return nil, message
  end
  return { profiles = found, sso_sessions = {}, services = {} }
end

local function failure(path, message)
  return nil, Error.new { kind = "config", code = "config", message = path .. ": " .. message }
end

--- Reads and parses a file. One that is not there counts as empty.
---@param path string
---@param parse fun(text: string): cloudjobs.ConfigFile|nil, string|nil
---@return cloudjobs.ConfigFile|nil file
---@return cloudjobs.Error|nil err kind "config", naming file and line
local function load(path, parse)
  local handle, message, code = io.open(path, "rb")
  if not handle then
    if code == ENOENT or code == ENOTDIR then
      return parse("")
    end
    return failure(path, "cannot be read: " .. message:gsub("^.*: ", ""))
  end
  local text
  text, message = handle:read(MAX_BYTES + 1)
  handle:close()
  if not text and message then
    return failure(path, "cannot be read: " .. message:gsub("^.*: ", ""))
  elseif text and #text > MAX_BYTES then
    return failure(path, ("expected at most %d bytes; is it the right file?"):format(MAX_BYTES))
  end
  local file
  file, message = parse(text or "")
  if not file then
    return failure(path, message)
  end
  return file
end

return { load = load, parse_config = parse_config, parse_credentials = parse_credentials }
