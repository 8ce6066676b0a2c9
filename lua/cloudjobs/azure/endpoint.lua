--- The address of a client's service, which is read when a call first needs it.

local assembly = require "cloudjobs.cloud.options"

local Endpoint = {}
local endpoint_mt = { __name = "cloudjobs.azure.endpoint", __index = Endpoint }

--- The address, as for AWS.
---@return { origin: string, host: string, path: string }|nil
---@return cloudjobs.Error|nil err
function Endpoint:resolve()
  local err
  if not self._resolved then
    self._resolved, err = assembly.address(self._address, "endpoint")
  end
  return self._resolved, err
end

---@param address string a URL
local function new(address)
  return setmetatable({ _address = address }, endpoint_mt)
end

return { new = new }
