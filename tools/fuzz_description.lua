--- Fuzzes the reading of service descriptions: of one that has every trait, each round changes a few places or bytes,
--- reads it as a client does and uses all of it. Nothing may be raised, take long or grow, and no header may have a
--- second line.
---     lua5.4 tools/fuzz_description.lua SECONDS [SEED]

local Import = require "cloudjobs.model.import"
local Model = require "cloudjobs.model"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local os_ = require "cloudjobs.os"
local rule_set = require "cloudjobs.aws.endpoint.rule_set"

local MAX_SECONDS = 2 -- of a round, on a busy machine
local MAX_MEMORY = 128 * 1024 -- KB
local MAX_MESSAGE = 1000

local seconds, seed = tonumber(arg[1]) or 60, tonumber(arg[2]) or os.time() % 2147483647
local state = seed

-- The next number below `n`, by Park and Miller.
local function random(n)
  state = state * 16807 % 2147483647
  return state % n
end

local function pick(list)
  return list[random(#list) + 1]
end

local DESCRIPTION = [[{
  "version": "2.0",
  "metadata": { "apiVersion": "2031-01-01", "endpointPrefix": "jobs", "jsonVersion": "1.1", "protocol": "rest-json",
    "protocols": ["rest-json"], "serviceId": "Jobs", "signatureVersion": "v4", "signingName": "jobs",
    "targetPrefix": "Jobs", "auth": ["aws.auth#sigv4"], "globalEndpoint": "jobs.example",
    "xmlNamespace": "http://jobs/" },
  "operations": {
    "ListJobs": { "name": "ListJobs", "http": { "method": "POST", "requestUri": "/jobs/{Id}?x=1" },
      "input": { "shape": "In" }, "output": { "shape": "Out" }, "errors": [{ "shape": "Gone" }], "readonly": true,
      "endpoint": { "hostPrefix": "data-{Id}." }, "staticContextParams": { "Mode": { "value": "a" } },
      "operationContextParams": { "Names": { "path": "List[*]" } },
      "httpChecksum": { "requestChecksumRequired": true } },
    "StopJob": { "name": "StopJob", "input": { "shape": "Body" }, "authtype": "none", "idempotent": true },
    "Look": { "name": "Look", "output": { "shape": "Out", "resultWrapper": "LookResult" } }
  },
  "shapes": {
    "In": { "type": "structure", "required": ["Id"], "members": {
      "Id": { "shape": "Text", "location": "uri", "locationName": "Id", "hostLabel": true,
        "contextParam": { "name": "Id" } },
      "Head": { "shape": "Text", "location": "header", "locationName": "x-head", "jsonvalue": true },
      "Heads": { "shape": "Map", "location": "headers", "locationName": "x-more-" },
      "Query": { "shape": "List", "location": "querystring", "locationName": "q" },
      "At": { "shape": "Time", "timestampFormat": "iso8601" }, "Token": { "shape": "Text", "idempotencyToken": true },
      "Self": { "shape": "In" }, "List": { "shape": "List" }, "Map": { "shape": "Map" }, "Doc": { "shape": "Doc" } } },
    "Body": { "type": "structure", "payload": "Bytes",
      "members": { "Bytes": { "shape": "Bytes", "streaming": true } } },
    "Out": { "type": "structure", "members": { "Next": { "shape": "Text" }, "Items": { "shape": "List" },
      "Code": { "shape": "Count", "location": "statusCode" }, "Either": { "shape": "Either" } } },
    "Either": { "type": "structure", "union": true,
      "members": { "A": { "shape": "Text" }, "B": { "shape": "Count" } } },
    "List": { "type": "list", "member": { "shape": "Text", "locationName": "m" }, "flattened": true, "min": 1 },
    "Map": { "type": "map", "key": { "shape": "Text" }, "value": { "shape": "List" }, "sparse": true },
    "Text": { "type": "string", "enum": ["a", "b"], "min": 1, "sensitive": true },
    "Count": { "type": "integer", "min": 0 }, "Bytes": { "type": "blob" }, "Time": { "type": "timestamp" },
    "Doc": { "type": "structure", "document": true, "members": {} },
    "Events": { "type": "structure", "eventstream": true, "members": { "E": { "shape": "Out", "event": true } } },
    "Gone": { "type": "structure", "exception": true, "members": { "message": { "shape": "Text" } },
      "error": { "code": "Gone.Code", "httpStatusCode": 404, "fault": true }, "retryable": { "throttling": true } }
  }
}]]

local BESIDE = {
  ["paginators-1.json"] = [[{ "pagination": { "ListJobs": { "input_token": ["Id", "Token"],
    "output_token": ["Next", "Items[-1]"], "result_key": "Items", "limit_key": "Count", "more_results": "Next" } } }]],
  ["waiters-2.json"] = [[{ "version": 2, "waiters": { "Done": { "operation": "ListJobs", "delay": 5, "maxAttempts": 3,
    "acceptors": [{ "state": "success", "matcher": "pathAll", "argument": "Items[]", "expected": "a" },
      { "state": "retry", "matcher": "error", "expected": "Gone" }] } } }]],
  ["endpoint-rule-set-1.json"] = [[{ "version": "1.0", "parameters": { "Region": { "builtIn": "AWS::Region",
      "required": true, "type": "string" }, "Id": { "type": "string" }, "Mode": { "type": "string" },
      "Names": { "type": "stringArray" } }, "rules": [
    { "type": "tree", "conditions": [{ "fn": "isSet", "argv": [{ "ref": "Id" }] }], "rules": [
      { "type": "endpoint", "conditions": [
        { "fn": "aws.partition", "argv": [{ "ref": "Region" }], "assign": "P" },
        { "fn": "split", "argv": [{ "ref": "Id" }, "-", 0], "assign": "Parts" },
        { "fn": "coalesce", "argv": ["{Region}{Region}", "x"], "assign": "Twice" },
        { "fn": "substring", "argv": [{ "ref": "Twice" }, 0, 4, false], "assign": "Part" } ],
        "endpoint": { "url": "https://{Part}.{P#dnsSuffix}", "headers": { "x": ["{Id}"] }, "properties": {
          "authSchemes": [{ "name": "sigv4", "signingName": "jobs", "signingRegion": "{Region}" }] } } } ] },
    { "type": "error", "conditions": [], "error": "no id {Region}" } ] }]],
  ["service-2.sdk-extras.json"] = [[{ "merge": { "shapes": {
    "Out": { "members": { "More": { "shape": "Count" } } } } } }]],
}

-- Values for places where they do not belong, and names of other shapes, which make circles.
local WORDS = {
  "In", "Out", "List", "Map", "Text", "Count", "Events", "Nowhere", "", "a b", "a\r\nX-Evil: b", "a\r\nb", "a\nb",
  "../../etc", "\0", "string", "{Id}", "{", "header", "headers", "querystring", "uri", "statusCode", "structure",
  "list", "map", "timestamp", "blob",
  "split", "coalesce", "uriEncode", "parseURL", "ite", "@.@[?@]",
}

local function wrong()
  local kind = random(9)
  if kind < 4 then
    return pick(WORDS)
  elseif kind == 4 then
    return pick { 0, -1, 1e308, 9007199254740993, 0.5 }
  elseif kind == 5 then
    return random(2) == 0
  elseif kind == 6 then
    return core.null
  elseif kind == 7 then
    return setmetatable({}, random(2) == 0 and core.array_mt or nil)
  end
  return ("x"):rep(random(3000))
end

-- All places of a tree, { table, key }, in the same order each time.
local function places(value, found)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  for _, key in ipairs(keys) do
    found[#found + 1] = { value, key }
    if type(value[key]) == "table" then
      places(value[key], found)
    end
  end
  return found
end

local function change_place(tree)
  local found = places(tree, {})
  if #found == 0 then
    return
  end
  local place, other = pick(found), pick(found)
  local kind = random(5)
  if kind == 0 then
    place[1][place[2]] = nil
  elseif kind == 1 and type(other[1][other[2]]) ~= "table" then
    place[1][place[2]] = other[1][other[2]]
  elseif kind == 2 and type(place[2]) == "string" then
    place[1][pick(WORDS)] = place[1][place[2]]
  else
    place[1][place[2]] = wrong()
  end
end

local function change_bytes(text)
  for _ = 0, random(3) do
    local at = random(#text + 1) + 1
    local kind = random(4)
    if kind == 0 then
      text = text:sub(1, at - 1)
    elseif kind == 1 then
      text = text:sub(1, at - 1) .. string.char(random(256)) .. text:sub(at + 1)
    elseif kind == 2 then
      text = text:sub(1, at) .. ("["):rep(random(200)) .. text:sub(at + 1)
    else
      text = text:sub(1, at) .. text:sub(random(#text + 1) + 1)
    end
  end
  return text
end

local function mutate(text)
  if random(4) == 0 then
    return change_bytes(text)
  end
  local tree = core.json_decode(text)
  for _ = 0, random(3) do
    change_place(tree)
  end
  return core.json_encode(tree) or "{"
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function check(holds, message, ...)
  if not holds then
    error(message:format(...), 0)
  end
end

local function check_message(message)
  check(type(message) == "string" and #message <= MAX_MESSAGE and not message:find("[%z\1-\31\127]"),
    "a message that is none: %q", tostring(message):sub(1, 200))
end

local PARAMS = {
  Id = "a-b-c", Head = "h", Heads = { A = "b" }, Query = { "q" }, List = { "x" }, Token = "t", Bytes = "body",
}

local function params_of(op)
  local params = {}
  for _, member in ipairs(op.input and core.members(op.input) or {}) do
    params[member.name] = PARAMS[member.name]
  end
  return params
end

-- The request of an operation, of which no header may have a second line.
local function check_request(client, op)
  local request, err = client:request(op.name, params_of(op))
  if not request then
    return check(type(err) == "table" and type(err.message) == "string", "%s: no error", op.name)
  end
  for name, value in pairs(request.headers) do
    check(not (name .. value):find("[\r\n%z]"), "%s: a header of two lines: %q", op.name, name .. ": " .. value)
  end
  check(not request.url:find("[%z\1-\32]"), "%s: a URL of two words: %q", op.name, request.url)
end

local function use(data)
  local model = Model.new(data)
  local ok, client = pcall(cloudjobs.aws.client, {
    model = model, region = "eu-west-1", env = {}, transport = Stub.new(),
    credentials = { access_key_id = "AKID", secret_access_key = "hush" },
  })
  check(ok, "a client: %s", tostring(client))
  for _, name in ipairs(model:operations()) do
    local op, reason = model:operation(name)
    if op then
      check_request(client, op)
    elseif reason then
      check_message(reason)
    end
  end
  for _, code in ipairs { "Gone", "Gone.Code", "Nothing" } do
    model:error(code)
  end
  for name in pairs(model:waiters()) do
    check(model:waiter(name), "no waiter %s", name)
  end
  if model:endpoints() then
    local answer, err = rule_set.resolve(model:endpoints(), { Region = "eu-west-1", Id = "a-b", Mode = "a" })
    check(answer or err.message, "no answer")
  end
end

local PROTOCOLS = { "json", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor" }

local function round(folder)
  local description = DESCRIPTION:gsub("rest%-json", pick(PROTOCOLS))
  local changed = { [pick { "service-2.json", "service-2.json", "service-2.json", "paginators-1.json", "waiters-2.json",
    "endpoint-rule-set-1.json", "service-2.sdk-extras.json" }] = true }
  write(folder .. "/service-2.json", changed["service-2.json"] and mutate(description) or description)
  for name, text in pairs(BESIDE) do
    write(folder .. "/" .. name, changed[name] and mutate(text) or text)
  end
  local data, message = Import.open(folder .. "/service-2.json")
  if data then
    use(data)
  else
    check_message(message)
  end
  return data ~= nil
end

local pipe = assert(io.popen("mktemp -d"))
local folder = pipe:read("*l")
pipe:close()

local rounds, read, started = 0, 0, os_.clock()
while os_.clock() - started < seconds do
  local before, from = os.clock(), state
  local ok, result = xpcall(function() return round(folder) end, debug.traceback)
  local took = os.clock() - before
  if ok and took > MAX_SECONDS then
    ok, result = false, ("it took %.1f s"):format(took)
  elseif ok and collectgarbage("count") > MAX_MEMORY then
    collectgarbage()
    ok, result = collectgarbage("count") <= MAX_MEMORY, "it grew"
  end
  if not ok then
    print(("description: FAILED in round %d of seed %d (state %d, %s): %s"):format(
      rounds, seed, from, folder, tostring(result)))
    os.exit(1)
  end
  rounds, read = rounds + 1, read + (result and 1 or 0)
end
os.execute("rm -r '" .. folder .. "'")
print(("description: %d inputs, %d of them read, seed %d, nothing found"):format(rounds, read, seed))
