--- A job's reference: one word, without secrets, from which a later process makes
--- the job again. It needs no quotes in a shell, a log line or a URL, and has at
--- most 2,048 bytes. `v` is the version of the form: later ones add members only.
---
---     export_execution,v=1,ExecutionId=9f2d…,ExportArn=arn:aws:…,region=us-east-1

local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"

local VERSION = "1"
local MAX = 2048 -- bytes

local function encode(text)
  return (text:gsub("[^%w%-._~:/@+]", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

--- Writes the kind and its fields, sorted by name.
---@param kind string
---@param fields table<string, string|number>
---@return string|nil nil where it would be longer than a reference may be
local function format(kind, fields)
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = name .. "=" .. encode(type(value) == "number" and core.json_encode(value) or value)
  end
  table.sort(parts)
  local text = ("%s,v=%s,%s"):format(kind, VERSION, table.concat(parts, ","))
  return #text <= MAX and text or nil
end

--- Reads one back. One without a version is of the first.
---@param text string
---@return string|nil kind
---@return table<string, string>|string fields, or what is wrong
local function parse(text)
  if #text > MAX then
    return nil, ("expected at most %d bytes, got %d"):format(MAX, #text)
  end
  local kind, rest = text:match("^([%w_]+),(.+)$")
  if not kind then
    return nil, "expected kind,name=value,…"
  end
  local fields = {}
  for part in rest:gmatch("[^,]+") do
    local name, value = part:match("^([%w_]+)=(.*)$")
    if not name then
      return nil, ("expected name=value, got %s"):format(quote.value(part))
    elseif fields[name] then
      return nil, ("%s stands there twice"):format(name)
    end
    fields[name] = decode(value)
  end
  if (fields.v or VERSION) ~= VERSION then
    return nil, ("expected version %s, got %s"):format(VERSION, quote.value(fields.v))
  end
  fields.v = nil
  return kind, fields
end

return { format = format, parse = parse }
