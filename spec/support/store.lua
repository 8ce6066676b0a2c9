--- A service whose bodies stream, as a description: its operations have a parameter with which a request scripts its
--- response (spec/support/scripted_server.lua).

local cloudjobs = require "cloudjobs"

local TEXT = { shape = "Text" }
local BODY = { shape = "Body" }

local function header(name)
  return { shape = "Text", location = "header", locationName = name }
end

local MODEL = {
  metadata = {
    protocol = "rest-json", serviceId = "Store", endpointPrefix = "store", signingName = "store", signatureVersion = "v4",
    apiVersion = "2026-01-01", uid = "store-2026-01-01",
  },
  operations = {
    GetThing = {
      name = "GetThing", http = { method = "GET", requestUri = "/things/{Key}" },
      input = { shape = "GetThingRequest" }, output = { shape = "Thing" },
    },
    PutThing = {
      name = "PutThing", http = { method = "PUT", requestUri = "/things/{Key}" },
      input = { shape = "PutThingRequest" }, output = { shape = "PutThingResponse" }, authtype = "v4-unsigned-body",
    },
    DropThing = {
      name = "DropThing", http = { method = "PUT", requestUri = "/things/{Key}" },
      input = { shape = "PutThingRequest" }, output = { shape = "PutThingResponse" }, authtype = "none",
    },
    TurnThing = {
      name = "TurnThing", http = { method = "POST", requestUri = "/things/{Key}" },
      input = { shape = "PutThingRequest" }, output = { shape = "Thing" },
    },
    SaveThing = {
      name = "SaveThing", http = { method = "PUT", requestUri = "/things/{Key}" },
      input = { shape = "SaveThingRequest" }, output = { shape = "PutThingResponse" },
      httpChecksum = { requestAlgorithmMember = "ChecksumAlgorithm", requestChecksumRequired = false },
    },
    LoadThing = {
      name = "LoadThing", http = { method = "GET", requestUri = "/things/{Key}" },
      input = { shape = "LoadThingRequest" }, output = { shape = "Thing" },
      httpChecksum = { requestValidationModeMember = "ChecksumMode", responseAlgorithms = { "CRC32", "SHA256" } },
    },
    ListThings = {
      name = "ListThings", http = { method = "GET", requestUri = "/things" },
      input = { shape = "ListThingsRequest" }, output = { shape = "ListThingsResponse" },
    },
  },
  shapes = {
    Text = { type = "string" },
    Body = { type = "blob", streaming = true },
    GetThingRequest = { type = "structure", required = { "Key" }, members = {
      Key = { shape = "Text", location = "uri", locationName = "Key" }, Script = header "x-script",
      Range = header "Range", IfMatch = header "If-Match",
    } },
    Thing = { type = "structure", payload = "Body", members = {
      Body = BODY, ETag = header "ETag", ContentRange = header "Content-Range", Kind = header "X-Kind",
    } },
    PutThingRequest = { type = "structure", required = { "Key" }, payload = "Body", members = {
      Key = { shape = "Text", location = "uri", locationName = "Key" }, Script = header "x-script", Body = BODY,
    } },
    PutThingResponse = { type = "structure", members = { Got = TEXT } },
    SaveThingRequest = { type = "structure", required = { "Key" }, payload = "Body", members = {
      Key = { shape = "Text", location = "uri", locationName = "Key" }, Body = BODY,
      ChecksumAlgorithm = header "x-amz-sdk-checksum-algorithm", Encoding = header "Content-Encoding",
    } },
    LoadThingRequest = { type = "structure", required = { "Key" }, members = {
      Key = { shape = "Text", location = "uri", locationName = "Key" }, Script = header "x-script",
      ChecksumMode = header "x-amz-checksum-mode",
    } },
    ListThingsRequest = { type = "structure", members = { Script = header "x-script" } },
    ListThingsResponse = { type = "structure", members = { Got = TEXT } },
  },
}

--- A client of the service.
---@param endpoint string
---@param transport table
---@param options table|nil further options of the client
local function client(endpoint, transport, options)
  local given = {
    model = MODEL, endpoint = endpoint, transport = transport, region = "us-east-1", env = {},
    credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" },
  }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return cloudjobs.aws.client(given)
end

return { client = client }
