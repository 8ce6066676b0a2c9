--- A terminal as small as the command needs it: what its bytes leave on the
--- screen, in cells of text and colour.

local CHAR = "^[^\128-\191][\128-\191]*"

local Screen = {}
local screen_mt = { __index = Screen }

local function new()
  return setmetatable({ rows = {}, row = 1, column = 1, style = "" }, screen_mt)
end

function Screen:_put(char)
  local cells = self.rows[self.row] or {}
  self.rows[self.row] = cells
  for column = #cells + 1, self.column - 1 do
    cells[column] = { char = " ", style = "" }
  end
  cells[self.column] = { char = char, style = self.style }
  self.column = self.column + 1
end

function Screen:_erase()
  local cells = self.rows[self.row] or {}
  for column = #cells, self.column, -1 do
    cells[column] = nil
  end
end

local function control(screen, number, letter)
  local n = tonumber(number) or 1
  if letter == "A" then
    assert(screen.row - n >= 1, "the cursor left the screen")
    screen.row = screen.row - n
  elseif letter == "B" then
    screen.row = screen.row + n
  elseif letter == "K" then
    screen:_erase()
  elseif letter == "m" then
    screen.style = number == "0" and "" or number
  else
    error("a sequence that this terminal does not know: " .. letter)
  end
end

--- Takes in what a program wrote.
function Screen:feed(bytes)
  local at = 1
  while at <= #bytes do
    local number, letter, after = bytes:match("^\27%[(%d*)(%a)()", at)
    local char = bytes:match(CHAR, at)
    if letter then
      control(self, number, letter)
      at = after
    else
      if char == "\n" then
        self.row = self.row + 1
        self.rows[self.row] = self.rows[self.row] or {}
      elseif char == "\r" then
        self.column = 1
      else
        self:_put(char)
      end
      at = at + #char
    end
  end
  return self
end

--- The text on the screen, a line a row, without blanks at the ends.
function Screen:text()
  local lines = {}
  for i = 1, #self.rows do
    local chars = {}
    for column, cell in ipairs(self.rows[i]) do
      chars[column] = cell.char
    end
    lines[i] = table.concat(chars):gsub("%s+$", "")
  end
  return (table.concat(lines, "\n"):gsub("\n+$", "")) .. "\n"
end

return { new = new }
