--- Times two functions in turn, so that a machine that slows down slows both,
--- and prints one line: `<name>  <ops/s>/s  <ratio> x  <limit's name>`.

local ROUNDS = 15
local ROUND = 0.06 -- seconds of CPU time

-- How many calls of f take about a round.
local function calibrate(f)
  local n = 1
  while true do
    local started = os.clock()
    for _ = 1, n do
      f()
    end
    local took = os.clock() - started
    if took >= ROUND / 4 then
      return math.max(1, math.floor(n * ROUND / took))
    end
    n = n * 2
  end
end

-- Calls of f in a second of CPU time. A limit written in C may time itself:
-- then f takes n and gives its own rate.
local function rate(f, n, itself)
  if itself then
    return f(n)
  end
  collectgarbage()
  local started = os.clock()
  for _ = 1, n do
    f()
  end
  return n / (os.clock() - started)
end

local function median(list)
  table.sort(list)
  return list[math.floor(#list / 2) + 1]
end

local Bench = {}

--- Prints a measured line.
---@param name string
---@param per_second number
---@param ratio number
---@param what string the limit's name
function Bench.report(name, per_second, ratio, what)
  print(("%-18s %12.0f/s  %5.2f x  %s"):format(name, per_second, ratio, what))
end

--- Measures `f` beside `limit` and prints the median of both.
---@param name string
---@param f fun()
---@param limit fun() what `f` is measured against
---@param what string the limit's name
---@param options { itself: boolean|nil, calls: integer|nil }|nil
--- itself: `limit(n)` makes n calls and returns its own rate
function Bench.compare(name, f, limit, what, options)
  local itself = options and options.itself
  local calls = calibrate(f)
  local limit_calls = itself and (options.calls or calls) or calibrate(limit)
  local rates, ratios = {}, {}
  for round = 1, ROUNDS do
    rates[round] = rate(f, calls)
    ratios[round] = rates[round] / rate(limit, limit_calls, itself)
  end
  Bench.report(name, median(rates), median(ratios), what)
end

--- The same for two functions that each return their own rate, as what waits
--- for a server must: its time is not its CPU time.
---@param name string
---@param f fun(): number
---@param limit fun(): number
---@param what string
function Bench.race(name, f, limit, what)
  local rates, ratios = {}, {}
  for round = 1, ROUNDS do
    rates[round] = f()
    ratios[round] = rates[round] / limit()
  end
  Bench.report(name, median(rates), median(ratios), what)
end

return Bench
