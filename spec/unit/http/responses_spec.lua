-- The reader against the grammar that all transports keep to: whole and byte
-- by byte.

local http1 = require "cloudjobs.http.reader"

local CODES = { malformed = "protocol", unsupported = "protocol", too_large = "too_large", closed = "closed" }

-- What the reader makes of a case, in the case table's own form.
local function read(case, step)
  local reader = http1.reader { role = "client" }
  reader:expect(case.method or "GET")
  local bytes = case[2]
  local message, problem
  for at = 1, #bytes, step do
    reader:feed(bytes:sub(at, at + step - 1))
    message, problem = reader:message()
    if message or problem then
      bytes = bytes:sub(at + step)
      break
    end
  end
  if not message and not problem and case.ended then
    reader:feed(nil)
    message, problem = reader:message()
  end
  if problem then
    return CODES[problem.code]
  elseif not message then
    return "more"
  elseif message.type == "closed" then
    return "closed"
  end
  local is_behind = reader:buffered() > 0 or step < #case[2] and bytes ~= ""
  return { message.status, message.headers, message.body, message.keep_alive and not is_behind }
end

describe("a response that is read in Lua:", function()
  for _, case in ipairs(require "spec.data.http_grammar") do
    it(case[1], function()
      assert.same(case[3], read(case, #case[2] + 1))
      if #case[2] < 20000 then
        assert.same(case[3], read(case, 1))
        assert.same(case[3], read(case, 3))
      end
    end)
  end
end)
