--- Reads documents that no shape has checked: a member that is absent, null or
--- of another type than the one asked for is nil.

local SLASH = ("/"):byte()

--- The member at a path.
---@param document any
---@param path string names with dots between; `[0]` is the first element of a list, as in JMESPath
---@param wanted string a type
---@return any
local function at(document, path, wanted)
  for name in path:gmatch("[^.%[]+") do
    if type(document) ~= "table" then
      return nil
    end
    local index = name:match("^(%d+)%]$")
    document = document[index and tonumber(index) + 1 or name]
  end
  if type(document) ~= wanted then
    return nil
  end
  return document
end

--- The tables in the list at a path.
---@param document any
---@param path string
---@return table[]
local function records(document, path)
  local found = {}
  for _, record in ipairs(at(document, path, "table") or {}) do
    if type(record) == "table" then
      found[#found + 1] = record
    end
  end
  return found
end

--- The part of a text behind its last slash, or all of it. A pattern would try
--- each byte of the text as the first one.
---@param text string
---@return string
local function tail(text)
  local last = #text
  while last > 0 and text:byte(last) ~= SLASH do
    last = last - 1
  end
  return text:sub(last + 1)
end

return { at = at, records = records, tail = tail }
