--- A transport that differs from another one in some methods.

---@param transport table
---@param methods table<string, function>
---@return table
local function wrap(transport, methods)
  return setmetatable(methods, {
    __index = function(_, name)
      local value = transport[name]
      if type(value) ~= "function" then
        return value
      end
      return function(_, ...)
        return value(transport, ...)
      end
    end,
  })
end

return wrap
