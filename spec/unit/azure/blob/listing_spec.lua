local blobs = require "spec.support.blobs"
local listing = require "cloudjobs.azure.blob.listing"

describe("the listing of a container", function()
  it("has blobs, folders and the next marker", function()
    local page = assert(listing.parse("\239\187\191" .. blobs.page({
      blobs.element("a&amp;b/c.csv", 7, "<Content-Type>text/csv</Content-Type><BlobType>BlockBlob</BlobType>"
        .. "<AccessTier>Archive</AccessTier><ArchiveStatus>rehydrate-pending-to-hot</ArchiveStatus>"),
      "<BlobPrefix><Name>d/</Name></BlobPrefix>",
    }, "2!72!x--")))
    assert.same({
      blobs = { {
        name = "a&b/c.csv", contentLength = 7, lastModified = 1795305600, etag = '"0x8D1"', contentType = "text/csv",
        blobType = "BlockBlob", accessTier = "Archive", archiveStatus = "rehydrate-pending-to-hot",
      } },
      prefixes = { "d/" }, nextMarker = "2!72!x--",
    }, page)
  end)

  it("may be empty", function()
    assert.same({ blobs = {}, prefixes = {} }, listing.parse(blobs.page {}))
    assert.same({ blobs = {}, prefixes = {} }, listing.parse "<EnumerationResults><Blobs/></EnumerationResults>")
  end)

  it("leaves out the markers of folders", function()
    local page = assert(listing.parse(blobs.page {
      blobs.element("a", 0, "", "<hdi_isfolder>true</hdi_isfolder>"),
      blobs.element("b", 0, "", "<Hdi_isfolder>True</Hdi_isfolder>"),
      blobs.element("c", 0, "<ResourceType>directory</ResourceType>"),
      blobs.element("empty", 0, "<ResourceType>file</ResourceType>", "<other>true</other>"),
      blobs.element("full", 1, "", "<hdi_isfolder>true</hdi_isfolder>"),
    }))
    assert.same({ "empty", "full" }, { page.blobs[1].name, page.blobs[2].name })
    assert.equal(2, #page.blobs)
  end)

  it("has names that XML cannot write", function()
    local encoded = blobs.element("a%01%25%2Fb", 1):gsub("<Name>", '<Name Encoded="true">')
    local page = assert(listing.parse(blobs.page {
      encoded, blobs.element("a%01", 1), '<BlobPrefix><Name Encoded="true">%02/</Name></BlobPrefix>',
    }))
    assert.same({ "a\1%/b", "a%01", "\2/" }, { page.blobs[1].name, page.blobs[2].name, page.prefixes[1] })
  end)

  it("is refused where it is none", function()
    for _, text in ipairs { "", "{}", "<html><body/></html>", "<EnumerationResults><Blobs>" } do
      local page, message = listing.parse(text)
      assert.is_nil(page)
      assert.equal("string", type(message))
    end
  end)

  it("quotes entity tags as If-Match has them", function()
    assert.same({ '"0x1"', '"0x1"' }, { listing.quoted "0x1", listing.quoted '"0x1"' })
    assert.is_nil(listing.quoted(nil))
  end)
end)
