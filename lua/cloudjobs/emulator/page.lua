--- One page of a list. A token names the listing and the last item given, so
--- that items added meanwhile neither repeat nor hide others.

local core = require "cloudjobs.core"

--- The page after `token`, and the token of the next one. An unknown token gives
--- nil.
---@param listing string what is listed: a token of another listing is refused
---@param items table
---@param key string the member that names an item
---@param token string|nil
---@param size number
local function page(listing, items, key, token, size)
  local first = 1
  if token then
    local text = core.base64_decode(token)
    local after = text and text:sub(1, #listing + 1) == listing .. " " and text:sub(#listing + 2)
    if not after then
      return nil
    end
    for i, item in ipairs(items) do
      if item[key] == after then
        first = i + 1
      end
    end
  end
  local slice = {}
  for i = first, math.min(first + size - 1, #items) do
    slice[#slice + 1] = items[i]
  end
  local next_token
  if first + size <= #items then
    next_token = core.base64_encode(listing .. " " .. slice[#slice][key])
  end
  return slice, next_token
end

return { page = page }
