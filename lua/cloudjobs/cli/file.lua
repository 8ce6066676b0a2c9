--- Files that the command line names, and JSON from them and from its words.

local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"

local MAX = 64 * 1024 * 1024 -- bytes: devices such as /dev/zero have no end
local PIECE = 64 * 1024 -- bytes of one read

--- Reads a whole file, which may be a pipe.
---@param path string
---@return string|nil
---@return string|nil message which file, and what is wrong with it
local function read(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local pieces, size, piece = {}, 0
  repeat
    piece, message = file:read(PIECE) -- a folder can be opened, not read
    pieces[#pieces + 1] = piece
    size = size + #(piece or "")
  until not piece or size > MAX
  file:close()
  if message or size > MAX then
    return nil, ("%s: %s"):format(path, message or "larger than 64 MiB")
  end
  return table.concat(pieces)
end

-- What a file is by its first bytes, when it is no text in UTF-8.
local MAGIC = {
  { "^\255\254", "UTF-16: save it as UTF-8" }, { "^\254\255", "UTF-16: save it as UTF-8" },
  { "^%z", "UTF-16 or binary: expected a text in UTF-8" }, { "^[^%z]%z", "UTF-16 or binary: expected a text in UTF-8" },
  { "^\31\139", "compressed by gzip: decompress it" }, { "^PK\3\4", "a zip archive: unpack it" },
}

--- Reads a text file in UTF-8; a byte order mark is left out.
---@param path string
---@return string|nil
---@return string|nil message
local function read_text(path)
  local text, message = read(path)
  if not text then
    return nil, message
  end
  for _, magic in ipairs(MAGIC) do
    if text:find(magic[1]) then
      return nil, ("%s is %s"):format(path, magic[2])
    end
  end
  return (text:gsub("^\239\187\191", ""))
end

--- Reads JSON from a file.
---@param path string
---@return any value nil for a mistake
---@return string|nil message
local function read_json(path)
  local text, message = read_text(path)
  if not text then
    return nil, message
  elseif not text:find("[^ \t\r\n]") then
    return nil, path .. " is empty"
  end
  local value
  value, message = core.json_decode(text)
  if value == nil then
    return nil, ("%s: %s"):format(path, message)
  end
  return value
end

--- What is wrong with a word that the AWS command line would read from a file.
---@param word string
---@return string|nil message
local function url_mistake(word)
  local path = word:match("^fileb?://(.*)$")
  return path and ("file:// is the AWS command line's form: write @%s"):format(quote.path(path)) or nil
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

-- What a word probably is that is no JSON, and what to write instead; nil when that is not clear.
local function word_mistake(word)
  if #word < 4096 and not word:find("^%s*[{%[\"]") and (exists(word) or word:find("%.json$")) then
    return ("%s is the name of a file: write @%s"):format(quote.path(word), quote.path(word))
  elseif word:find("^%a%w*=") then
    return ('%s is the AWS command line\'s shorthand: write JSON, such as {"%s": …}')
      :format(quote.value(word), word:match("^%a%w*"):sub(1, 64))
  elseif word:find("^%s*[{%[]%s*'") or word:find("\226\128[\152-\159]") then
    return "JSON takes straight double quotes, \", alone"
  elseif word:find("^%s*{%s*%a") then
    return "in JSON names and strings stand in double quotes; a shell removes them unless the whole text is quoted"
  end
end

--- JSON that a word of the command line is, or that is in the file it names by `@FILE`.
---@param word string
---@return any value nil for a mistake
---@return string|nil message
local function json(word)
  if word:find("^@.") then
    return read_json(word:sub(2))
  end
  local message = url_mistake(word)
  if message then
    return nil, message
  end
  local value
  value, message = core.json_decode(word)
  if value == nil then
    local mistake = word_mistake(word)
    return nil, mistake and ("%s (%s)"):format(mistake, message) or message
  end
  return value
end

return { read = read, read_text = read_text, read_json = read_json, json = json, url_mistake = url_mistake }
