--- `make nginx-demo`: the example on the emulator, with exports that run, one of
--- which fails, and a webhook that is called for it. Ends when it is interrupted,
--- or with nginx's own status when nginx does not start.
---
---     lua5.4 examples/nginx/demo.lua [port]

local cloudjobs = require "cloudjobs"
local emulator = require "cloudjobs.emulator"
local process = require "cloudjobs.os"

local PORT = arg[1] or "8080"
local SPEED = 60 -- the emulator's seconds in one of ours
local POLL = 0.2 -- seconds between two looks at nginx
local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
local KEYS = { AWS_ACCESS_KEY_ID = "AKIDEMULATOR", AWS_SECRET_ACCESS_KEY = "emulator-secret", AWS_REGION = "us-east-1" }

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function export(name)
  return {
    Name = name,
    DataQuery = { QueryStatement = "SELECT line_item_unblended_cost FROM COST_AND_USAGE_REPORT" },
    DestinationConfigurations = {
      S3Destination = {
        S3Bucket = "example-billing", S3Prefix = "demo", S3Region = "us-east-1",
        S3OutputConfigurations = {
          OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
        },
      },
    },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
  }
end

-- Lets the services' time pass until the export's first run has begun.
local function first_run(server, exports, arn)
  for _ = 1, 100 do
    local run = assert(exports:all("list_executions", { ExportArn = arn }))[1]
    if run then
      return run
    end
    server:clock { advance = 60 }
  end
end

-- Creates what there is to see; gives the references of two jobs that run.
local function prepare(server)
  local exports = cloudjobs.aws.bcm_data_exports {
    region = KEYS.AWS_REGION, endpoint = server.url, env = {},
    credentials = { access_key_id = KEYS.AWS_ACCESS_KEY_ID, secret_access_key = KEYS.AWS_SECRET_ACCESS_KEY },
  }
  server:outcome {
    kind = "export_execution", match = { Name = "weekly" },
    status = "QUERY_FAILURE", reason = "INSUFFICIENT_PERMISSION",
  }
  local refs = {}
  for _, name in ipairs { "nightly", "weekly" } do
    local arn = assert(exports:create_export { Export = export(name) }).ExportArn
    local run = assert(first_run(server, exports, arn))
    refs[#refs + 1] = cloudjobs.jobs.export_execution(exports, { ExportArn = arn, ExecutionId = run.ExecutionId }):ref()
  end
  local costs = cloudjobs.azure.cost_exports {
    scope = SCOPE, endpoint = server.url, credentials = { token = "emulator-token" },
  }
  assert(costs:create_or_update {
    export = cloudjobs.azure.export {
      name = "monthly", type = "ActualCost", from = os.time() + 86400, container = "costs",
      storage = "/" .. SCOPE .. "/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/lakecosts01",
    },
  })
  assert(costs:execute { exportName = "monthly" })
  return refs
end

local SETTINGS = [[
local azure = { endpoint = %q, credentials = { token = "emulator-token" } }
return {
  fleet = {
    { cloud = "aws", region = "us-east-1" },
    { cloud = "azure", scope = %q, endpoint = azure.endpoint, credentials = azure.credentials },
  },
  options = { aws = {}, azure = azure },
  webhook = "http://127.0.0.1:%s/webhook",
}
]]

-- A webhook: logs each failure, and remembers the last.
local WEBHOOK = [[

    location = /webhook {
      content_by_lua_block {
        if ngx.req.get_method() == "GET" then
          return ngx.print(ngx.shared.jobs:get("webhook"))
        end
        ngx.req.read_body()
        local text = ngx.req.get_headers()["x-job"] .. " " .. ngx.req.get_body_data()
        ngx.shared.jobs:set("webhook", text)
        ngx.log(ngx.WARN, "a job has failed: ", text)
      }
    }
]]

-- The example's configuration with another port and the webhook.
local function configuration()
  local text = read("examples/nginx/nginx.conf")
  text = text:gsub("listen 127%.0%.0%.1:8080;", function(line)
    return line:gsub("8080", PORT) .. WEBHOOK
  end)
  return text
end

-- nginx, or OpenResty where that alone is in PATH.
local function find_program()
  for _, name in ipairs { "nginx", "openresty" } do
    local result = process.run { name, "-v" }
    if result and result.status == 0 then
      return name
    end
  end
  return "nginx" -- whose absence is reported when it is started
end

local program = find_program()

local function modules()
  local result = process.run { program, "-V" }
  local folder = result and result.stderr:match("--modules%-path=(%S+)")
  local found = folder and io.open(folder .. "/ngx_http_lua_module.so")
  if not found then
    return "" -- OpenResty has Lua built in
  end
  found:close()
  return (" load_module %s/ndk_http_module.so; load_module %s/ngx_http_lua_module.so;"):format(folder, folder)
end

local function here()
  return (process.run({ "pwd" }).stdout:gsub("\n", ""))
end

local server = assert(emulator.start { speed = SPEED })
local refs = prepare(server)
local tree, build = here(), os.getenv("BUILD") or "build"
local folder = ("%s/%s/nginx-demo-%s"):format(tree, build, PORT)
assert(process.run({ "mkdir", "-p", folder }).status == 0)
write(folder .. "/settings.lua", SETTINGS:format(server.url, SCOPE, PORT))
write(folder .. "/nginx.conf", configuration())

local env = {
  PATH = os.getenv("PATH"),
  LUA_PATH = ("%s/examples/nginx/?.lua;%s/lua/?.lua;%s/lua/?/init.lua;;"):format(tree, tree, tree),
  LUA_CPATH = ("%s/%s/luajit/?.so;;"):format(tree, build),
  AWS_ENDPOINT_URL = server.url,
  CLOUDJOBS_EXAMPLE = folder .. "/settings.lua",
}
for name, value in pairs(KEYS) do
  env[name] = value
end
os.remove(folder .. "/nginx.pid") -- one that was killed left it
local nginx = assert(process.spawn({
  program, "-e", "stderr", "-p", folder, "-c", folder .. "/nginx.conf", "-g", "daemon off; user root;" .. modules(),
}, { env = env }))

-- nginx writes its pid when it has the port; before that somebody else may answer there.
local function has_started()
  local file = io.open(folder .. "/nginx.pid")
  return file and file:close()
end

local function announce()
  print("the emulator    " .. server.url)
  print(("all exports     http://127.0.0.1:%s/"):format(PORT))
  for _, ref in ipairs(refs) do
    print(("a job           http://127.0.0.1:%s/jobs/%s"):format(PORT, ref))
  end
  print(("what has failed http://127.0.0.1:%s/webhook"):format(PORT))
  print "Ctrl-C ends it"
  io.stdout:flush()
end

-- Ctrl-C reaches this process alone: its children are in groups of their own.
process.catch_interrupt()
local announced, status, why
repeat
  status, why = nginx:wait(POLL)
  if not announced and has_started() then
    announce()
    announced = true
  end
until why ~= "timeout" or process.interrupted()
nginx:stop()
server:stop()
os.exit(process.interrupted() and 0 or status or 1, true)
