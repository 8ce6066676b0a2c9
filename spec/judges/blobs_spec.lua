--- Blobs: the emulator judged by Azure's own client, and our client on Azurite, Azure's own stand-in, beside that client.

local Storage = require "cloudjobs.azure.storage"
local certificates = require "spec.support.certificates"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local files = require "spec.support.files"
local judges = require "spec.support.judges"
local ports = require "spec.support.ports"
local sas = require "spec.support.sas"

local ACCOUNT = "lakecosts01"
local KEY = core.base64_encode "emulator-storage-key"

local function refused(status, code)
  return { code = code, status = status }
end

local LIFE = {
  { "creates a container again", refused(409, "ContainerAlreadyExists") },
  { "puts a blob", {
    same = true, length = 10, type = "text/csv", metadata = { by = "them" }, blobType = "BlockBlob", tier = "Hot",
    md5 = "eB5eJF1ptWaXm4bijSPyxw==",
  } },
  { "reads it", "0123456789" },
  { "reads a range", { text = "234", range = "bytes 2-4/10", length = 3 } },
  { "reads it into memory", "0123456789" },
  { "reads behind its end", refused(416, "InvalidRange") },
  { "reads another version", refused(412, "ConditionNotMet") },
  { "puts no blob twice", refused(409, "BlobAlreadyExists") },
  { "misses a blob", { status = 404 } },
  { "lists page by page", { "daily/a b%+&ü.csv", "daily/b", "daily/c/1", "daily/c/2" } },
  { "lists folders", { "daily/c/", "daily/a b%+&ü.csv", "daily/b" } },
  { "misses a container", refused(404, "ContainerNotFound") },
  { "may not list", refused(403, "AuthorizationPermissionMismatch") },
  { "may not write", refused(403, "AuthorizationPermissionMismatch") },
  { "reads by the container's signature", "e" },
  { "has a changed signature", refused(403, "AuthenticationFailed") },
}

-- What Azurite does otherwise than the service.
local ON_AZURITE = {
  ["reads behind its end"] = "was not refused", ["has a changed signature"] = refused(403, "AuthorizationFailure"),
}

-- What Azure's client reports of an account.
local function report_of(address, environment)
  local result = judges.run(judges.driver(judges.storage_blob, "blobs", address, ACCOUNT, KEY),
    { environment = environment })
  assert(result.status == 0, result.stderr)
  return judges.lines(result.stdout)
end

describe("the emulator's blobs in the hands of @azure/storage-blob", function()
  judges.with(judges.storage_blob, function()
    it("are as the service's", function()
      local server = judges.start()
      local report = report_of(server.url .. "/" .. ACCOUNT)
      server:stop()
      assert.same(LIFE, report)
    end)
  end)
end)

describe("blobs on Azurite", function()
  judges.with(judges.azurite, function()
    local child, folder, address

    setup(function()
      folder = files.temporary()
      certificates.write(folder)
      local port = ports.free()
      address = ("https://localhost:%s/%s"):format(port, ACCOUNT)
      local words = { "env", ("AZURITE_ACCOUNTS=%s:%s"):format(ACCOUNT, KEY) }
      for _, word in ipairs(judges.azurite.program) do
        words[#words + 1] = word
      end
      for _, word in ipairs {
        "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent", "--oauth", "basic",
        "--blobPort", port, "--cert", folder .. "/localhost.pem", "--key", folder .. "/localhost.key",
      } do
        words[#words + 1] = word
      end
      child = judges.spawn(words)
      repeat
        local line = assert(child:line(60))
      until line:find("successfully listens", 1, true)
    end)

    teardown(function()
      child:stop()
      files.remove(folder)
    end)

    local function client(options)
      local settings = { endpoint = address, ca_bundle = folder .. "/ca.pem", env = {} }
      for name, value in pairs(options) do
        settings[name] = value
      end
      return cloudjobs.azure.blobs(settings)
    end

    local function with_signature()
      return client { sas = sas.of_account(ACCOUNT, { sp = "rwl", se = "2099-01-01T00:00:00Z" }) }
    end

    it("are for Azure's client as on the emulator", function()
      local report = report_of(address, { "NODE_EXTRA_CA_CERTS=" .. folder .. "/ca.pem" })
      for i, line in ipairs(LIFE) do
        assert.same({ line[1], ON_AZURITE[line[1]] or line[2] }, report[i])
      end
    end)

    it("are read where Azure's client has put them", function()
      local storage = assert(Storage.new(with_signature(), "lake"))
      local listing = assert(storage:list("daily/", { delimiter = "/" }))
      assert.same({ "daily/c/" }, listing.prefixes)
      local blob = listing.objects[1]
      assert.same({ "daily/a b%+&ü.csv", 10, "Hot", false }, { blob.name, blob.size, blob.storage_class, blob.archived })
      assert.same({ "0123456789", blob.etag, 10, blob.last_modified }, (function(read)
        return { read.body, read.etag, read.size, read.last_modified }
      end)(assert(storage:read(blob.name, { max = 10 }))))
      for _, case in ipairs { { {}, "0123456789" }, { { offset = 3 }, "3456789" }, { { offset = 3, length = 2 }, "34" } } do
        local options, pieces = case[1], {}
        options.etag, options.size, options.sink = blob.etag, blob.size, function(bytes)
          pieces[#pieces + 1] = bytes
        end
        local info = assert(storage:fetch(blob.name, options))
        assert.same({ case[2], "eB5eJF1ptWaXm4bijSPyxw==" }, { table.concat(pieces), info.md5 })
      end
      local _, err = storage:fetch(blob.name, { etag = '"0x0"', size = 10, sink = function() end })
      assert.same({ 412, "ConditionNotMet" }, { err.status, err.code })
    end)

    it("have the names that they are put under", function()
      local lake = with_signature()
      -- Azurite makes a backslash a slash.
      local names = { "100%+", "a b", "a&<>b", "a/../b", "a/./b", "a//b", "a?b#c", "dir./x.", "ü/😀", "x%2Fy", "/lead" }
      for _, name in ipairs(names) do
        local put = assert(lake:put { container = "lake", blob = name, body = name, metadata = { by = "us" } })
        local got = assert(lake:get { container = "lake", blob = name })
        assert.same({ name, put.etag, "us" }, { got.body, got.etag, got.metadata.by })
        assert.equal(#name, assert(lake:head { container = "lake", blob = name }).contentLength)
      end
      local listed = {}
      for blob in lake:items("list", { container = "lake", maxresults = 3 }) do
        listed[blob.name] = blob.contentLength
      end
      for _, name in ipairs(names) do
        assert.equal(#name, listed[name])
      end
    end)

    -- A token without a signature, which Azurite does not verify.
    local function token_for(audience)
      local function part(document)
        return (core.base64_encode(assert(core.json_encode(document))):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
      end
      local now = os.time()
      return part { alg = "RS256", typ = "JWT" } .. "." .. part {
        aud = audience, iss = "https://sts.windows.net/00000000-0000-0000-0000-00000000beef/", iat = now - 60,
        nbf = now - 60, exp = now + 3600, sub = "us",
      } .. ".c2ln"
    end

    it("are read with a token for storage, and with no other", function()
      local function read(audience)
        local got, err = client({ credentials = { token = token_for(audience) } }):get { container = "lake", blob = "e" }
        return got and got.body or err.status
      end
      assert.equal("e", read "https://storage.azure.com/")
      assert.equal("e", read "https://storage.azure.com")
      assert.equal(403, read "https://management.azure.com/")
    end)
  end)
end)
