--- Splits a command line into words as a POSIX shell would, without being one:
--- quotes and backslashes count, nothing is expanded or run.

local BLANK = "[ \t\r\n]"

-- Inside double quotes a backslash keeps its meaning before these two only.
local ESCAPABLE = { ['"'] = true, ["\\"] = true }

-- The text up to the closing quote, and the position behind it.
local function quoted(text, at, quote)
  local out = {}
  while true do
    local char = text:sub(at, at)
    if char == "" then
      return nil, "a quote is not closed"
    elseif char == quote then
      return table.concat(out), at + 1
    elseif char == "\\" and quote == '"' and ESCAPABLE[text:sub(at + 1, at + 1)] then
      at = at + 1
      char = text:sub(at, at)
    end
    out[#out + 1] = char
    at = at + 1
  end
end

---@param text string
---@return string[]|nil words
---@return string|nil message
local function split(text)
  local words, pieces, at = {}, nil, 1
  local function end_word()
    words[#words + 1] = pieces and table.concat(pieces)
    pieces = nil
  end
  local function add(piece)
    pieces = pieces or {}
    pieces[#pieces + 1] = piece
  end
  while at <= #text do
    local char = text:sub(at, at)
    if char:find(BLANK) then
      end_word()
      at = at + 1
    elseif char == "'" or char == '"' then
      local part, behind = quoted(text, at + 1, char)
      if not part then
        return nil, behind
      end
      add(part)
      at = behind
    elseif char == "\\" then
      if at == #text then
        return nil, "nothing follows the last backslash"
      end
      add(text:sub(at + 1, at + 1))
      at = at + 2
    else
      local plain = text:match("^[^ \t\r\n'\"\\]+", at)
      add(plain)
      at = at + #plain
    end
  end
  end_word()
  return words
end

return { split = split }
