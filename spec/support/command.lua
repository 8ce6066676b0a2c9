--- The `cloudjobs` command beside an emulator that holds a small fleet.

local World = require "spec.support.world"
local emulator = require "cloudjobs.emulator"
local files = require "spec.support.files"
local json = require "cloudjobs.base.json"
local process = require "spec.support.process"

local HOUR, DAY = 3600, 86400
local SCOPE = World.SCOPE
local EXPORTS = "/" .. SCOPE .. "/providers/Microsoft.CostManagement/exports/"

local Command = {}
local command_mt = { __index = Command }

--- Starts the emulator; options are its own.
local function new(options)
  local server = assert(emulator.start(options or {}))
  return setmetatable({
    server = server,
    url = server.url,
    scope = SCOPE,
    folder = files.temporary(),
    environment = {
      AWS_ENDPOINT_URL = server.url,
      AWS_REGION = "us-east-1",
      AWS_ACCESS_KEY_ID = "AKIDEMULATOR",
      AWS_SECRET_ACCESS_KEY = "emulator-secret",
      AZURE_AUTHORITY_HOST = server.url,
      AZURE_TENANT_ID = "00000000-0000-0000-0000-00000000beef",
      AZURE_CLIENT_ID = "00000000-0000-0000-0000-00000000c11e",
      AZURE_CLIENT_SECRET = "emulator-secret",
      TZ = "UTC",
      TERM = "xterm",
    },
  }, command_mt)
end

function Command:stop()
  self.server:stop()
  files.remove(self.folder)
end

--- Creates an AWS export, `ago` seconds ago, which runs at once; gives its ARN.
function Command:export(name, ago)
  local outputs = self.server:seed {
    {
      service = "bcm_data_exports", operation = "CreateExport", ago = ago,
      params = { Export = World.new().export(name) },
    },
  }
  return outputs[1].ExportArn
end

--- Creates an Azure export, `ago` seconds ago; with `run_ago` it ran then.
function Command:azure_export(name, ago, run_ago)
  local steps = { { path = EXPORTS .. name, body = World.new().azure_export(), ago = ago } }
  if run_ago then
    steps[2] = { method = "POST", path = EXPORTS .. name .. "/run", ago = run_ago }
  end
  self.server:seed(steps)
end

--- Begins anew; what is called `broken` will fail.
function Command:reset()
  self.server:reset()
  self.server:outcome {
    kind = "export_execution", match = { Name = "broken" }, status = "QUERY_FAILURE", reason = "INSUFFICIENT_PERMISSION",
  }
end

--- A fleet of one account and one subscription: two exports that are well, one that is not.
function Command:seed()
  self:reset()
  self:export("nightly", 3 * HOUR)
  self:export("broken", DAY)
  self:azure_export("costs", 2 * HOUR, HOUR)
  return self:file("fleet.lua", ([[
return {
  { cloud = "aws", region = "us-east-1" },
  { cloud = "azure", scope = %q, endpoint = %q },
}
]]):format(SCOPE, self.url))
end

--- The reference of the last run that `cloudjobs list` shows of what the words name.
function Command:last_run(...)
  local _, out = process.cloudjobs({ "list", "--output", "json", ... }, self.environment)
  return json.decode(out)[1].ref
end

--- Writes a file beside the fleet; gives its path.
function Command:file(name, text)
  local path = self.folder .. "/" .. name
  files.write(path, text)
  return path
end

local UUID = "%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x"

--- What differs from run to run, named, and as long as it was.
local function normal(text)
  text = text:gsub("%d%d%d%d%-%d%d%-%d%d([ T])%d%d:%d%d:%d%d", "YYYY-MM-DD%1hh:mm:ss")
  text = text:gsub(UUID, "uuid-----xxxx-xxxx-xxxx-xxxxxxxxxxxx")
  return (text:gsub("127%.0%.0%.1:%d+", "HOST"))
end

--- Runs it: exit status, standard output and error.
function Command:run(words, environment)
  local status, out, err = process.cloudjobs(words, environment or self.environment)
  return status, normal(out), normal(err)
end

--- Runs it in a terminal of so many columns: exit status and the bytes that it wrote there.
--- `answers` are typed one after the other: `{ what, keys }`, the keys as soon as `what` is on the screen.
function Command:in_terminal(columns, words, answers)
  local seen = self.folder .. "/seen"
  files.write(seen, "")
  -- It replaces the shell, which may report a signal in its own way.
  local inner = ("stty cols %d rows 24; exec %s"):format(columns, process.cloudjobs_line(words, self.environment))
  local line = process.command { "script", "-qefc", inner, seen }
  local typing = {}
  for i, answer in ipairs(answers or {}) do
    typing[i] = ("%s printf '%s';"):format(process.until_seen(answer[1], seen), answer[2])
  end
  if answers then
    line = ("( %s ) | %s"):format(table.concat(typing, " "), line)
  end
  return process.run(line)
end

--- Whether there is a `script` to make terminals with, as util-linux has it.
local function has_terminal()
  local status, out = process.run("script --version")
  return status == 0 and out:find("util-linux", 1, true) ~= nil
end

return { new = new, normal = normal, has_terminal = has_terminal, SCOPE = SCOPE }
