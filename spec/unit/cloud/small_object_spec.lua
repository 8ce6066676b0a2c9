local Error = require "cloudjobs.base.error"
local SmallObject = require "cloudjobs.cloud.small_object"
local blobs = require "spec.support.blobs"

-- What is read of 5 bytes, over a transport that can stream or not.
local function read(streams, options)
  local answer = { body = "12345", headers = { etag = '"1"' } }
  local client, stub = blobs.client { answer }
  stub.honours = { streams = streams }
  local given
  local output, body = SmallObject.read(client, "a", options, function(call_options)
    given = call_options
    return client:get({ container = "c", blob = "a" }, call_options)
  end, "body")
  return output and body, not output and body or nil, given
end

for _, streams in ipairs { true, false } do
  describe(("a small object, over a transport that can%s stream"):format(streams and "" or "not"), function()
    it("is read whole", function()
      assert.equal("12345", (read(streams)))
      assert.equal("12345", (read(streams, { max = 5 })))
    end)

    it("is refused where it is larger than it may be", function()
      local body, err = read(streams, { max = 4 })
      assert.is_nil(body)
      assert.equal('too_large: "a": expected an object of at most 4 bytes', tostring(err))
    end)

    it("is read within the limits of time", function()
      local _, _, given = read(streams, { max = 9, timeout = 7 })
      assert.equal(7, given.timeout)
      assert.equal(streams, given.sink ~= nil)
    end)
  end)
end

describe("a small object that cannot be read", function()
  it("is the error of the call", function()
    local failure = Error.new { kind = "service", code = "BlobNotFound", message = "" }
    local output, err = SmallObject.read(blobs.client(), "a", nil, function()
      return nil, failure
    end, "body")
    assert.is_nil(output)
    assert.equal(failure, err)
  end)
end)
