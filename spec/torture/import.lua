local Import = require "cloudjobs.model.import"

local DESCRIPTION = [[{
  "metadata": {
    "apiVersion": "2026-01-01", "endpointPrefix": "example", "jsonVersion": "1.1", "protocol": "json",
    "serviceFullName": "Example", "serviceId": "Example", "signatureVersion": "v4", "signingName": "example",
    "targetPrefix": "Example", "uid": "example-2026-01-01"
  },
  "operations": {
    "GetThing": {
      "name": "GetThing", "http": { "method": "POST", "requestUri": "/" },
      "input": { "shape": "GetThingRequest" }, "output": { "shape": "GetThingResponse" },
      "errors": [ { "shape": "NotThere" } ]
    }
  },
  "shapes": {
    "GetThingRequest": { "type": "structure", "required": [ "Id" ], "members": { "Id": { "shape": "Id" } } },
    "GetThingResponse": { "type": "structure", "members": { "Things": { "shape": "Things" } } },
    "Things": { "type": "list", "member": { "shape": "Id" } },
    "Id": { "type": "string", "min": 1 },
    "NotThere": { "type": "structure", "members": {}, "exception": true }
  }
}]]

local core = require "cloudjobs.core"

local function run()
  local description, message = core.json_decode(DESCRIPTION)
  if description == nil then
    return nil, message
  end
  return Import.parse(description)
end

local function check(model)
  return model.operations.GetThing ~= nil
end

return { run = run, check = check }
