--- Files that others write and rewrite while a program runs: settings, tokens, keys.

local ascii = require "cloudjobs.base.ascii"
local quote = require "cloudjobs.base.quote"

local ENOENT = 2
local MAX_BYTES = 256 * 1024

--- A file's whole text. A pipe that has no writer is empty; nothing is waited for much longer than a second.
---@param path string
---@param max integer|nil bytes at most, 256 KiB unless given
---@return string|nil text
---@return string|nil reason without the path
---@return boolean|nil missing
local function read(path, max)
  if path:find("\0", 1, true) then
    return nil, "a path has no byte 0"
  end
  -- With a slash behind it no pipe can block the opening. Most programs find no file, and need no more for that.
  local folder, _, code = io.open(path .. "/", "rb")
  if folder then
    folder:close()
  elseif code == ENOENT then
    return nil, "No such file or directory", true
  end
  return require("cloudjobs.os").read_file(path, max or MAX_BYTES)
end

--- A file's text without blanks around it, where it has to hold some.
---@param path string
---@param max integer|nil
---@return string|nil text
---@return string|nil message names the path
---@return boolean|nil missing
local function read_text(path, max)
  local text, reason, missing = read(path, max)
  text = text and ascii.trim(text)
  if text == "" then
    text, reason = nil, "it is empty"
  end
  if not text then
    return nil, quote.path(path) .. ": " .. reason, missing
  end
  return text
end

return { read = read, read_text = read_text }
