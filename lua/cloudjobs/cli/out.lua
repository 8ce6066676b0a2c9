--- What the subcommands print, and the exit statuses that go with it.

local json = require "cloudjobs.base.json"

local EXIT = {
  succeeded = 0,
  failed = 1, -- a job, or the one call that was asked for
  unknown = 2, -- nobody could tell
  usage = 64, -- the command was used wrongly, as in sysexits.h
}

-- Compact JSON, one member a line. Strings are passed over whole: they may hold any of these bytes.
local function indent(text)
  local depth, parts, at = 0, {}, 1
  local function line()
    parts[#parts + 1] = "\n" .. ("  "):rep(depth)
  end
  while at <= #text do
    local plain, mark, after = text:match('^([^"{}%[%],:]*)(["{}%[%],:])()', at)
    if not plain then
      parts[#parts + 1] = text:sub(at)
      break
    end
    parts[#parts + 1] = plain
    if mark == '"' then
      local stop = after
      while text:sub(stop, stop) ~= '"' do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
      end
      parts[#parts + 1] = text:sub(after - 1, stop)
      after = stop + 1
    elseif text:find("^[{%[][}%]]", after - 1) then
      parts[#parts + 1] = text:sub(after - 1, after)
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

-- As if the signal had come that a closed pipe sends, where nobody ignores it.
local EX_PIPE = 141
local EX_IOERR = 74

--- Writes to standard output. Where nobody reads any more the program ends, quietly.
local function write(...)
  local ok, message = io.stdout:write(...)
  if ok then
    ok, message = io.stdout:flush()
  end
  if not ok then
    if message:find("Broken pipe", 1, true) then
      os.exit(EX_PIPE, true)
    end
    io.stderr:write("cloudjobs: standard output: ", message, "\n")
    os.exit(EX_IOERR, true)
  end
end

--- Prints `value` as indented JSON.
---@return integer status
local function print_json(value)
  write(indent(assert(json.encode(value))), "\n")
  return EXIT.succeeded
end

--- Says on standard error what went wrong.
---@param err any
---@param status integer|nil the exit status, "could not tell" unless given
---@return integer status
local function fail(err, status)
  io.stderr:write("cloudjobs: ", tostring(err), "\n")
  return status or EXIT.unknown
end

return { EXIT = EXIT, write = write, json = print_json, fail = fail, indent = indent }
