local core = require "cloudjobs.core"

local TEXT = '{"a":[1,2.5,"x\\ty",true,null,{}],"b":{"c":[[],{}],"d":"é"}}'

local function run()
  local value, message = core.json_decode(TEXT)
  if value == nil then
    return nil, message
  end
  return core.json_encode(value)
end

local function check(text)
  return text == TEXT
end

return { run = run, check = check }
