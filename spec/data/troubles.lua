--- What every judge of the AWS services reports of throttling, and of all that
--- can be wrong with who calls and when.

local function refused(code, message, attempts)
  return { code = code, message = message, status = 400, attempts = attempts or 1 }
end

local MISMATCH = "The request signature we calculated does not match the signature you provided. "
  .. "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
local LATE = "Signature expired: <date> is now earlier than <date> (<date> - 5 min.)"

local function troubles(...)
  return {
    { "tries again when it is throttled", 2 },
    { "gives up when that goes on", refused("ThrottlingException", "Rate exceeded", 3) },
    { "tries again when the service fails", 2 },
    { "tries again when a gateway responds", 2 },
    { "tries again when the connection breaks", 2 },
    { "signs with a wrong secret", refused("InvalidSignatureException", MISMATCH) },
    {
      "signs with an unknown key",
      refused("UnrecognizedClientException", "The security token included in the request is invalid."),
    },
    { "has a session", 1 },
    {
      "has an expired session",
      refused("ExpiredTokenException", "The security token included in the request is expired"),
    },
    { "signs an hour late", refused("InvalidSignatureException", LATE) },
    ...,
  }
end

return {
  boto3 = troubles(),
  javascript = troubles { "mends its clock", 2 }, -- which botocore does not
}
