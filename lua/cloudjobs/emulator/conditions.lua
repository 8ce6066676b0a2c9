--- The header fields by which a request asks for a part of an object, or for one version of it.

--- The bytes that a Range asks for.
---@param text string|nil the header's value
---@param size integer of the object
---@param has_suffixes boolean whether `bytes=-5` is a range; else the service ignores it
---@return integer|nil first nil where the whole object is sent
---@return integer|string|nil last "unsatisfiable" where the range begins behind the object's end
local function range(text, size, has_suffixes)
  local first, last = (text or ""):match("^bytes=(%d*)%-(%d*)$")
  if not first or first == "" and (last == "" or not has_suffixes) then
    return nil
  elseif first == "" then
    local count = math.min(tonumber(last), size)
    if count == 0 then
      return nil, "unsatisfiable"
    end
    return size - count, size - 1
  end
  first, last = tonumber(first), tonumber(last) or math.huge
  if last < first then
    return nil
  elseif first >= size then
    return nil, "unsatisfiable"
  end
  return first, math.min(last, size - 1)
end

-- Whether a list of entity tags has this one. Tags without quotes are understood, as the services do.
local function has_tag(list, etag)
  if list == "*" then
    return etag ~= nil
  end
  for tag in list:gmatch("[^, ]+") do
    if tag == etag or '"' .. tag .. '"' == etag then
      return true
    end
  end
  return false
end

--- What a request's conditions say of an object: nil where they hold, else the status.
---@param headers table<string, string>
---@param object { etag: string }|nil
---@param is_read boolean
---@return 304|412|nil status
local function status(headers, object, is_read)
  local etag = object and object.etag
  if headers["if-match"] and not has_tag(headers["if-match"], etag) then
    return 412
  elseif headers["if-none-match"] and has_tag(headers["if-none-match"], etag) then
    return is_read and 304 or 412
  end
  return nil
end

return { range = range, status = status }
