-- Azure Blob Storage, as far as files are listed, read and written, by hand
-- from the published descriptions of the service. A listing's document is read
-- by azure/blob/listing, which leaves out the markers of folders.
return {
  service = {
    api_version = "2021-12-02",
    id = "Azure Blob Storage",
    protocol = "azure-blob",
  },
  operations = {
    Get = "GET /{container}/{blob+} GetRequest -> GetResult readonly",
    Head = "HEAD /{container}/{blob+} HeadRequest -> Properties readonly",
    List = "GET /{container}?restype=container&comp=list&include=metadata ListRequest -> ListResult readonly",
    Put = "PUT /{container}/{blob+} PutRequest -> PutResult idempotent",
  },
  errors = {},
  pages = {
    List = { token = "marker", next = "nextMarker", items = "blobs", limit = "maxresults" },
  },
  shapes = {
    Blob = [[
      name string
      etag string
      contentLength long
      lastModified time.http
      contentType string
      contentEncoding string
      contentMD5 string
      blobType string
      accessTier string
      archiveStatus string
    ]],
    GetRequest = [[
      container string required in=uri
      blob string required in=uri
      range string in=header as=Range
      ifMatch string in=header as=If-Match
      ifNoneMatch string in=header as=If-None-Match
    ]],
    GetResult = [[
      etag string in=header as=ETag
      body blob in=body
      contentLength long in=header as=Content-Length
      contentRange string in=header as=Content-Range
      lastModified time.http in=header as=Last-Modified
      contentType string in=header as=Content-Type
      contentEncoding string in=header as=Content-Encoding
      contentMD5 string in=header as=Content-MD5
      blobContentMD5 string in=header as=x-ms-blob-content-md5
      blobType string in=header as=x-ms-blob-type
      metadata string{} in=headers as=x-ms-meta-
    ]],
    HeadRequest = [[
      container string required in=uri
      blob string required in=uri
      ifMatch string in=header as=If-Match
      ifNoneMatch string in=header as=If-None-Match
    ]],
    ListRequest = [[
      container string required in=uri
      prefix string in=query
      delimiter string in=query
      marker string in=query
      maxresults integer min=1 in=query
    ]],
    ListResult = [[
      blobs Blob[]
      prefixes string[]
      nextMarker string
    ]],
    Properties = [[
      etag string in=header as=ETag
      contentLength long in=header as=Content-Length
      lastModified time.http in=header as=Last-Modified
      contentType string in=header as=Content-Type
      contentEncoding string in=header as=Content-Encoding
      contentMD5 string in=header as=Content-MD5
      blobType string in=header as=x-ms-blob-type
      accessTier string in=header as=x-ms-access-tier
      archiveStatus string in=header as=x-ms-archive-status
      metadata string{} in=headers as=x-ms-meta-
    ]],
    PutRequest = [[
      container string required in=uri
      blob string required in=uri
      body blob in=body
      contentType string in=header as=x-ms-blob-content-type
      contentEncoding string in=header as=x-ms-blob-content-encoding
      contentMD5 string in=header as=Content-MD5
      accessTier string in=header as=x-ms-access-tier
      ifMatch string in=header as=If-Match
      ifNoneMatch string in=header as=If-None-Match
      metadata string{} in=headers as=x-ms-meta-
    ]],
    PutResult = [[
      etag string in=header as=ETag
      lastModified time.http in=header as=Last-Modified
      contentMD5 string in=header as=Content-MD5
    ]],
  },
}
