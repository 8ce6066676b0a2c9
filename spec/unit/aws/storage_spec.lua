local Storage = require "cloudjobs.aws.storage"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local KEYS = { access_key_id = "AKID", secret_access_key = "secret" }

local function storage_of(answers, settings)
  local stub = Stub.new(answers)
  local client = cloudjobs.aws.s3 { transport = stub, region = "eu-west-1", credentials = KEYS, env = {} }
  return Storage.new(client, "costs", settings), stub
end

local function page(more)
  return { body = [[<ListBucketResult><EncodingType>url</EncodingType>]] .. more .. "</ListBucketResult>" }
end

local function contents(key, class)
  return ("<Contents><Key>%s</Key><LastModified>2026-11-21T23:51:08.000Z</LastModified><ETag>&quot;e1&quot;</ETag>"
    .. "<Size>5</Size><StorageClass>%s</StorageClass></Contents>"):format(key, class)
end

describe("the storage of a bucket", function()
  it("lists the objects and folders of all pages", function()
    local storage, stub = storage_of {
      page("<IsTruncated>true</IsTruncated><NextContinuationToken>t+1</NextContinuationToken>"
        .. contents("p/a%2Bb", "STANDARD") .. "<CommonPrefixes><Prefix>p/x%20y/</Prefix></CommonPrefixes>"),
      page("<IsTruncated>false</IsTruncated>" .. contents("p/c", "DEEP_ARCHIVE")),
    }
    local listing = assert(storage:list("p/", { delimiter = "/" }))
    assert.same({
      { name = "p/a+b", size = 5, etag = '"e1"', last_modified = 1795305068, storage_class = "STANDARD" },
      { name = "p/c", size = 5, etag = '"e1"', last_modified = 1795305068, storage_class = "DEEP_ARCHIVE", archived = true },
    }, listing.objects)
    assert.same({ "p/x y/" }, listing.prefixes)
    assert.matches("^https://costs.s3.eu%-west%-1.amazonaws.com/%?.*prefix=p%%2F", stub.requests[1].url)
    assert.matches("continuation-token=t%2B1", stub.requests[2].url, 1, true)
  end)

  it("names the expected owner and the payer in every request", function()
    local storage, stub = storage_of({ page "<IsTruncated>false</IsTruncated>", { body = "x", headers = { etag = '"e"' } } },
      { expected_owner = "111122223333", request_payer = true })
    assert(storage:list "p/")
    assert(storage:read "p/x")
    for _, request in ipairs(stub.requests) do
      assert.same({ "111122223333", "requester" },
        { request.headers["x-amz-expected-bucket-owner"], request.headers["x-amz-request-payer"] })
    end
  end)

  it("returns the error of a page", function()
    local storage = storage_of { { status = 403, body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>" } }
    local listing, err = storage:list "p/"
    assert.is_nil(listing)
    assert.same({ "service", "AccessDenied" }, { err.kind, err.code })
  end)

  it("reads a small object, and refuses one that is larger than it may be", function()
    local answer = { body = "12345", headers = {
      etag = '"e1"', ["last-modified"] = "Sat, 21 Nov 2026 23:51:08 GMT", ["content-length"] = "5",
    } }
    local storage = storage_of { answer, answer }
    assert.same({ body = "12345", etag = '"e1"', size = 5, last_modified = 1795305068 }, assert(storage:read("p/x", { max = 5 })))
    local read, err = storage:read("p/x", { max = 4 })
    assert.is_nil(read)
    assert.equal('too_large: "p/x": expected an object of at most 4 bytes', tostring(err))
  end)

  it("holds the keys of its bucket alone", function()
    local storage = storage_of {}
    assert.equal("s3://costs/p/x y", storage:url "p/x y")
    assert.equal("p/x", storage:holds "s3://costs/p/x")
    assert.equal("p/x", storage:holds "p/x")
    assert.same({ nil, 'expected a file in s3://costs, got one in "s3://other"' }, { storage:holds "s3://other/p/x" })
    assert.is_nil((storage:holds "https://costs.s3.amazonaws.com/p/x"))
  end)
end)
