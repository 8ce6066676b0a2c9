--- Shared access signatures of the emulator's storage accounts, by the rules of version 2020-12-06 and later.

local core = require "cloudjobs.core"
local url = require "cloudjobs.http.url"

local KEY = "emulator-storage-key"

local function query_of(fields, text)
  fields.sig = core.base64_encode(core.hmac_sha256(KEY, text))
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = name .. "=" .. url.encode(value)
  end
  table.sort(parts)
  return table.concat(parts, "&")
end

local sas = {}

--- One for an account.
---@param account string
---@param fields table sp, se and, where they matter, st, ss, srt
function sas.of_account(account, fields)
  fields.sv, fields.ss, fields.srt = fields.sv or "2021-12-02", fields.ss or "b", fields.srt or "co"
  local text = table.concat({
    account, fields.sp, fields.ss, fields.srt, fields.st or "", fields.se, "", "", fields.sv, "", "",
  }, "\n")
  return query_of(fields, text)
end

--- One for a container, or for a blob.
---@param account string
---@param container string
---@param blob string|nil
---@param fields table sp, se
function sas.of_container(account, container, blob, fields)
  fields.sv, fields.sr = "2021-12-02", blob and "b" or "c"
  local resource = ("/blob/%s/%s%s"):format(account, container, blob and "/" .. blob or "")
  local text = table.concat({
    fields.sp, "", fields.se, resource, "", "", "", fields.sv, fields.sr, "", "", "", "", "", "", "",
  }, "\n")
  return query_of(fields, text)
end

return sas
