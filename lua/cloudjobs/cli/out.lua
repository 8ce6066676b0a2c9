--- What the subcommands print, and the exit statuses that go with it.

local json = require "cloudjobs.base.json"
local notice = require "cloudjobs.cli.notice"
local text = require "cloudjobs.cli.text"

local EXIT = {
  succeeded = 0,
  failed = 1, -- a job, or the one call that was asked for
  unknown = 2, -- the outcome is not known
  usage = 64, -- the command was used wrongly, as in sysexits.h
}

-- Compact JSON, one member a line. Strings are passed over whole: they may hold any of these bytes.
local function indent(compact)
  local depth, parts, at = 0, {}, 1
  local function line()
    parts[#parts + 1] = "\n" .. ("  "):rep(depth)
  end
  while at <= #compact do
    local plain, mark, after = compact:match('^([^"{}%[%],:]*)(["{}%[%],:])()', at)
    if not plain then
      parts[#parts + 1] = compact:sub(at)
      break
    end
    parts[#parts + 1] = plain
    if mark == '"' then
      local stop = after
      while compact:sub(stop, stop) ~= '"' do
        stop = stop + (compact:sub(stop, stop) == "\\" and 2 or 1)
      end
      parts[#parts + 1] = compact:sub(after - 1, stop)
      after = stop + 1
    elseif compact:find("^[{%[][}%]]", after - 1) then
      parts[#parts + 1] = compact:sub(after - 1, after)
      after = after + 1
    elseif mark == "{" or mark == "[" then
      depth = depth + 1
      parts[#parts + 1] = mark
      line()
    elseif mark == "}" or mark == "]" then
      depth = depth - 1
      line()
      parts[#parts + 1] = mark
    else
      parts[#parts + 1] = mark == ":" and ": " or mark
      if mark == "," then
        line()
      end
    end
    at = after
  end
  return table.concat(parts)
end

-- The status of a process that SIGPIPE ended.
local EX_PIPE = 141
local EX_IOERR = 74

--- Ends the program after a write to standard output that failed: quietly when the reader has gone.
---@param message string
local function abort(message)
  if message:find("Broken pipe", 1, true) then
    os.exit(EX_PIPE, true)
  end
  notice.report("standard output: " .. message)
  os.exit(EX_IOERR, true)
end

--- Writes to standard output, or ends the program.
local function write(...)
  local ok, message = io.stdout:write(...)
  if ok then
    ok, message = io.stdout:flush()
  end
  if not ok then
    abort(message)
  end
end

-- Characters that JSON allows in strings and that change what a terminal shows: DEL, the controls of C1, line and
-- paragraph separators, and what turns the direction of a line.
local CONTROLS = { "\127", "\194[\128-\159]", "\226\128[\168-\174]", "\226\129[\166-\169]" }

local function escape(char)
  return ("\\u%04x"):format(text.code_point(char))
end

--- Prints `value` as indented JSON.
---@return integer status
local function print_json(value)
  local encoded = assert(json.encode(value))
  for _, pattern in ipairs(CONTROLS) do
    encoded = encoded:gsub(pattern, escape)
  end
  write(indent(encoded), "\n")
  return EXIT.succeeded
end

--- Reports an error on standard error.
---@param err any
---@param status integer|nil the exit status, `unknown` unless given
---@return integer status
local function fail(err, status)
  notice.report(err)
  return status or EXIT.unknown
end

return { EXIT = EXIT, abort = abort, write = write, json = print_json, fail = fail, indent = indent }
