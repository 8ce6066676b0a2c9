local blobs = require "spec.support.blobs"

local SAS = "sv=2021-12-02&sp=rl&se=2030-01-01T00%3A00%3A00Z&sig=hushhush%2Fhush%2Bhush%3D"

local function client(answers, options)
  options = options or {}
  options.credentials, options.sas = false, options.sas or SAS
  return blobs.client(answers, options)
end

describe("a shared access signature", function()
  it("signs each attempt in place of a token", function()
    local lake, stub = client { { status = 503 }, { body = "x" } }
    assert(lake:get { container = "costs", blob = "a" })
    for i = 1, 2 do
      assert.equal("https://lakecosts01.blob.core.windows.net/costs/a?" .. SAS, stub.requests[i].url)
      assert.is_nil(stub.requests[i].headers.authorization)
    end
    lake, stub = client({ { body = blobs.page {} } }, { sas = "?" .. SAS })
    assert(lake:list { container = "costs" })
    assert.matches("include=metadata&" .. SAS, stub.requests[1].url, 1, true)
  end)

  it("is in no event, error and text", function()
    local texts = {}
    local lake = client({
      blobs.failure(403, "AuthenticationFailed", "Signature did not match: hushhush/hush+hush= hushhush%2Fhush%2Bhush%3D"),
      { status = 200, body = "no listing" },
    }, { logger = function(event)
      texts[#texts + 1] = assert(require("cloudjobs").json.encode(event))
    end })
    for _ = 1, 2 do
      texts[#texts + 1] = tostring(select(2, lake:list { container = "costs" }))
    end
    texts[#texts + 1] = tostring(lake)
    texts[#texts + 1] = tostring(lake._context.credentials) .. tostring(lake._context.credentials:get())
    texts[#texts + 1] = lake:request("get", { container = "costs", blob = "a" }).url
    assert.truthy(#texts > 8)
    for _, text in ipairs(texts) do
      assert.is_nil(text:find("hush", 1, true), text)
    end
  end)

  it("leaves this machine over https alone", function()
    local lake, stub = client({}, { account = false, endpoint = "http://localhost:10000/lake" })
    local _, err = lake:get { container = "costs", blob = "a" }
    assert.equal("insecure", err.code)
    assert.equal(0, #stub.requests)
    lake = client({ { body = "x" } }, { account = false, endpoint = "http://127.0.0.1:10000/lake" })
    assert(lake:get { container = "costs", blob = "a" })
  end)

  it("is refused where it is none, without being shown", function()
    for _, text in ipairs { "", "sv=1", "https://lake.blob.core.windows.net/?sig=hush", "sig=hush\r\nx: y", "sig=hush#" } do
      local ok, message = pcall(client, {}, { sas = text })
      assert.is_false(ok)
      assert.matches("option sas: expected the query of a shared access signature", message, 1, true)
      assert.is_nil(message:find("hush", 1, true))
    end
  end)
end)
