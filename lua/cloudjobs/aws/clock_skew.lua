--- The difference between the services' clock and this machine's, measured by the
--- Date of responses. A client signs by the services' clock.

local core = require "cloudjobs.core"

-- Seconds: the smallest difference that can explain an error, the longest round
-- trip that is measured, and the error of measurement.
local SUSPICIOUS = 240
local MAX_ROUND_TRIP = 900
local CHANGED = 2
-- A Date outside of these years, in epoch seconds, is not a clock's.
local FROM, UNTIL = 946684800, 4102444800 -- 2000 and 2100

local Skew = {}
local skew_mt = { __name = "cloudjobs.aws.clock_skew", __index = Skew }

--- Measures by a response; the same Date is measured once. `last_response_at` is
--- when the request of the last response was sent.
---@param headers table<string, string>
---@param sent number when the request was sent, by this machine's clock
---@param transport table read for the time only where it matters
function Skew:observe(headers, sent, transport)
  local date = headers.date
  self.last_response_at = sent
  if not date or date == self.date or headers.age then
    return
  end
  local server, received = core.epoch(date), transport:now()
  if server and server >= FROM and server < UNTIL and received - sent <= MAX_ROUND_TRIP then
    self.date = date
    self.measured = server - (sent + received) / 2
    self.offset = self.corrects and self.measured or 0
  end
end

--- Whether a request signed with `offset` may have failed for its date alone.
---@param err cloudjobs.Error
---@param offset number
---@return boolean
function Skew:explains(err, offset)
  if not self.corrects then
    return false
  elseif err.code == "InvalidSignatureException" and err.message:find("Signature expired", 1, true) then
    return true
  end
  return math.abs(self.offset) >= SUSPICIOUS and math.abs(self.offset - offset) > CHANGED
end

--- What to do about this machine's clock, where it is far off.
---@return string|nil
function Skew:hint()
  local measured = self.measured
  if math.abs(measured) >= SUSPICIOUS then
    return ("This machine's clock is %d s %s the service's: set it"):format(
      math.floor(math.abs(measured) + 0.5), measured > 0 and "behind" or "ahead of"
    )
  end
end

--- `offset` is what to add to this machine's time when signing: 0 where
--- `corrects` is set to false.
local function new()
  return setmetatable({ corrects = true, offset = 0, measured = 0, last_response_at = -math.huge }, skew_mt)
end

return { new = new }
