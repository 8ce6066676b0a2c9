--- What endpoint rules may call: Smithy's standard library and AWS's functions.
--- A value that is not set is nil, an optional result that is empty likewise.

local ascii = require "cloudjobs.base.ascii"
local url = require "cloudjobs.http.url"

local F = {}

function F.isSet(value)
  return value ~= nil
end

F["not"] = function(value)
  return not value
end

function F.stringEquals(a, b)
  return a == b
end

F.booleanEquals = F.stringEquals

function F.substring(value, start, stop, reverse)
  if type(value) ~= "string" or start >= stop or #value < stop or value:find("[\128-\255]") then
    return nil
  elseif reverse then
    return value:sub(#value - stop + 1, #value - start)
  end
  return value:sub(start + 1, stop)
end

-- At most `limit` parts; 0 is no limit.
function F.split(value, delimiter, limit)
  if type(value) ~= "string" or delimiter == "" then
    return nil
  end
  local parts, from = {}, 1
  while limit == 0 or #parts < limit - 1 do
    local first, last = value:find(delimiter, from, true)
    if not first then
      break
    end
    parts[#parts + 1] = value:sub(from, first - 1)
    from = last + 1
  end
  parts[#parts + 1] = value:sub(from)
  return parts
end

function F.uriEncode(value)
  return value and url.encode(value)
end

local function is_ipv4(host)
  local parts = { host:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for i, part in ipairs(parts) do
    parts[i] = tonumber(part) <= 255
  end
  return #parts == 4 and parts[1] and parts[2] and parts[3] and parts[4]
end

function F.parseURL(value)
  local parts = value and url.parse(value)
  if not parts or value:find("?", 1, true) then
    return nil
  end
  return {
    scheme = parts.scheme,
    authority = value:match("^%a+://([^/]*)"),
    path = parts.path,
    normalizedPath = ascii.without_slashes(parts.path) .. "/",
    isIp = is_ipv4(parts.host) or parts.host:find("^%[") ~= nil,
  }
end

local function is_label(label)
  return #label <= 63 and label:find("^[A-Za-z0-9][A-Za-z0-9-]*$") ~= nil and label:sub(-1) ~= "-"
end

function F.isValidHostLabel(value, allow_subdomains)
  if type(value) ~= "string" then
    return false
  elseif not allow_subdomains then
    return is_label(value)
  end
  for _, label in ipairs(F.split(value, ".", 0)) do
    if not is_label(label) then
      return false
    end
  end
  return true
end

F["aws.isVirtualHostableS3Bucket"] = function(value, allow_subdomains)
  return type(value) == "string" and #value >= 3 and #value <= 63 and not value:find("[A-Z]") and not is_ipv4(value)
    and F.isValidHostLabel(value, allow_subdomains)
end

F["aws.parseArn"] = function(value)
  local partition, service, region, account, resource =
    (value or ""):match("^arn:([^:]+):([^:]+):([^:]*):([^:]*):(.+)$")
  return partition and {
    partition = partition,
    service = service,
    region = region,
    accountId = account,
    resourceId = F.split(resource:gsub(":", "/"), "/", 0),
  }
end

local function with_overrides(partition, overrides)
  if not next(overrides) then
    return partition.outputs
  end
  local outputs = {}
  for _, source in ipairs { partition.outputs, overrides } do
    for name, value in pairs(source) do
      outputs[name] = value
    end
  end
  return outputs
end

local function matches(region, patterns)
  for _, pattern in ipairs(patterns) do
    if region:find(pattern) then
      return true
    end
  end
  return false
end

--- A region's partition: by the region's name, else by the partition's patterns,
--- else the first.
F["aws.partition"] = function(region)
  local partitions = require "cloudjobs.models.partitions"
  region = region or ""
  for _, partition in ipairs(partitions) do
    if partition.regions[region] then
      return with_overrides(partition, partition.regions[region])
    end
  end
  for _, partition in ipairs(partitions) do
    if matches(region, partition.patterns) then
      return partition.outputs
    end
  end
  return partitions[1].outputs
end

return F
