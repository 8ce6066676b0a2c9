--- A new table with the members of all the given ones; of several with one name, the last.
---@param ... table|nil
---@return table
return function(...)
  local result = {}
  for i = 1, select("#", ...) do
    for name, value in pairs((select(i, ...)) or {}) do
      result[name] = value
    end
  end
  return result
end
