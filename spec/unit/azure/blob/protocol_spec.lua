local blobs = require "spec.support.blobs"

local HOST = "https://lakecosts01.blob.core.windows.net"

describe("a request for blobs", function()
  local calls = {
    { "list", { container = "costs", maxresults = 5, marker = "2!x" }, "GET",
      "/costs?restype=container&comp=list&include=metadata&marker=2%21x&maxresults=5" },
    { "get", { container = "costs", blob = "a", range = "bytes=0-1", ifMatch = '"1"' }, "GET", "/costs/a", nil,
      { range = "bytes=0-1", ["if-match"] = '"1"' } },
    { "head", { container = "$root", blob = "a", ifNoneMatch = "*" }, "HEAD", "/%24root/a", nil, { ["if-none-match"] = "*" } },
    { "put", { container = "costs", blob = "a", body = "x", contentType = "text/csv", metadata = { by = "us" } }, "PUT",
      "/costs/a", "x", { ["x-ms-blob-type"] = "BlockBlob", ["x-ms-blob-content-type"] = "text/csv",
        ["x-ms-meta-by"] = "us" } },
    { "put", { container = "costs", blob = "a" }, "PUT", "/costs/a", "" },
  }
  for _, case in ipairs(calls) do
    it("of " .. case[1] .. " becomes " .. case[3] .. " " .. case[4], function()
      local request = assert(blobs.client():request(case[1], case[2]))
      assert.same({ case[3], HOST .. case[4], case[5] }, { request.method, request.url, request.body })
      assert.equal("2021-12-02", request.headers["x-ms-version"])
      for name, value in pairs(case[6] or {}) do
        assert.equal(value, request.headers[name])
      end
    end)
  end

  it("has each segment of a name as it is", function()
    local names = {
      ["a/./b"] = "a/./b", ["a/../b"] = "a/../b", ["a\\b"] = "a%5Cb", ["a?b#c"] = "a%3Fb%23c", ["100%+"] = "100%25%2B",
      ["a%2Fb"] = "a%252Fb", ["\195\169/\240\159\152\128"] = "%C3%A9/%F0%9F%98%80", ["a./b."] = "a./b.", ["/a//b/"] = "/a//b/",
      [" a "] = "%20a%20", ["a:b=c&d"] = "a%3Ab%3Dc%26d", ["~-_."] = "~-_.",
    }
    for name, path in pairs(names) do
      local request = assert(blobs.client():request("get", { container = "costs", blob = name }))
      assert.equal(HOST .. "/costs/" .. path, request.url)
    end
  end)

  it("has the version of the client or of the call", function()
    local client, stub = blobs.client({ { body = "x" } }, { api_version = "2026-04-06" })
    assert.equal("2026-04-06", client:request("get", { container = "c", blob = "a" }).headers["x-ms-version"])
    assert(client:get({ container = "c", blob = "a" }, { api_version = "2023-11-03" }))
    assert.equal("2023-11-03", stub.requests[1].headers["x-ms-version"])
    local _, err = client:get({ container = "c", blob = "a" }, { api_version = "newest" })
    assert.matches("api_version: expected a date", err.message)
  end)

  it("is refused with every problem", function()
    local client, stub = blobs.client()
    local _, err = client:get { container = "", blob = ".." }
    assert.same({ "container", "blob" }, { err.problems[1].path, err.problems[2].path })
    _, err = client:get { blob = 1 }
    assert.equal("validation", err.kind)
    assert.equal(0, #stub.requests)
  end)

  it("has a body whose length is known", function()
    local client, stub = blobs.client { { status = 201, headers = { etag = '"1"' } } }
    local pieces = { "ab", "c" }
    local _, err = client:put({ container = "c", blob = "a" }, { body = function()
      return table.remove(pieces, 1)
    end })
    assert.matches("needs the length of a body", err.message)
    local output = assert(client:put({ container = "c", blob = "a" }, { body = { length = 3, read = function()
      return table.remove(pieces, 1)
    end } }))
    assert.equal('"1"', output.etag)
    assert.equal("abc", stub.requests[1].body)
  end)
end)

describe("a response of blobs", function()
  it("has what its headers say", function()
    local headers = {
      etag = '"1"', ["content-length"] = "7", ["last-modified"] = "Sun, 22 Nov 2026 00:00:00 GMT",
      ["content-type"] = "text/csv", ["content-md5"] = "md5==", ["x-ms-blob-type"] = "BlockBlob",
      ["x-ms-access-tier"] = "Hot", ["x-ms-meta-by"] = "us",
    }
    local client = blobs.client { { headers = headers } }
    assert.same({
      etag = '"1"', contentLength = 7, lastModified = 1795305600, contentType = "text/csv", contentMD5 = "md5==",
      blobType = "BlockBlob", accessTier = "Hot", metadata = { by = "us" },
    }, client:head { container = "c", blob = "a" })
  end)

  it("streams into a sink", function()
    local client = blobs.client { { body = "0123", headers = { etag = '"1"', ["content-length"] = "4" } } }
    local pieces = {}
    local output = assert(client:get({ container = "c", blob = "a" }, { sink = function(bytes)
      pieces[#pieces + 1] = bytes
    end }))
    assert.same({ "0123", nil, 4 }, { table.concat(pieces), output.body, output.contentLength })
  end)

  it("lists page after page", function()
    local client = blobs.client {
      { body = blobs.page({ blobs.element("a", 1) }, "m") }, { body = blobs.page { blobs.element("b", 1) } },
    }
    local list = assert(client:all("list", { container = "c" }))
    assert.same({ "a", "b" }, { list[1].name, list[2].name })
  end)

  it("is refused where it cannot be read", function()
    local client = blobs.client { { body = "<html/>", headers = { ["content-type"] = "text/html" } } }
    local _, err = client:list { container = "c" }
    assert.equal("response", err.kind)
    assert.matches("text/html", err.hint)
  end)

  it("is asked for again where the service is busy", function()
    local client, stub = blobs.client { blobs.failure(503, "ServerBusy"), blobs.failure(500, "InternalError"), { body = "x" } }
    assert.equal("x", assert(client:get { container = "c", blob = "a" }).body)
    assert.equal(2, #stub.slept)
  end)
end)
