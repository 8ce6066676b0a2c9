--- Lines that change in place on a terminal. Each drawing writes the lines
--- that differ from what is shown, and nothing when none does. The cursor rests
--- below the last line and no mode of the terminal is touched, so the terminal is
--- clean however the program ends.

local Live = {}
local live_mt = { __index = Live }

local CLEAR = "\r\27[K"

--- Shows `lines` in place of those shown before.
---@param lines string[] none wider than `columns`, and no more than there is room for: what scrolled away cannot be
--- redrawn
---@param columns integer
function Live:draw(lines, columns)
  if columns ~= self._columns then
    -- The terminal wrapped its lines anew, so the places of ours are not known.
    self:leave()
    self._columns = columns
  end
  local shown, parts = self._shown, {}
  local height = #shown
  for i = 1, math.max(#lines, height) do
    local line = lines[i] or ""
    if i > height then
      parts[#parts + 1] = CLEAR .. line .. "\n"
    elseif line ~= shown[i] then
      local up = height - i + 1
      parts[#parts + 1] = ("\27[%dA%s%s\27[%dB\r"):format(up, CLEAR, line, up)
    end
  end
  for i = #lines + 1, height do
    lines[i] = ""
  end
  self._shown = lines
  if #parts > 0 then
    self._write(table.concat(parts))
  end
end

--- Has the next drawing begin below what was written in between.
function Live:leave()
  self._shown = {}
end

---@param write fun(bytes: string)
local function new(write)
  return setmetatable({ _shown = {}, _write = write }, live_mt)
end

return { new = new }
