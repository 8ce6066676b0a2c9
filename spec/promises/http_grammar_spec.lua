local CASES = require "spec.data.http_grammar"
local Curl = require "cloudjobs.transport.curl"
local Server = require "spec.support.server"

-- Where libcurl reads HTTP it decodes chunks by a grammar of its own, and a length that is folded it refuses.
local LIBCURL_DIFFERS = {
  ["a fold before the value"] = true,
  ["an extension of 5000 bytes"] = true,
  ["two sizes"] = true,
  ["a CR within a size line"] = true,
  ["a CR within an extension"] = true,
  ["a control character in an extension"] = true,
  ["a size of 17 digits"] = true, -- by 8.23
  ["a CR in a reason"] = true, -- refused by 8.23
  ["a CR in a value"] = true, -- likewise
}

-- The Lua by which the scripted server sends these bytes and ends.
local function script(bytes)
  local escaped = bytes:gsub("[%c\"\\\127-\255]", function(byte)
    return ("\\%03d"):format(byte:byte())
  end)
  return ('s:write("%s") s:flush() return "close"'):format(escaped)
end

describe("the grammar of responses", function()
  local server

  Server.for_specs(function(started)
    server = started
  end)

  -- The response, or the error's code.
  local function send(options, case)
    local transport = Curl.new(options)
    local response, err = transport:send {
      method = case.method or "GET", url = server:url("/"), headers = { ["x-script"] = script(case[2]) }, timeout = 10,
    }
    local result = response and { response.status, response.headers, response.body } or err.code
    transport:close()
    return result
  end

  for _, case in ipairs(CASES) do
    local title, expected = case[1], case[3]
    -- The script has to fit into a request's head, and the server ends the connection.
    if #case[2] < 20000 and expected ~= "more" then
      if type(expected) == "table" then
        expected = { expected[1], expected[2], expected[3] }
      end

      it("holds on connections of our own for " .. title, function()
        assert.same(expected, send({}, case))
      end)

      if not LIBCURL_DIFFERS[title] then
        it("holds where libcurl reads HTTP for " .. title, function()
          local result = send({ gzip = true }, case)
          if type(expected) == "table" then
            assert.same(expected, result)
          else
            assert.is_string(result)
          end
        end)
      end
    end
  end
end)
