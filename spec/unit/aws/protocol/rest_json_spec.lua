local Model = require "cloudjobs.model"
local rest = require "cloudjobs.aws.protocol.rest_json"

local model = Model.new {
  service = { id = "Things", protocol = "rest-json", signing = "things", endpoint = "things" },
  operations = {
    GetThing = "GET /things/{ThingId}/{Path+}?kind=x GetThingRequest -> Thing readonly",
    PutThing = "PUT /things/{ThingId} PutThingRequest -> PutThingResponse",
    PutBlob = "POST /blobs PutBlobRequest -> Blob",
    PutDocument = "POST /documents PutDocumentRequest -> -",
    SwapThing = "POST /swap SwapThingRequest -> SwapThingResponse",
    Ping = "POST /ping - -> -",
  },
  errors = { Gone = "status=410" },
  shapes = {
    GetThingRequest = [[
      ThingId string required in=uri
      Path string required in=uri
      After time.iso in=query as=after
      Labels string[] in=query as=label
      Extra string{} in=query
      Limit integer in=query as=max
      Full boolean in=query as=full
      Since time.http in=header as=If-Modified-Since
      Tags string[] in=header as=X-Tags
      Meta string{} in=headers as=X-Meta-
    ]],
    Thing = [[
      Name string
      Size long in=header as=X-Size
      Changed time.http in=header as=Last-Modified
      Old boolean in=header as=X-Old
      Tags string[] in=header as=X-Tags
      Meta string{} in=headers as=X-Meta-
      Status integer in=status
    ]],
    PutThingRequest = [[
      ThingId string required in=uri
      Name string required
      Token string idempotency in=header as=X-Token
    ]],
    PutThingResponse = [[
      Version string in=header as=X-Version
    ]],
    PutBlobRequest = [[
      Data blob in=body
      Kind string in=header as=Content-Kind
    ]],
    Blob = [[
      Data blob in=body
    ]],
    PutDocumentRequest = [[
      Document document in=body
    ]],
    SwapThingRequest = [[
      Thing Inner required in=body
      Kind string in=query as=kind
    ]],
    SwapThingResponse = [[
      Thing Inner in=body
      Version string in=header as=X-Version
    ]],
    Inner = [[
      Name string required
      At time
    ]],
    Gone = [[
      message string
      Since string
    ]],
  },
}

local function encode(name, params)
  return rest.encode(model:operation(name), params, {})
end

local function decode(name, status, headers, body)
  return rest.decode(model:operation(name), { status = status, headers = headers, body = body })
end

describe("a REST request", function()
  it("fills labels, query and headers, and has no body when no member is for it", function()
    assert.same({
      method = "GET",
      path = "/things/a%2Fb%20c/x/y%3Az",
      query = "kind=x&after=2026-01-01T00%3A00%3A00Z&label=one%26two&label=three&max=5&full=true&%24x=1",
      headers = {
        ["if-modified-since"] = "Thu, 01 Jan 2026 00:00:00 GMT",
        ["x-tags"] = 'plain,"with, comma"',
        ["x-meta-owner"] = "me",
      },
    }, encode("get_thing", {
      ThingId = "a/b c",
      Path = "x/y:z",
      After = 1767225600,
      Labels = { "one&two", "three" },
      Extra = { ["$x"] = "1" },
      Limit = 5,
      Full = true,
      Since = 1767225600,
      Tags = { "plain", "with, comma" },
      Meta = { Owner = "me" },
    }))
  end)

  it("writes the other members as JSON and makes up an idempotency token", function()
    local request = encode("put_thing", { ThingId = "a", Name = "n" })
    assert.equal('{"Name":"n"}', request.body)
    assert.equal("application/json", request.headers["content-type"])
    assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", request.headers["x-token"])
  end)

  it("sends a payload as it is", function()
    assert.same({
      method = "POST", path = "/blobs", body = "\0raw\255",
      headers = { ["content-type"] = "application/octet-stream", ["content-kind"] = "k" },
    }, encode("put_blob", { Data = "\0raw\255", Kind = "k" }))
    assert.equal('{"a":[1]}', encode("put_document", { Document = { a = { 1 } } }).body)
    assert.is_nil(encode("put_document").body)
  end)

  it("sends a structure for a payload as the whole body, checked", function()
    local request = encode("swap_thing", { Thing = { Name = "n", At = 5 }, Kind = "k" })
    assert.same({ '{"Name":"n","At":5}', "kind=k" }, { request.body, request.query })
    local _, err = encode("swap_thing", { Thing = { Nam = "n" } })
    assert.same({ "Thing.Name", "Thing.Nam" }, { err.problems[1].path, err.problems[2].path })
  end)

  it("has neither body nor query where there is no input", function()
    assert.same({ method = "POST", path = "/ping", headers = {} }, encode("ping"))
  end)

  local wrong = {
    { "an empty label", { ThingId = "", Path = "x" }, "ThingId" },
    { "a label that climbs", { ThingId = "..", Path = "x" }, "ThingId" },
    { "a line break in a header", { ThingId = "a", Path = "x", Meta = { Owner = "a\r\nX: y" } }, "Meta" },
    { "a missing label", { ThingId = "a" }, "Path" },
    { "an unknown member", { ThingId = "a", Path = "x", Pat = "y" }, "Pat" },
  }
  for _, case in ipairs(wrong) do
    it("refuses " .. case[1], function()
      local request, err = encode("get_thing", case[2])
      assert.is_nil(request)
      assert.equal("validation", err.kind)
      assert.equal(case[3], err.problems[1].path)
    end)
  end
end)

describe("a REST answer", function()
  it("is put together from status, headers and body", function()
    assert.same({
      Name = "n",
      Size = 7,
      Changed = 1767225600,
      Old = true,
      Tags = { "a", "b" },
      Meta = { owner = "me" },
      Status = 203,
    }, decode("get_thing", 203, {
      ["x-size"] = "7",
      ["last-modified"] = "Thu, 01 Jan 2026 00:00:00 GMT",
      ["x-old"] = "true",
      ["x-tags"] = "a, b",
      ["x-meta-owner"] = "me",
    }, '{"Name":"n"}'))
  end)

  it("has the false of a header, and lists with commas in their elements", function()
    local thing = decode("get_thing", 200, { ["x-old"] = "false", ["x-tags"] = [[a, "b, \"c\"",, d, ""]] }, "{}")
    assert.same({ false, { "a", 'b, "c"', "d", "" } }, { thing.Old, thing.Tags })
  end)

  it("needs no body where no member is read from it", function()
    assert.same({ Version = "2" }, decode("put_thing", 200, { ["x-version"] = "2" }, ""))
    assert.same({}, decode("ping", 200, {}, "whatever"))
  end)

  it("gives a payload as it is", function()
    assert.same({ Data = "\0raw" }, decode("put_blob", 200, {}, "\0raw"))
  end)

  it("gives a structure for a payload, nothing where there is no body", function()
    assert.same({ Thing = { Name = "n", At = 5 }, Version = "2" },
      decode("swap_thing", 200, { ["x-version"] = "2" }, '{"Name":"n","At":5}'))
    assert.same({}, decode("swap_thing", 200, {}, ""))
  end)

  it("that is not JSON is an error of its own kind", function()
    local output, err = decode("get_thing", 200, { ["x-amzn-requestid"] = "r-1" }, "<html>")
    assert.is_nil(output)
    assert.same({ "response", 200, "r-1" }, { err.kind, err.status, err.request_id })
  end)

  it("with an error status is the service's error, with its members", function()
    local output, err = decode("get_thing", 410, { ["x-amzn-errortype"] = "Gone:http://x/" },
      '{"message":"no more","Since":"2020"}')
    assert.is_nil(output)
    assert.same({ "service", "Gone", "no more", 410, "2020" },
      { err.kind, err.code, err.message, err.status, err.fields.Since })
  end)
end)
