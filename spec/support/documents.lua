--- Bodies as documents, to be compared where their bytes may differ: the order of members and attributes, and white
--- space between elements, say nothing.

local cbor = require "spec.support.cbor"
local core = require "cloudjobs.core"

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

local function utf8_of(code)
  return core.json_decode(('"\\u%04x"'):format(code)) -- the cases have none above U+FFFF
end

local function unescape(text)
  return (text:gsub("&(#?)(x?)(%w+);", function(number, hex, name)
    if number == "" then
      return ENTITIES[hex .. name]
    end
    return utf8_of(tonumber(name, hex == "x" and 16 or 10))
  end))
end

local function attributes(text)
  local list = {}
  for name, _, value in text:gmatch "([%w_:.-]+)%s*=%s*([\"'])(.-)%2" do
    list[#list + 1] = (" %s=%q"):format(name, unescape(value))
  end
  table.sort(list)
  return table.concat(list)
end

-- Siblings in the order of their names: those of one name stay in theirs, but for what may be a map's entries, a key
-- and a value each.
local function by_name(children)
  for i, child in ipairs(children) do
    child.at = i
  end
  table.sort(children, function(a, b)
    if a.name == b.name and a.is_pair and b.is_pair and a.text ~= b.text then
      return a.text < b.text
    elseif a.name == b.name then
      return a.at < b.at
    end
    return a.name < b.name
  end)
end

local function element(name, attribute_text, children, text)
  by_name(children)
  local parts = { name, attribute_text }
  if #children == 0 then
    parts[3] = ("=%q"):format(unescape(text))
  else
    parts[3] = "{"
    for _, child in ipairs(children) do
      parts[#parts + 1] = child.text .. ";"
    end
    parts[#parts + 1] = "}"
  end
  return { name = name, text = table.concat(parts), is_pair = #children == 2 }
end

--- XML as a text that is equal for equal documents.
---@param text string
---@return string
local function xml(text)
  text = text:gsub("<!%-%-.-%-%->", ""):gsub("<%?.-%?>", "")
  local stack, at = { { children = {} } }, 1
  while true do
    local from, to, closing, name, attribute_text, empty = text:find("<(/?)([%w_:.-]+)(.-)(/?)>", at)
    local top = stack[#stack]
    if not from then
      break
    elseif closing == "/" then
      assert(top.name == name, "wrong nesting")
      stack[#stack] = nil
      local children = stack[#stack].children
      children[#children + 1] = element(name, top.attributes, top.children, text:sub(top.at, from - 1))
    elseif empty == "/" then
      top.children[#top.children + 1] = element(name, attributes(attribute_text), {}, "")
    else
      stack[#stack + 1] = { name = name, attributes = attributes(attribute_text), children = {}, at = to + 1 }
    end
    at = to + 1
  end
  assert(#stack == 1 and #stack[1].children == 1, "expected one element")
  return stack[1].children[1].text
end

--- A form's pairs, sorted.
---@param text string
---@return string[]
local function form(text)
  local pairs_of = {}
  for pair in text:gmatch "[^&%s]+" do
    pairs_of[#pairs_of + 1] = pair
  end
  table.sort(pairs_of)
  return pairs_of
end

local function json(text)
  return assert(core.json_decode(text))
end

return { xml = xml, form = form, json = json, cbor = cbor.decode }
