--- `cloudjobs whoami`: which identity signs the calls, and where it was found, on both clouds.

local access = require "cloudjobs.cli.access"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local out = require "cloudjobs.cli.out"
local rows = require "cloudjobs.cli.rows"

local EXAMPLES = [[
   cloudjobs whoami
   cloudjobs whoami --profile billing --output json]]

local FIELDS = { "cloud", "identity", "account", "source", "expires_at", "err" }

local function define(command)
  command:option("--cloud"):choices { "aws", "azure" }:description("Ask on one cloud alone.")
  access.define(command)
  rows.define(command)
end

local function aws(reach)
  local options = reach:aws()
  local identity, err = options.credentials:get()
  if not identity then
    return nil, err
  end
  local row = { source = identity.source, expires_at = identity.expiration, identity = identity.access_key_id }
  options.region = options.region or "us-east-1" -- the identity is the same in every region
  local caller
  caller, err = cloudjobs.aws.sts(options):get_caller_identity()
  if not caller then
    row.err = err
    return row
  end
  row.identity, row.account = caller.Arn, caller.Account
  return row
end

-- The claims in a token; they are shown, not trusted.
local function claims_of(token)
  local part = token:match("^[^.]+%.([^.]+)%.")
  local text = part and core.base64_decode(part:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#part % 4))
  local claims = text and core.json_decode(text)
  return type(claims) == "table" and claims or {}
end

local function azure(reach)
  local identity, err = reach:azure().credentials:get()
  if not identity then
    return nil, err
  end
  local claims = claims_of(identity.token)
  return {
    source = identity.source,
    expires_at = identity.expiration,
    identity = claims.upn or claims.unique_name or claims.appid or claims.azp or claims.oid or "(opaque token)",
    account = claims.tid,
  }
end

local CLOUDS = { { "aws", aws }, { "azure", azure } }

local COLUMNS = {
  { title = "CLOUD", value = function(row)
    return row.cloud
  end },
  { title = "IDENTITY", shrinks = true, value = function(row)
    return row.identity or "none"
  end, color = function(row)
    return not row.identity and "yellow" or row.err and "red" or "green"
  end },
  { title = "ACCOUNT", value = function(row)
    return row.account
  end },
  { title = "SOURCE", shrinks = true, value = function(row)
    return row.source
  end },
  { title = "WHY NOT", whole = true, value = function(row)
    return row.err
  end },
}

--- Shows the identities. The exit status is 0 when there is one and every cloud accepts its own.
local function run(parsed)
  local reach = access.new(parsed)
  local found, known, status = {}, false, out.EXIT.succeeded
  for _, cloud in ipairs(CLOUDS) do
    local name, ask = cloud[1], cloud[2]
    if not parsed.cloud or parsed.cloud == name then
      local row, err = ask(reach)
      row = row or { err = err }
      row.cloud = name
      known = known or (row.identity ~= nil)
      status = row.identity and row.err and out.worst(status, out.status_of(row.err)) or status
      found[#found + 1] = row
    end
  end
  rows.print(found, { columns = COLUMNS, fields = FIELDS }, parsed)
  return known and status or out.EXIT.unknown
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
