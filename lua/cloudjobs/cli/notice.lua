--- What is said on standard error while something is shown on standard output. On one terminal it stands below what
--- was shown, so the one that shows must know.

local os_ = require "cloudjobs.os"

local listener

--- Has `listen` called whenever a line came between on the terminal.
---@param listen fun()|nil
local function on_line(listen)
  listener = listen
end

--- Says a line.
local function say(line)
  io.stderr:write("cloudjobs: ", line, "\n")
  if listener and os_.isatty(2) then
    listener()
  end
end

return { say = say, on_line = on_line }
