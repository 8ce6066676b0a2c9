--- Small files that hold a token and are rewritten while we run.

local MAX_BYTES = 256 * 1024

--- A file's whole text.
---@param path string
---@return string|nil text
---@return string|nil message
---@return boolean|nil missing
local function read(path)
  local handle, message, code = io.open(path, "rb")
  if not handle then
    return nil, message, code == 2
  end
  local text
  text, message = handle:read(MAX_BYTES + 1)
  handle:close()
  if not text then
    return nil, path .. ": " .. (message or "the file is empty")
  elseif #text > MAX_BYTES then
    return nil, ("%s: expected at most %d bytes"):format(path, MAX_BYTES)
  end
  return text
end

return { read = read }
