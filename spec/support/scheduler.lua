--- Light threads in virtual time: what cloudjobs.parallel does, on a stub's clock.

--- A `parallel` for functions whose clients share `stub`. A sleep in one of
--- them lets the others go on; the clock jumps to whoever wakes first.
local function new(stub)
  local ours = {}
  local sleep = stub.sleep

  function stub:sleep(seconds)
    local thread = coroutine.running()
    if thread and ours[thread] then
      self.slept[#self.slept + 1] = seconds
      coroutine.yield(self.time + seconds)
    else
      sleep(self, seconds)
    end
  end

  return function(functions)
    local results, waiting = { n = #functions }, {}
    for i, f in ipairs(functions) do
      local thread = coroutine.create(f)
      ours[thread] = true
      waiting[i] = { thread = thread, wake = stub.time, place = i }
    end
    while #waiting > 0 do
      table.sort(waiting, function(a, b)
        if a.wake ~= b.wake then
          return a.wake < b.wake
        end
        return a.place < b.place
      end)
      local next_up = table.remove(waiting, 1)
      stub.time = next_up.wake
      local answer = { coroutine.resume(next_up.thread) }
      if coroutine.status(next_up.thread) ~= "dead" then
        next_up.wake = answer[2]
        waiting[#waiting + 1] = next_up
      elseif answer[1] and answer[2] == nil and answer[3] ~= nil then
        results[next_up.place] = { ok = false, err = answer[3] }
      elseif answer[1] then
        results[next_up.place] = { ok = true, value = answer[2] }
      else
        results[next_up.place] = { ok = false, err = answer[2] }
      end
    end
    return results
  end
end

return { new = new }
