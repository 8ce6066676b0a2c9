--- The words of a JMESPath expression.

local core = require "cloudjobs.core"

--- Raises the mistake in the expression.
local function fail(parser, message)
  error(("JMESPath %q: %s"):format(parser.text, message), 0)
end

local function quoted(parser, at, quote)
  local i = at + 1
  while true do
    local char = parser.text:sub(i, i)
    if char == "" then
      fail(parser, ("expected %s to close what begins at %d"):format(quote, at))
    elseif char == "\\" then
      i = i + 2
    elseif char == quote then
      return parser.text:sub(at + 1, i - 1), i + 1
    else
      i = i + 1
    end
  end
end

local function json(parser, text)
  local value, message = core.json_decode(text)
  if message then
    fail(parser, message)
  end
  return value
end

local QUOTED = {
  ['"'] = function(parser, inner)
    return { kind = "name", value = json(parser, '"' .. inner .. '"'), quoted = true }
  end,
  ["'"] = function(_, inner)
    return { kind = "literal", value = (inner:gsub("\\'", "'")) }
  end,
  ["`"] = function(parser, inner)
    return { kind = "literal", value = json(parser, (inner:gsub("\\`", "`"))) }
  end,
}

local SYMBOLS = { "[?", "[]", "&&", "||", "==", "!=", "<=", ">=" }

local function read_symbol(text, at)
  local pair = text:sub(at, at + 1)
  for _, symbol in ipairs(SYMBOLS) do
    if pair == symbol then
      return symbol
    end
  end
  return text:match("^[%.%[%]{}()*@&|!<>,:]", at)
end

-- One word at `at`: its kind, its value, and where the next begins.
local function read_word(parser, at)
  local text = parser.text
  local name = text:match("^[%a_][%w_]*", at)
  if name then
    return { kind = "name", value = name }, at + #name
  end
  local number = text:match("^%-?%d+", at)
  if number then
    return { kind = "number", value = tonumber(number) }, at + #number
  end
  local first = text:sub(at, at)
  if QUOTED[first] then
    local inner, after = quoted(parser, at, first)
    return QUOTED[first](parser, inner), after
  end
  local symbol = read_symbol(text, at)
  if not symbol then
    fail(parser, ("unexpected %q at %d"):format(first, at))
  end
  return { kind = symbol }, at + #symbol
end

--- Every word as `{ kind, value }`; a name, a number and a literal have a
--- value, each symbol is a kind of its own, and the last is `end`.
---@param parser { text: string }
local function words_of(parser)
  local words, at = {}, 1
  while true do
    at = parser.text:find("[^ \t\r\n]", at)
    if not at then
      words[#words + 1] = { kind = "end" }
      return words
    end
    words[#words + 1], at = read_word(parser, at)
  end
end

return { words_of = words_of, fail = fail }
