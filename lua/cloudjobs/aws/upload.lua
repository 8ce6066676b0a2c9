--- How a body that is sent in pieces is signed: its hash goes into the header field x-amz-content-sha256, or what
--- stands for it there.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"

local function refuse(message)
  return nil, Error.new { kind = "validation", code = "validation", message = message }
end

-- The checksums of a body, which is read to its end and begins again.
local function checksums_of(source, names)
  if not source:can_rewind() then
    return refuse("the service signs the whole body before it is sent: it has to be a seekable file, an object with a "
      .. "method rewind, or text")
  end
  local sums = {}
  for _, name in ipairs(names) do
    sums[name] = core.checksum(name)
  end
  repeat
    local piece, err = source:read()
    if err then
      return nil, err
    end
    for _, sum in pairs(piece and sums or {}) do
      sum:update(piece)
    end
  until not piece
  local ok, problem = source:again()
  if not ok then
    return refuse(problem)
  end
  return sums
end

local function hex(bytes)
  return (bytes:gsub(".", function(c)
    return ("%02x"):format(c:byte())
  end))
end

--- Sets the header fields of a request whose body is in pieces.
---@param op table
---@param params table
---@param headers table<string, string>
---@param source cloudjobs.call.Source
---@param endpoint { origin: string }
---@return cloudjobs.Source|nil source what is sent in its place
---@return cloudjobs.Error|nil err
local function frame(op, params, headers, source, endpoint) -- luacheck: ignore 212/params
  local is_secure = endpoint.origin:find("^https:") ~= nil
  if op.unsigned then
    return source
  elseif op.unsigned_body and is_secure then
    headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    return source
  end
  local sums, err = checksums_of(source, { "sha256" })
  if not sums then
    return nil, err
  end
  headers["x-amz-content-sha256"] = hex(sums.sha256:digest())
  return source
end

return { frame = frame }
