--- Requests of the forms that the published vectors lack, and their signatures
--- by botocore 1.43 (spec/support/botocore_sign.py makes them again).

local PLAIN = {
  access_key_id = "AKIDEXAMPLE",
  secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
local TEMPORARY = {
  access_key_id = "ASIAEXAMPLE",
  secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  session_token = "IQoJb3JpZ2luX2VjEXAMPLE//////////token+with/signs==",
}

-- botocore's classes and our options for the same.
local FORMS = {
  SigV4Auth = {},
  SigV4QueryAuth = { location = "query" },
  S3SigV4Auth = { normalize_path = false, encode_path_once = false, content_sha256_header = true },
  S3SigV4QueryAuth = { location = "query", normalize_path = false, encode_path_once = false, unsigned_payload = true },
}

local HOST = "examplebucket.s3.eu-central-1.amazonaws.com"

return {
  plain = PLAIN,
  temporary = TEMPORARY,
  forms = FORMS,
  host = HOST,
  time = 1440938160,
  region = "eu-central-1",
  service = "s3",
  fixed = {
    {
      class = "SigV4QueryAuth", path = "/", query = "Action=GetCallerIdentity&Version=2011-06-15",
      signature = "2dfa45f2ac716cca6e831f4518dcf551375a6082fe0a51d3e5f253503b2c89a1",
    },
    {
      class = "SigV4QueryAuth", path = "/a/../b%20c", token = true,
      signature = "f598861e8cd1982714cbe21965855992701d82cb5122b19ae8df45cfa751cdca",
    },
    {
      class = "S3SigV4Auth", path = "//photos/./a%20b/%E1%88%B4.csv", query = "versionId=x%2Fy",
      signature = "15da8347caeb88dd074eee51f474a4e278ac952a99631d940e2206c8a458de94",
    },
    {
      class = "S3SigV4Auth", method = "PUT", path = "/run/part-0.csv.gz", body = "rows", token = true,
      signature = "9cae2e3acec246664ce166af88b5b9592c85ac630d39942fd8b1ca4327bc0f61",
    },
    {
      class = "S3SigV4Auth", method = "PUT", path = "/run/part-1.csv.gz", body = "rows", unsigned = true,
      signature = "ac8d604ae79b2dff3d65f8edf21b698962163fee641f07c78edb42736736ead3",
    },
    {
      class = "S3SigV4QueryAuth", path = "/exports//nightly/manifest.json", token = true,
      signature = "62604b5d0a93a0398130bae3c7b6eb0fd98935338e7286202ec185704bf3719b",
    },
  },
}
