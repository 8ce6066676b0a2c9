--- Properties of standard output: its width, and whether it shows colours.

local os_ = require "cloudjobs.os"

local SGR = { red = 31, green = 32, yellow = 33, blue = 34, dim = 2, bold = 1 }

-- The colours of states and healths.
local MEANING = {
  succeeded = "green", ok = "green", no_data = "green",
  failed = "red", failing = "red", timed_out = "red",
  running = "blue", queued = "blue",
  cancelled = "yellow", stopped = "yellow", skipped = "yellow", stale = "yellow", unknown = "yellow",
}

local function colored(color, cell)
  local code = SGR[color]
  return code and ("\27[%dm%s\27[0m"):format(code, cell) or cell
end

local function uncolored(_, cell)
  return cell
end

local Terminal = {}
local terminal_mt = { __index = Terminal }

--- Columns and rows, nothing without a terminal. Read at each call, since windows change.
---@return integer|nil columns
---@return integer|nil rows
function Terminal:size()
  if self.is_terminal then
    return os_.terminal_size(1)
  end
end

--- The colour that goes with a state or a health.
---@return string|nil
local function meaning(state)
  return MEANING[state]
end

--- Standard output. Colours are for terminals, without NO_COLOR and `--no-color`.
---@param parsed { no_color: boolean|nil }
local function new(parsed)
  local is_terminal = os_.isatty(1)
  local no_color = os.getenv("NO_COLOR")
  local wanted = is_terminal and not parsed.no_color and (no_color == nil or no_color == "")
    and os.getenv("TERM") ~= "dumb"
  return setmetatable({ is_terminal = is_terminal, paint = wanted and colored or uncolored }, terminal_mt)
end

return { new = new, meaning = meaning }
