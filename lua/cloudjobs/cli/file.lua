--- Files that the command line names.

--- Reads a whole file.
---@param path string
---@return string|nil
---@return string|nil message which file, and what is wrong with it
local function read(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text
  text, message = file:read("*a") -- a folder can be opened, not read
  file:close()
  if not text then
    return nil, ("%s: %s"):format(path, message or "cannot be read")
  end
  return text
end

return { read = read }
