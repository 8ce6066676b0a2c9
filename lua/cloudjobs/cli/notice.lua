--- Lines on standard error. On one terminal they stand below what is shown on standard output, which then has to be
--- drawn anew.

local os_ = require "cloudjobs.os"
local quote = require "cloudjobs.base.quote"

local listener

--- Has `listen` called whenever a line was written to the terminal.
---@param listen fun()|nil
local function on_line(listen)
  listener = listen
end

--- Writes one line; control characters in it are replaced.
---@param words any
local function line(words)
  io.stderr:write(quote.clean(tostring(words)) .. "\n")
  if listener and os_.isatty(2) then
    listener()
  end
end

--- The same with the program's name.
---@param words any
local function report(words)
  line("cloudjobs: " .. tostring(words))
end

return { line = line, report = report, on_line = on_line }
