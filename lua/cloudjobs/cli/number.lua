--- Numbers on the command line, as converters of its options.

--- A whole number from `least` to `most`, where there is a most.
---@param least integer
---@param most integer|nil
---@return fun(text: string): integer|nil, string|nil
local function whole(least, most)
  return function(text)
    local number = text:find("^%d+$") and tonumber(text)
    if number and number >= least and number <= (most or math.huge) then
      return number
    end
    return nil, ("expected a whole number from %d%s, got '%s'"):format(least, most and " to " .. most or "", text)
  end
end

--- A number above 0.
---@param text string
---@return number|nil
---@return string|nil message
local function above_zero(text)
  local number = tonumber(text)
  if number and number > 0 and number < math.huge then
    return number
  end
  return nil, ("expected a number above 0, got '%s'"):format(text)
end

return { whole = whole, above_zero = above_zero }
