--- What botocore sends and reads, beside what we send and read: see
--- botocore_judge.py and the files beside it.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local process = require "cloudjobs.os"
local snake = require("cloudjobs.model").snake

local TIME = 1795305600 -- 2026-11-22T00:00:00Z, when botocore_requests.py signs
local TOKEN = "3a1ad2f1-0000-4000-8000-000000000000"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret", session_token = "token" }

local NUMBERS = { nan = 0 / 0, inf = math.huge, ["-inf"] = -math.huge }

--- A tagged value of botocore_values.py as a Lua program has it.
local function untagged(value)
  if type(value) ~= "table" then
    return value
  elseif value["$blob"] then
    return core.base64_decode(value["$blob"])
  elseif value["$json"] then
    return value["$json"]
  elseif value["$number"] then
    return NUMBERS[value["$number"]]
  end
  local made = setmetatable({}, getmetatable(value))
  for name, member in pairs(value) do
    made[name] = untagged(member)
  end
  return made
end

--- Starts botocore's part: `read()` decodes its next line, nil at its end; `write(text)` is a line to it.
---@param task table its first line
---@param folder string for the pipe to it, and what it writes
local function start(task, folder)
  local fifo = folder .. "/pipe"
  assert(process.run({ "mkfifo", fifo }).status == 0)
  local child = assert(process.spawn {
    "env", "-i", "PATH=" .. os.getenv "PATH", "HOME=" .. folder, "AWS_EC2_METADATA_DISABLED=true",
    "PYENV_ROOT=" .. (os.getenv "PYENV_ROOT" or os.getenv "HOME" .. "/.pyenv"), "PYTHONDONTWRITEBYTECODE=1",
    "sh", "-c", 'exec python3 spec/support/botocore_judge.py <"$0"', fifo,
  })
  local pipe = assert(io.open(fifo, "w"))
  pipe:setvbuf "line"
  pipe:write(assert(core.json_encode(task)), "\n")
  return {
    read = function()
      local pieces = {}
      repeat
        local line, problem = child:line(60)
        assert(line or problem == "closed" and #pieces == 0, problem)
        pieces[#pieces + 1] = line and line:gsub("\\$", "")
      until not line or line:sub(-1) ~= "\\"
      return pieces[1] and assert(core.json_decode(table.concat(pieces)))
    end,
    write = function(text)
      pipe:write(text, "\n")
    end,
    stop = function()
      pipe:close()
      child:stop()
    end,
  }
end

--- A client of that description, whose requests are kept in its transport.
local function client_of(path)
  local stub = Stub.new(nil, { time = TIME })
  return cloudjobs.aws.client {
    model = path, region = "us-east-1", credentials = KEYS, transport = stub, env = {}, retry = { max_attempts = 1 },
  }, stub
end

-- Of each client or attempt its own, or the transport's to add; 100-continue is libcurl's to ask for.
local UNCOMPARED = {
  ["user-agent"] = true, ["amz-sdk-invocation-id"] = true, ["amz-sdk-request"] = true, ["content-length"] = true,
  expect = true, host = true, -- the URL's
}

local function headers_of(headers)
  local kept = {}
  for name, value in pairs(headers) do
    if not UNCOMPARED[name] then
      kept[name] = value
    end
  end
  return kept
end

local function quoted(value)
  return type(value) == "table" and (core.json_encode(value) or "a table") or ("%q"):format(tostring(value))
end

-- How two tables of texts differ, a line each.
local function differences(mine, theirs, what, list)
  local names = {}
  for _, side in ipairs { mine, theirs } do
    for name in pairs(side) do
      names[name] = true
    end
  end
  for name in pairs(names) do
    if mine[name] ~= theirs[name] then
      list[#list + 1] = ("%s %s: ours %q, botocore's %q"):format(what, name, tostring(mine[name]), tostring(theirs[name]))
    end
  end
end

--- Our request for a case, or why there is none.
---@param client table
---@param stub table its transport
---@param case table
---@return table|nil request
---@return string|nil problem
local function request_of(client, stub, case)
  stub.requests = {}
  local ok, output, err = pcall(function()
    return client[snake(case.operation)](client, untagged(case.params)) -- fails: the stub has no response for it
  end)
  if stub.requests[1] then
    return stub.requests[1]
  end
  return nil, tostring(ok and err or output)
end

-- A URL with its query sorted, as both sign it: a map's entries stand elsewhere in ours.
local function sorted_query(url)
  local path, query = url:match "^([^?]*)%??(.*)$"
  local list = {}
  for pair in query:gmatch "[^&]+" do
    list[#list + 1] = pair
  end
  table.sort(list)
  return path .. "?" .. table.concat(list, "&")
end

--- How our request differs from botocore's: nil where it does not.
---@return string|nil
local function compare_request(mine, theirs)
  local list = {}
  differences(
    { method = mine.method, url = sorted_query(mine.url), body = mine.body or "" },
    { method = theirs.method, url = sorted_query(theirs.url), body = core.base64_decode(theirs.body) }, "its", list
  )
  differences(headers_of(mine.headers), headers_of(theirs.headers), "header", list)
  table.sort(list)
  if #list > 1 and list[1]:find "^header authorization" then
    table.remove(list, 1) -- it follows from the others
  end
  return list[1] and table.concat(list, "\n  ") or nil
end

-- botocore leaves these words of JSON as they are, we make the numbers of them that the specification means.
local WORDS = { NaN = "nan", Infinity = "inf", ["-Infinity"] = "-inf" }

local function is_same(mine, theirs)
  if type(mine) == "number" then
    local text = tostring(mine):gsub("^%-?nan$", "nan")
    return mine == theirs or text == WORDS[theirs] or mine ~= mine and theirs ~= theirs
  end
  return mine == theirs
end

-- Where two values differ first: a path and both, or nil.
local function first_difference(mine, theirs, path)
  if type(mine) ~= "table" or type(theirs) ~= "table" then
    return not is_same(mine, theirs) and ("%s: ours %s, botocore's %s"):format(path, quoted(mine), quoted(theirs)) or nil
  end
  for _, side in ipairs { theirs, mine } do
    for name in pairs(side) do
      local difference = first_difference(mine[name], theirs[name], ("%s.%s"):format(path, tostring(name)))
      if difference then
        return difference
      end
    end
  end
end

--- How our reading of a response differs from botocore's: nil where it does not.
local function compare_response(client, case)
  local response = { status = case.status, headers = case.headers, body = core.base64_decode(case.body) }
  local ok, output, err = pcall(client.decode, client, case.operation, response)
  if not ok then
    return "raises " .. output
  elseif case.output then
    return output and first_difference(output, untagged(case.output), "output") or err and tostring(err)
  elseif not err then
    return "expected an error"
  end
  local fields = {}
  for name in pairs(case.fields) do
    fields[name] = err.fields and err.fields[name]
  end
  return first_difference(
    { code = err.code, message = err.message, request_id = err.request_id, fields = fields },
    { code = case.code, message = case.message, request_id = case.request_id, fields = untagged(case.fields) }, "error")
end

-- What a case of botocore_requests.py comes to: it reads the id of our call.
local function sent(botocore, client, stub, case)
  local mine, why
  if client then
    mine, why = request_of(client, stub, case)
  end
  botocore.write(mine and mine.headers["amz-sdk-invocation-id"] or "none")
  local theirs = assert(botocore.read())
  case.refused = theirs.refused
  return not theirs.refused and (why or client and compare_request(mine, theirs)) or nil
end

--- Compares what both send and read. `each` gets every service, with why we have no client for it, and every case, with
--- how ours differs: nil, or a text; a case has `refused` where botocore refuses it.
---@param task table for botocore_judge.py
---@param folder string for its files
---@param each fun(case: table, difference: string|nil)
local function compare(task, folder, each)
  task.folder = folder
  local botocore = start(task, folder)
  local client, stub
  for case in botocore.read do
    if case.model then
      local ok, made, transport = pcall(client_of, case.model)
      client, stub = ok and made or nil, transport
      each(case, not ok and made or nil)
    elseif not case.reads then
      each(case, sent(botocore, client, stub, case))
    elseif client then
      each(case, not case.refused and compare_response(client, case) or nil)
    end
  end
  botocore.stop()
end

--- Runs `run()` while idempotency tokens are botocore's.
local function with_token(run)
  local uuid = core.uuid
  core.uuid = function()
    return TOKEN
  end
  local ok, message = pcall(run)
  core.uuid = uuid
  assert(ok, message)
end

return { compare = compare, with_token = with_token }
