local Cache = require "cloudjobs.aws.credentials.cache"
local Error = require "cloudjobs.base.error"
local Identity = require "cloudjobs.aws.credentials.identity"
local Stub = require "cloudjobs.stub"

local START = 1767225600

-- A cache over a provider that gives AKID1, AKID2, … with these seconds to live; false fails.
local function new(lives)
  local stub = Stub.new({}, { time = START })
  local provider = { asked = 0 }
  function provider:get()
    self.asked = self.asked + 1
    local life = lives[self.asked]
    if not life then
      return nil, Error.new { kind = "credentials", code = "down", message = "the source is down" }
    end
    return Identity.new {
      access_key_id = "AKID" .. self.asked, secret_access_key = "hush", source = "spec",
      expiration = life ~= math.huge and stub.time + life or nil,
    }
  end
  return Cache.new(provider, stub), provider, stub
end

local function id(cache)
  local identity, err = cache:get()
  return identity and identity.access_key_id or err.message
end

describe("kept credentials", function()
  it("are asked for once while they live, and are one frozen table", function()
    local cache, provider, stub = new { 3600 }
    assert.equal(0, provider.asked)
    local first = cache:get()
    stub.time = START + 3600 - 15 * 60 - 1
    assert.equal(first, cache:get())
    assert.equal(1, provider.asked)
  end)

  it("that are refused before others are fetched are asked for anew", function()
    local cache, _, stub = new { 3600, 3600 }
    local first = cache:get()
    stub.time = START + 3600 - 60
    function stub.single(_, _, f)
      cache:expire(first) -- a call that was on its way came back
      return f()
    end
    assert.equal("AKID2", id(cache))
  end)

  it("without an end are asked for once", function()
    local cache, provider, stub = new { math.huge }
    cache:get()
    stub.time = START + 1e9
    cache:get()
    assert.equal(1, provider.asked)
  end)

  it("are renewed from 15 minutes before the end; the old table does not change", function()
    local cache, _, stub = new { 3600, 3600 }
    local first = cache:get()
    stub.time = START + 3600 - 15 * 60
    assert.equal("AKID2", id(cache))
    assert.equal("AKID1", first.access_key_id)
  end)

  it("go on while a renewal fails in good time, which is tried again after a minute", function()
    local cache, provider, stub = new { 3600, false, false, 3600 }
    cache:get()
    stub.time = START + 2701
    assert.equal("AKID1", id(cache))
    assert.equal("AKID1", id(cache))
    assert.equal(2, provider.asked)
    stub.time = stub.time + 60
    assert.equal("AKID1", id(cache))
    assert.equal(3, provider.asked)
    stub.time = stub.time + 60
    assert.equal("AKID4", id(cache))
  end)

  it("are an error when a renewal fails in the last 10 minutes", function()
    local cache, _, stub = new { 3600, false, 3600 }
    cache:get()
    stub.time = START + 3600 - 10 * 60
    assert.equal("the source is down", id(cache))
    assert.equal("AKID3", id(cache))
  end)

  it("that live shorter than the windows are kept for half of their life", function()
    local cache, provider, stub = new { 300, 300 }
    cache:get()
    stub.time = START + 149
    assert.equal("AKID1", id(cache))
    assert.equal(1, provider.asked)
    stub.time = START + 150
    assert.equal("AKID2", id(cache))
  end)

  it("that have expired already are an error that names the clock", function()
    local cache = new { -1 }
    local identity, err = cache:get()
    assert.is_nil(identity)
    assert.equal("credentials", err.kind)
    assert.equal("the keys from spec expired at 2025-12-31T23:59:59Z", err.message)
    assert.matches("check this machine's clock", err.hint, 1, true)
  end)

  it("are dropped when a service calls them expired", function()
    local cache, provider = new { 3600, 3600 }
    local first = cache:get()
    cache:expire(first)
    assert.equal("AKID2", id(cache))
    cache:expire(first)
    assert.equal("AKID2", id(cache))
    assert.equal(2, provider.asked)
  end)

  it("are asked for once for all who wait", function()
    local cache, provider, stub = new { 3600 }
    local answer
    -- The first one's question takes a while; the others wait for its answer.
    function stub:single(key, f) -- luacheck: ignore 212
      if not self.key then
        self.key = key
        coroutine.yield()
        answer = { f() }
      end
      assert.equal(self.key, key)
      while not answer do
        coroutine.yield()
      end
      return answer[1], answer[2]
    end
    local threads, identities = {}, {}
    for i = 1, 50 do
      threads[i] = coroutine.create(function()
        identities[i] = cache:get()
      end)
      assert(coroutine.resume(threads[i]))
    end
    for i = 1, 50 do
      assert(coroutine.resume(threads[i]))
    end
    assert.equal(1, provider.asked)
    assert.equal(50, #identities)
    assert.equal(identities[1], identities[50])
  end)

  it("that cannot be had are an error of its own for each who waits", function()
    local cache, provider = new {}
    local shared = Error.new { kind = "credentials", code = "down", message = "the source is down" }
    function provider.get()
      return nil, shared
    end
    local _, one = cache:get()
    one.operation = "ListExports"
    local _, other = cache:get()
    assert.is_nil(other.operation)
    assert.equal(tostring(shared), tostring(other))
  end)

  it("that another waiter renewed meanwhile are not renewed again", function()
    local cache, provider, stub = new { 3600, 3600, 3600 }
    cache:get()
    stub.time = START + 3100
    local single = stub.single
    function stub.single(_, key, f)
      stub.single = single
      cache:get() -- another one comes first
      return f(key)
    end
    assert.equal("AKID2", id(cache))
    assert.equal(2, provider.asked)
  end)
end)
