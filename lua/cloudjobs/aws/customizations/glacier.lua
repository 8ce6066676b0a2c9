--- Requirements of S3 Glacier on its clients: a version, an account, and the tree hash of an upload.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local merged = require "cloudjobs.base.merged"

local LEAF = 1024 * 1024 -- bytes

--- The tree hash of a text: SHA-256 of each MB, then of each two hashes, up to one.
---@param text string
---@return string hex
local function tree_hash(text)
  local hashes = {}
  for from = 1, math.max(#text, 1), LEAF do
    hashes[#hashes + 1] = core.checksum("sha256"):update(text:sub(from, from + LEAF - 1)):digest()
  end
  while #hashes > 1 do
    local parents = {}
    for i = 1, #hashes, 2 do
      local second = hashes[i + 1]
      parents[#parents + 1] = second and core.checksum("sha256"):update(hashes[i]):update(second):digest() or hashes[i]
    end
    hashes = parents
  end
  return core.hex(hashes[1])
end

local function default_account(params)
  return params.accountId ~= nil and params or merged(params, { accountId = "-" }) -- the account of the credentials
end

local function add_version(request, op)
  request.headers["x-amz-glacier-version"] = op.service.api_version
end

local function add_hashes(request, op, _, _, _, _, source)
  local headers, body = request.headers, request.body or ""
  if source then
    return Error.new {
      kind = "validation", code = "validation",
      message = op.name .. " needs the tree hash of its body, which has to be in memory: pass it as text",
    }
  else
    headers["x-amz-content-sha256"] = headers["x-amz-content-sha256"] or core.sha256(body)
    headers["x-amz-sha256-tree-hash"] = headers["x-amz-sha256-tree-hash"] or tree_hash(body)
  end
end

return {
  Glacier = {
    all = { parameters = default_account, request = add_version },
    operations = { UploadArchive = { request = add_hashes }, UploadMultipartPart = { request = add_hashes } },
  },
}
