--- What the subcommands print, and the exit statuses that go with it.

local Error = require "cloudjobs.base.error"
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

-- Codes of client errors that other or newer credentials mend.
local CREDENTIALS = {
  ExpiredToken = true, ExpiredTokenException = true, ExpiredAuthenticationToken = true, RequestExpired = true,
  TokenRefreshRequired = true, MissingAuthenticationToken = true, MissingAuthenticationTokenException = true,
}

--- The exit status for an error: failed where a service refused the request for good (a 4xx status, unless it is
--- throttling, 408, or about missing or expired credentials), usage where the parameters are wrong, else unknown, since
--- the same command may succeed later.
---@param err any
---@return integer
local function status_of(err)
  if not Error.is(err) then
    return EXIT.unknown
  elseif err.kind == "validation" then
    return EXIT.usage
  end
  local status = err.kind == "service" and err.status or 0
  local is_refusal = status >= 400 and status < 500 and status ~= 401 and status ~= 408 and status ~= 429
    and not err.throttling and not err.retryable and not CREDENTIALS[err.code]
  return is_refusal and EXIT.failed or EXIT.unknown
end

--- The exit status of several: one that failed outweighs one that is not known.
---@param a integer
---@param b integer
---@return integer
local function worst(a, b)
  if a == EXIT.failed or b == EXIT.failed then
    return EXIT.failed
  end
  return math.max(a, b)
end

--- Reports an error on standard error.
---@param err any
---@param status integer|nil the exit status, else the one for the error
---@return integer status
local function fail(err, status)
  notice.report(err)
  return status or status_of(err)
end

return {
  EXIT = EXIT,
  status_of = status_of,
  worst = worst,
  abort = abort,
  write = write,
  json = print_json,
  fail = fail,
  indent = indent,
}
