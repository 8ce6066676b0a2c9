--- Light threads in virtual time: what cloudjobs.parallel does, on a stub's clock.

-- Who wakes first; of several at once, who was there first.
local function is_before(a, b)
  return a.wake < b.wake or (a.wake == b.wake and a.place < b.place)
end

-- A heap, since thousands wait.
local function push(heap, item)
  local i = #heap + 1
  while i > 1 do
    local parent = math.floor(i / 2)
    if not is_before(item, heap[parent]) then
      break
    end
    heap[i], i = heap[parent], parent
  end
  heap[i] = item
end

local function pop(heap)
  local first, last = heap[1], table.remove(heap)
  if #heap == 0 then
    return first
  end
  local i = 1
  while true do
    local child = 2 * i
    if child < #heap and is_before(heap[child + 1], heap[child]) then
      child = child + 1
    end
    if child > #heap or not is_before(heap[child], last) then
      break
    end
    heap[i], i = heap[child], child
  end
  heap[i] = last
  return first
end

local function outcome(ok, value, err)
  if not ok then
    return { ok = false, err = value }
  elseif value == nil and err ~= nil then
    return { ok = false, err = err }
  end
  return { ok = true, value = value }
end

--- A `parallel` for functions whose clients share `stub`. A sleep in one of
--- them lets the others go on; the clock jumps to whoever wakes first.
local function new(stub)
  local ours = setmetatable({}, { __mode = "k" })
  local sleep = stub.sleep

  function stub:sleep(seconds)
    local thread = coroutine.running()
    if thread and ours[thread] then
      self.slept[#self.slept + 1] = seconds
      coroutine.yield(self.time + seconds)
      return true
    end
    return sleep(self, seconds)
  end

  return function(functions)
    local results, waiting = { n = #functions }, {}
    for i, f in ipairs(functions) do
      local thread = coroutine.create(f)
      ours[thread] = true
      push(waiting, { thread = thread, wake = stub.time, place = i })
    end
    local function step(task, ok, value, err)
      if coroutine.status(task.thread) == "dead" then
        results[task.place] = outcome(ok, value, err)
      else
        task.wake = value
        push(waiting, task)
      end
    end
    while #waiting > 0 do
      local task = pop(waiting)
      stub.time = task.wake
      step(task, coroutine.resume(task.thread))
    end
    return results
  end
end

return { new = new }
