--- Shows jobs that are followed: a live table on a terminal, else a line at each change.

local Live = require "cloudjobs.cli.live"
local catalog = require "cloudjobs.cli.catalog"
local notice = require "cloudjobs.cli.notice"
local out = require "cloudjobs.cli.out"
local quote = require "cloudjobs.base.quote"
local table_ = require "cloudjobs.cli.table"
local terminal = require "cloudjobs.cli.terminal"
local text = require "cloudjobs.cli.text"
local when = require "cloudjobs.cli.when"

-- Why a job is not well or does not go on: our error, the service's reason, what the job waits for.
local function reason_of(status)
  return status.err and tostring(status.err) or status.reason or status.hint
end

local function elapsed(status)
  if status.final and status.started_at and status.ended_at then
    return when.duration(status.ended_at - status.started_at)
  end
end

-- The columns of the table; a row is `{ job, status }`. Their widths fit the usual texts, so that a change of one row
-- leaves the others as they are.
local function columns(utc)
  return {
    { title = "STATE", always = true, least = 9, value = function(row)
      return row.status and row.status.state or row.job and "polling" or "starting"
    end, color = function(row)
      return row.status and terminal.meaning(row.status.state)
    end },
    { title = "NAME", shrinks = true, last = true, least = 20, value = function(row)
      return row.job and catalog.name_of(row.job) or ""
    end },
    { title = "KIND", spare = true, value = function(row)
      return row.title or catalog.title(row.job)
    end },
    { title = "CODE", always = true, shrinks = true, least = 21, value = function(row)
      return row.status and row.status.code
    end },
    { title = "STARTED", spare = true, always = true, least = utc and 20 or 19, value = function(row)
      return row.status and row.status.started_at and when.moment(row.status.started_at, utc)
    end },
    { title = "TOOK", spare = true, always = true, value = function(row)
      return row.status and elapsed(row.status)
    end },
    { title = "WHY", shrinks = true, last = true, below = true, value = function(row)
      return row.status and reason_of(row.status)
    end },
  }
end

local View = {}
local view_mt = { __index = View }

-- The rows that fit: those under way or failed before those that succeeded.
local function fitting(rows, room)
  if #rows <= room then
    return rows
  end
  local kept = {}
  for _, done in ipairs { false, true } do
    for _, row in ipairs(rows) do
      if #kept < room and (row.status and row.status.ok or false) == done then
        kept[#kept + 1] = row
      end
    end
  end
  return kept
end

function View:render(rows, options)
  options = options or {}
  local width = self.terminal:size()
  options.width, options.paint = not options.wide and width or nil, self.terminal.paint
  return table_.render(self.columns, rows, options), width or 80
end

function View:draw()
  local _, height = self.terminal:size()
  -- Beside the rows: the titles, how many more there are, and the cursor's own line.
  local room = math.max(1, (height or 24) - 3)
  local rows = fitting(self.rows, room)
  local lines, width = self:render(rows)
  if #lines > room + 1 then
    lines = self:render(rows, { flat = true })
  end
  if #rows < #self.rows then
    lines[#lines + 1] = text.cut(("… and %d more"):format(#self.rows - #rows), width)
  end
  self.live:draw(lines, width)
end

--- Shows all rows and their reasons in full, since nothing will be drawn again: with --wide nothing is cut.
function View:finish()
  if self.live then
    self.live:draw(self:render(self.rows, { wide = self.wide }))
  end
end

-- `2026-11-22 01:02:03Z  nightly (AWS export): failed (QUERY_FAILURE), 4m 5s: why`
function View:line(row)
  local status, words = row.status, {}
  words[1] = ("%s  %s (%s): %s"):format(
    when.moment(os.time(), self.utc), catalog.name_of(row.job), row.title or catalog.title(row.job), status.state)
  words[2] = status.code and " (" .. status.code .. ")"
  words[#words + 1] = elapsed(status) and ", " .. elapsed(status)
  words[#words + 1] = reason_of(status) and ": " .. reason_of(status)
  out.write(quote.clean(table.concat(words)), "\n")
end

--- Draws the table on a terminal. Elsewhere only changes are printed.
function View:begin()
  if self.live then
    self:draw()
    notice.on_line(function()
      self.live:leave()
    end)
  end
end

--- Shows that a row has changed.
function View:change(row)
  if self.live then
    self:draw()
  elseif self.lines and row.status then
    self:line(row)
  end
end

--- A view of rows `{ job, status, title }`. `rows` may be filled later.
---@param list table[]
---@param parsed table
local function new(list, parsed)
  local screen = terminal.new(parsed)
  local people = (parsed.output or "table") == "table"
  return setmetatable({
    rows = list,
    utc = parsed.utc,
    wide = parsed.wide,
    columns = columns(parsed.utc),
    terminal = screen,
    -- The lines of --debug would scroll the table away.
    live = people and screen.is_terminal and not parsed.debug and Live.new(out.write) or nil,
    lines = people,
  }, view_mt)
end

return { new = new, columns = columns }
