--- What the subcommands print, and the exit statuses that go with it.

local json = require "cloudjobs.json"

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

--- Prints `value` as indented JSON.
---@return integer status
local function print_json(value)
  io.stdout:write(indent(assert(json.encode(value))), "\n")
  return 0
end

--- Says on standard error what went wrong.
---@return integer status
local function fail(err)
  io.stderr:write("cloudjobs: ", tostring(err), "\n")
  return 1
end

return { json = print_json, fail = fail, indent = indent }
