--- What a service's client does beyond its model. A file `services/<name>.lua` of a cloud has it, and the cloud's
--- init.lua names the file.

local Client = require "cloudjobs.call.client"

---@class cloudjobs.ServiceExtension
---@field methods? table<string, fun(client: cloudjobs.Client, ...): any, any> beside those of the operations
---@field operations? table<string, fun(context, op, params, options): table?, cloudjobs.Error?> what a call of each
---   does in place of one request, as call.run

--- A client of a service.
---@param context table see call.lua
---@param extension cloudjobs.ServiceExtension|nil
---@return cloudjobs.Client
local function client(context, extension)
  extension = extension or {}
  context.operations = extension.operations
  local made = Client.new(context)
  for name, method in pairs(extension.methods or {}) do
    made[name] = method
  end
  return made
end

return { client = client }
