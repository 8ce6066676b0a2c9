--- The windows of days that deliveries cover. Runs of one window repeat its days, and so do windows that overlap, such
--- as those of an export that covers the month to date: adding them up would count days twice.

local Windows = {}
local windows_mt = { __name = "cloudjobs.azure.windows", __index = Windows }

local function key_of(window)
  return (window.first or window.period) .. ".." .. (window.last or "")
end

--- Adds a delivery. Those of one window come newest first; the newest complete one is kept, else the newest.
---@param delivery cloudjobs.Delivery
---@param window cloudjobs.azure.Window
---@param time number
function Windows:add(delivery, window, time)
  local key = key_of(window)
  local entry = self._by_key[key]
  if not entry then
    entry = { delivery = delivery, window = window, time = time }
    self._by_key[key] = entry
    self._entries[#self._entries + 1] = entry
  elseif delivery.complete and not entry.delivery.complete then
    entry.delivery, entry.time = delivery, time
  end
end

-- The days of a window as text that can be compared; one without days is its whole month.
local function first_of(window)
  return window.first or window.period .. "-01"
end

local function last_of(window)
  return window.last or window.period .. "-31"
end

--- Whether complete deliveries have all days of a window already.
---@param window cloudjobs.azure.Window|nil
function Windows:covers(window)
  for _, entry in ipairs(window and self._entries or {}) do
    if entry.delivery.complete and first_of(entry.window) <= first_of(window)
      and last_of(entry.window) >= last_of(window) then
      return true
    end
  end
  return false
end

local function overlap(a, b)
  return first_of(a) <= last_of(b) and first_of(b) <= last_of(a)
end

-- The number of days, roughly: enough to tell which of two windows is the longer one.
local function length(window)
  local function days(text)
    local year, month, day = text:match("^(%d+)-(%d+)-(%d+)$")
    return year * 372 + month * 31 + day
  end
  return days(last_of(window)) - days(first_of(window))
end

-- Complete ones first, then those that cover more days, then the newer ones.
local function is_better(a, b)
  if a.delivery.complete ~= b.delivery.complete then
    return a.delivery.complete
  end
  local one, other = length(a.window), length(b.window)
  if one ~= other then
    return one > other
  elseif a.time ~= b.time then
    return a.time > b.time
  end
  return key_of(a.window) < key_of(b.window)
end

--- The deliveries whose windows do not overlap, oldest first.
---@param only_last boolean only those of the newest period
---@return cloudjobs.Delivery[]
function Windows:deliveries(only_last)
  table.sort(self._entries, is_better)
  local chosen = {}
  for _, entry in ipairs(self._entries) do
    local is_free = true
    for _, other in ipairs(chosen) do
      is_free = is_free and not overlap(entry.window, other.window)
    end
    chosen[#chosen + 1] = is_free and entry or nil
  end
  table.sort(chosen, function(a, b)
    return key_of(a.window) < key_of(b.window)
  end)
  local list, newest = {}, chosen[#chosen]
  for _, entry in ipairs(chosen) do
    if not only_last or entry.delivery.period == newest.delivery.period then
      list[#list + 1] = entry.delivery
    end
  end
  return list
end

local function new()
  return setmetatable({ _entries = {}, _by_key = {} }, windows_mt)
end

return { new = new }
