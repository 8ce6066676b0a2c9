--- The client's side of spec/data/stream_faults.lua, on any transport. Runs inside nginx, too, so it requires nothing.

local SIZE = 400000

local function thing()
  local parts = {}
  for i = 1, SIZE / 8 do
    parts[i] = ("%07d\n"):format(i)
  end
  return table.concat(parts)
end

local THING = thing()

-- A sink that knows at which byte it is, and whether any came twice or is another's.
local function new_sink(rewinds)
  local sink = { size = 0 }
  function sink.write(_, bytes)
    if bytes ~= THING:sub(sink.size + 1, sink.size + #bytes) then
      sink.is_wrong = true
    end
    sink.size = sink.size + #bytes
  end
  if rewinds then
    function sink.rewind()
      sink.size = 0
    end
  end
  return sink
end

local function new_reader(once)
  local at = 0
  return {
    length = SIZE,
    read = function()
      at = at + 10000
      local piece = THING:sub(at - 9999, at)
      return piece ~= "" and piece or nil
    end,
    rewind = not once and function()
      at = 0
    end or nil,
  }
end

--- Meets the fault of one case; gives "whole", "wrong" or the error's code, and what two further calls got.
---@param new fun(timeout: number): table a client of spec/support/store.lua
---@param case table of spec/data/stream_faults.lua, with a key of its own
---@return { fault: string, first: string, second: string, elapsed: number, size: number|nil }
local function meet(new, case)
  local client, seen = new(case.timeout or 10), {}
  local clock = client:transport()
  local started = clock:clock()
  local output, err, sink
  if case.upload then
    output, err = client[case.operation or "put_thing"](client,
      { Key = case.key, Script = case.script, Body = new_reader(case.once) })
    seen.fault = output and (output.Got == "400000" and "whole" or "wrong")
  else
    sink = new_sink(case.sink)
    output, err = client[case.operation or "get_thing"](client, { Key = case.key, Script = case.script }, { sink = sink })
    seen.size = sink.size
    seen.fault = sink.is_wrong and "wrong" or output and (sink.size == SIZE and "whole" or "wrong")
  end
  seen.fault = seen.fault or ("%s"):format(err.code)
  seen.elapsed = clock:clock() - started
  client = new(10)
  for _, name in ipairs { "first", "second" } do
    local own = client:list_things { Script = ("answer('{\"Got\":\"%s%s\"}')"):format(case.key, name) }
    seen[name] = own and own.Got == case.key .. name and "own" or "another"
  end
  return seen
end

return { meet = meet }
