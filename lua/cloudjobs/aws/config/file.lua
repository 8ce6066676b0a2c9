--- The files shared by the AWS tools, ~/.aws/config and ~/.aws/credentials:
--- text -> sections. The grammar is the one the AWS command line reads.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local file = require "cloudjobs.cloud.file"
local quote = require "cloudjobs.base.quote"
local words = require "cloudjobs.base.shell_words"

-- Thousands of profiles fit; a log or a device named by mistake does not.
local MAX_BYTES = 4 * 1024 * 1024
-- No value of a setting comes near.
local MAX_VALUE = 64 * 1024

-- A section whose keys all others inherit, as in Python's configparser.
local INHERITED = "DEFAULT"

--- A parser's state between lines. `places` has for each key of a section its
--- line, and the first line that continues it: { line, continued = line|nil }.
local Parser = {}
local parser_mt = { __name = "cloudjobs.aws.config.file.parser", __index = Parser }

-- A message names lines alone: anything in a file of credentials may be secret.
function Parser:fail(message, ...)
  return nil, ("line %d: %s"):format(self.line, message:format(...))
end

-- Ends the value that the lines above continued.
function Parser:end_key()
  if self.parts then
    self.section[self.key] = table.concat(self.parts, "\n")
  end
  self.key, self.parts = nil, nil
end

function Parser:open_section(name)
  self:end_key()
  if self.sections[name] and name ~= INHERITED then
    return self:fail("this section is there twice, first in line %d; join the two", self.opened[name])
  end
  self.section = self.sections[name] or {}
  self.places[self.section] = self.places[self.section] or {}
  if not self.sections[name] and name ~= INHERITED then
    self.order[#self.order + 1] = name
  end
  self.sections[name], self.opened[name] = self.section, self.line
  return true
end

function Parser:add_key(key, value)
  self:end_key()
  key = ascii.lower(ascii.trim(key))
  local places = self.places[self.section]
  if key == "" then
    return self:fail("expected a name before the = sign")
  elseif places[key] then
    return self:fail("this key is there twice in its section, first in line %d; remove one", places[key].line)
  end
  self.key = key
  self.section[key] = ascii.trim(value)
  places[key] = { line = self.line }
  return true
end

-- An indented line continues the value above it. Behind an empty value it is
-- a sub-section of `name = value` lines.
function Parser:continue(text)
  local place = self.places[self.section][self.key]
  local value = self.section[self.key]
  if value == "" and not self.parts then
    value = {}
    self.section[self.key] = value
  end
  if type(value) == "string" then
    self.parts = self.parts or { value }
    place.continued = place.continued or self.line
    place.bytes = (place.bytes or #value) + 1 + #text
    if place.bytes > MAX_VALUE then
      return self:fail("the value that begins in line %d: expected at most %d bytes", place.line, MAX_VALUE)
    end
    self.parts[#self.parts + 1] = text
    return true
  end
  local name, rest = text:match("^([^=]*)=(.*)$")
  if not name then
    return self:fail("expected name = value in the sub-section that begins in line %d", place.line)
  end
  value[ascii.trim(name)] = ascii.trim(rest)
  return true
end

function Parser:parse_line(line)
  local text = ascii.trim(line)
  if text == "" or text:find("^[#;]") then
    return true
  end
  local indent = line:find("[^ \t-\r]") - 1
  if self.key and indent > self.indent then
    return self:continue(text)
  end
  self.indent = indent
  local header = text:match("^%[(.+)%]")
  if header then
    return self:open_section(ascii.trim(header))
  elseif not self.section then
    return self:fail("expected a [section] before the first key")
  end
  local key, value = text:match("^([^=:]*)[=:](.*)$")
  if not key then
    return self:fail("expected name = value, a [section] or a comment")
  end
  return self:add_key(key, value)
end

-- Copies the keys of the section DEFAULT into all sections that lack them.
function Parser:inherit()
  local defaults = self.sections[INHERITED]
  self.sections[INHERITED] = nil
  for name, value in pairs(defaults or {}) do
    for _, section in pairs(self.sections) do
      if section[name] == nil then
        section[name] = value
        self.places[section][name] = self.places[defaults][name]
      end
    end
  end
end

-- Walks over all lines: the parser with its sections by name, and their names
-- in the file's order. Keys are lower-cased; a sub-section is a table.
local function parse(text)
  local parser = setmetatable({ sections = {}, opened = {}, order = {}, places = {}, line = 0, indent = 0 }, parser_mt)
  text = text:gsub("^\239\187\191", ""):gsub("\r\n?", "\n") -- as Python reads text
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    parser.line = parser.line + 1
    if line:find("\0", 1, true) or not core.json_encode(line) then
      return parser:fail("expected text in UTF-8")
    end
    local ok, message = parser:parse_line(line)
    if not ok then
      return nil, message
    end
  end
  parser:end_key()
  parser:inherit()
  return parser
end

-- The first word of a section's name -> the kind of such sections.
local KINDS = { profile = "profiles", ["sso-session"] = "sso_sessions", services = "services" }

---@class cloudjobs.ConfigFile
---@field profiles table<string, table> each key -> text, or a table for a sub-section
---@field sso_sessions table<string, table>
---@field services table<string, table>
local ConfigFile = {}
local file_mt = { __name = "cloudjobs.aws.config.file", __index = ConfigFile }

--- Why a key's value has a line break, or nil: "line 3 is indented: it continues line 2".
---@param section table of this file
---@param key string
---@return string|nil
function ConfigFile:continuation(section, key)
  local place = self._places[section] and self._places[section][key]
  if place and place.continued then
    return ("line %d is indented: it continues line %d"):format(place.continued, place.line)
  end
end

--- Whether there is a section of that name which is none of a profile.
---@param name string
---@return boolean
function ConfigFile:has_other(name)
  return self._others[name] ~= nil
end

--- Why the file counts as empty, or nil where it could be read or is not there.
---@return string|nil
function ConfigFile:unreadable()
  return self._unreadable
end

local function new(parser, others)
  return setmetatable({
    profiles = {}, sso_sessions = {}, services = {}, _places = parser.places, _others = others,
  }, file_mt)
end

--- A config file's sections by what they are: `[default]` and `[profile NAME]`,
--- `[sso-session NAME]`, `[services NAME]`. Any other section is none of these.
---@param text string
---@return cloudjobs.ConfigFile|nil file
---@return string|nil message that names the line, never its content
local function parse_config(text)
  local parser, message = parse(text)
  if not parser then
    return nil, message
  end
  local others = {}
  local found = new(parser, others)
  for _, name in ipairs(parser.order) do
    local parts = words.split(name) or {}
    local kind = KINDS[parts[1]]
    if name == "default" then
      found.profiles.default = parser.sections[name]
    elseif kind and #parts == 2 then
      found[kind][parts[2]] = parser.sections[name]
    else
      others[name] = true
    end
  end
  return found
end

--- A credentials file: each section is the profile of that name.
---@param text string
---@return cloudjobs.ConfigFile|nil file
---@return string|nil message
local function parse_credentials(text)
  local parser, message = parse(text)
  if not parser then
    return nil, message
  end
  local found = new(parser, {})
  for name, section in pairs(parser.sections) do
    found.profiles[name] = section
  end
  return found
end

--- Reads and parses a file. One that is not there counts as empty, and so does
--- one that cannot be read: whether it was needed shows later.
---@param path string
---@param parse_text fun(text: string): cloudjobs.ConfigFile|nil, string|nil
---@return cloudjobs.ConfigFile|nil file
---@return cloudjobs.Error|nil err kind "config", naming file and line
local function load(path, parse_text)
  local text, reason, missing = file.read(path, MAX_BYTES)
  local found, message = parse_text(text or "")
  if not found then
    return nil, Error.new { kind = "config", code = "config", message = quote.path(path) .. ": " .. message }
  elseif not text and not missing then
    found._unreadable = ("%s cannot be read: %s"):format(quote.path(path), reason)
  end
  return found
end

return { load = load, parse_config = parse_config, parse_credentials = parse_credentials }
