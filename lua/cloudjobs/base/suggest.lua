--- "Did you mean": the nearest of some names to a mistyped one.

local ascii = require "cloudjobs.base.ascii"

local MAX_LENGTH = 128 -- of names that are compared: the time is that of both lengths multiplied

-- Levenshtein's distance, in one row.
local function distance(a, b)
  local row = {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(above + 1, row[j - 1] + 1, diagonal + cost)
      diagonal = above
    end
  end
  return row[#b]
end

-- How far a name may be: of a word of three letters two others make any other word.
local function reach(word)
  return #word < 4 and math.min(1, #word - 1) or math.max(2, math.floor(#word / 3))
end

--- `" (did you mean X?)"`, or an empty string when nothing is near.
---@param word string
---@param names string[]
---@return string
local function suggest(word, names)
  local best, best_distance = nil, reach(word) + 1
  for _, name in ipairs(#word <= MAX_LENGTH and names or {}) do
    local d = #name <= MAX_LENGTH and distance(ascii.lower(word), ascii.lower(name)) or math.huge
    if d < best_distance or (d == best_distance and best and name < best) then
      best, best_distance = name, d
    end
  end
  return best and (" (did you mean %s?)"):format(best) or ""
end

return suggest
