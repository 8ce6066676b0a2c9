--- Copies between regions: the request to the destination has a URL, presigned for the source's region, with which the
--- service makes the same call there.

local Error = require "cloudjobs.base.error"
local merged = require "cloudjobs.base.merged"
local quote = require "cloudjobs.base.quote"

local SECONDS = 3600 -- for which the URL is good

-- Replaces `from` by `to`, once, as plain text.
local function replaced(text, from, to)
  local first, last = text:find(from, 1, true)
  return first and text:sub(1, first - 1) .. to .. text:sub(last + 1) or text
end

-- The call as a GET to the source's region, signed.
local function url_of(params, op, context, source)
  local request, err = context.protocol.encode(op, params, context)
  local endpoint, identity
  if request then
    endpoint, err = context.endpoint:resolve(op, params)
  end
  if endpoint then
    identity, err = context.credentials:get()
  end
  if not identity then
    return nil, err
  end
  local region, path = endpoint.signing.region, endpoint.path .. "/"
  local host = replaced(endpoint.host, region, source)
  return context.auth:presign({
    method = "GET",
    path = path,
    query = ("%s&DestinationRegion=%s"):format(request.body, region),
    url = endpoint.origin:match("^%a+://") .. host .. path,
    headers = { host = host },
    signing = { region = source, name = endpoint.signing.name },
  }, identity, context.transport:now(), SECONDS), region
end

-- A set whose parameter `member` gets the URL, unless the caller gives one. RDS, Neptune and DocDB have no
-- parameter SourceRegion on the wire: it is removed.
local function set(member, keeps_source)
  return {
    parameters = function(params, op, context)
      local source = params.SourceRegion
      if source == nil or (keeps_source and params[member] ~= nil) then
        return params
      elseif type(source) ~= "string" or not source:find("^[%w%-]+$") then
        local problem = { path = "SourceRegion", message = "expected a region, got " .. quote.word(source) }
        return nil, Error.new { kind = "validation", code = "validation", problems = { problem } }
      end
      local copy = merged(params)
      copy.SourceRegion = keeps_source and source or nil
      if copy[member] ~= nil then
        return copy
      end
      local url, region = url_of(copy, op, context, source)
      if not url then
        return nil, region
      end
      copy[member] = url
      copy.DestinationRegion = keeps_source and region or nil
      return copy
    end,
  }
end

local EC2 = set("PresignedUrl", true)
local RDS = set("PreSignedUrl", false)
local CLUSTERS = { CopyDBClusterSnapshot = RDS, CreateDBCluster = RDS }

return {
  EC2 = { CopySnapshot = EC2 },
  RDS = {
    CopyDBClusterSnapshot = RDS, CreateDBCluster = RDS, CopyDBSnapshot = RDS, CreateDBInstanceReadReplica = RDS,
    StartDBInstanceAutomatedBackupsReplication = RDS,
  },
  Neptune = CLUSTERS,
  DocDB = CLUSTERS,
}
