--- Rows of text as aligned columns that fit the terminal.

local text = require "cloudjobs.cli.text"

local GAP = "  "
local INDENT = "    " -- of the lines below a row
local BLANK = (" "):byte()
-- The width to which cells are cut before columns are left out: first the spare ones, then any.
local COMFORTABLE, NARROWEST = 12, 8

-- The texts of all cells, title first; an empty column is left out.
local function cells_of(columns, rows)
  local kept = {}
  for _, column in ipairs(columns) do
    local cells, filled = { text.plain(column.title) }, #rows == 0
    for i, row in ipairs(rows) do
      local value = column.value(row)
      cells[i + 1] = value == nil and "" or text.plain(value)
      filled = filled or cells[i + 1] ~= ""
    end
    if filled or column.always then
      kept[#kept + 1] = { cells = cells, column = column, width = column.least or 0 }
    end
  end
  for _, one in ipairs(kept) do
    for _, cell in ipairs(one.cells) do
      one.width = math.max(one.width, text.width(cell))
    end
  end
  return kept
end

-- The width of the table when columns that shrink are cut to `least`, or not at all. A column to be copied does not
-- count: the terminal breaks its lines.
local function total(kept, least)
  local sum = 0
  for place, one in ipairs(kept) do
    if not one.column.whole then
      local width = one.column.shrinks and math.min(one.width, least or one.width) or one.width
      sum = sum + width + (place > 1 and #GAP or 0)
    end
  end
  return sum
end

-- Leaves columns out from the right until the others fit. The first one is never left out.
local function leave_out(kept, width, least, may_go)
  for place = #kept, 2, -1 do
    if total(kept, least) > width and may_go(kept[place].column) then
      table.remove(kept, place)
    end
  end
end

-- The widest of the columns that can be cut.
local function widest(kept)
  local found
  for _, one in ipairs(kept) do
    if one.column.shrinks and one.width > NARROWEST and (not found or one.width > found.width) then
      found = one
    end
  end
  return found
end

local function fit(kept, width)
  leave_out(kept, width, COMFORTABLE, function(column)
    return column.spare
  end)
  leave_out(kept, width, NARROWEST, function(column)
    return not column.whole and not column.last
  end)
  leave_out(kept, width, NARROWEST, function(column)
    return not column.whole
  end)
  local over = total(kept) - width
  local one = widest(kept)
  while over > 0 and one do
    one.width = math.max(NARROWEST, one.width - math.max(1, math.floor(over / 2)))
    over, one = total(kept) - width, widest(kept)
  end
  if over > 0 then -- the first column is all that is left
    kept[1].width = math.max(1, kept[1].width - over)
  end
end

-- Without the blanks at the end. A pattern would try each of a long cell's blanks as the first of these.
local function trim_end(line)
  local last = #line
  while last > 0 and line:byte(last) == BLANK do
    last = last - 1
  end
  return line:sub(1, last)
end

local function line_of(kept, i, row, paint)
  local parts = {}
  for place, one in ipairs(kept) do
    local cell = text.cut(one.cells[i], one.width)
    local filled = place < #kept and text.pad(cell, one.width) or cell
    local color = row and one.column.color and one.column.color(row) or (not row and "dim") or nil
    parts[place] = paint(color, filled)
  end
  return trim_end(table.concat(parts, GAP))
end

local function unpainted(_, cell)
  return cell
end

-- The column that stands below its rows where it does not fit beside the others: removed from `kept`, or nil.
local function take_below(kept, width)
  for place = #kept, 1, -1 do
    if kept[place].column.below and total(kept) > width then
      return table.remove(kept, place)
    end
  end
end

-- The cell below a row, broken between words.
local function add_below(lines, cell, width, paint)
  for _, line in ipairs(cell ~= "" and text.wrap(cell, width - #INDENT) or {}) do
    lines[#lines + 1] = INDENT .. paint("dim", line)
  end
end

--- The lines of a table: titles, then one for each row.
---@param columns table[] `{ title, value(row), color(row), always, least, shrinks, spare, last, whole }`; color: a name
---   for `paint`; always: shown even when empty; least: its width where there is room; shrinks: may be cut; spare: left
---   out before others; last: left out after others; whole: never cut nor left out; below: in lines of its own under
---   each row where it would have to be cut
---@param rows table[]
---@param options { width: integer|nil, paint: function|nil, flat: boolean|nil }|nil paint: `fun(color, cell): string`;
---   flat: one line a row, whatever has to be cut
---@return string[]
local function render(columns, rows, options)
  options = options or {}
  local width, paint = options.width or math.huge, options.paint or unpainted
  local kept = cells_of(columns, rows)
  local below = options.flat ~= true and take_below(kept, width) or nil
  fit(kept, width)
  local lines = {}
  for i = 1, #rows + 1 do
    lines[#lines + 1] = line_of(kept, i, rows[i - 1], paint)
    if below and i > 1 then
      add_below(lines, below.cells[i], width, paint)
    end
  end
  return lines
end

return { render = render }
