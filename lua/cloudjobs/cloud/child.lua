--- Programs that print credentials, run as the transport can: nginx's workers
--- must not wait for them as others do.

local process = require "cloudjobs.os"

--- Why no program can be run, or nil.
---@param transport cloudjobs.Transport|nil
---@return string|nil
local function refusal(transport)
  return transport and transport.no_children and transport:no_children() or nil
end

--- As cloudjobs.os.run.
---@param transport cloudjobs.Transport|nil
---@param argv string[]
---@param options table
---@return table|nil result
---@return string|nil code
---@return string|nil message
local function run(transport, argv, options)
  if transport and transport.run then
    return transport:run(argv, options)
  end
  return process.run(argv, options)
end

return { refusal = refusal, run = run }
