--- The judges of the emulator: other people's clients, each a child process
--- that leads one kind of object through its life (spec/judges/python and
--- spec/judges/node) and prints a report, `[step, result]` a line.

local assert = require "luassert"
local busted = require "busted"
local core = require "cloudjobs.core"
local emulator = require "cloudjobs.emulator"
local process = require "cloudjobs.os"
local troubles = require "spec.data.troubles"

local MODULES = (os.getenv("JUDGES") or "build/judges") .. "/node_modules"
local TIMEOUT = 120
local START = 1795305600 -- 2026-11-22T00:00:00Z, when the jobs' clock stands still

local function answers(words)
  local result = process.run(words, { timeout = TIMEOUT })
  return result ~= nil and result.status == 0
end

-- A child sees none of the settings of this process.
local ENVIRONMENT = {
  "env", "-u", "AWS_PROFILE", "-u", "AWS_ENDPOINT_URL", "-u", "AWS_ACCESS_KEY_ID", "-u", "AWS_SESSION_TOKEN",
  "PYENV_ROOT=" .. (os.getenv("PYENV_ROOT") or os.getenv("HOME") .. "/.pyenv"), -- for a python3 that reads it
  "AWS_CONFIG_FILE=/dev/null",
  "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
  "AWS_EC2_METADATA_DISABLED=true",
  "PYTHONDONTWRITEBYTECODE=1",
  "NO_PROXY=*",
  "NODE_PATH=" .. MODULES,
}

local boto3 = {
  title = "boto3",
  absent = "python3 has no boto3",
  troubles = troubles.boto3,
  driver = "python3 spec/judges/python/%s.py",
  present = function()
    return answers { "python3", "-c", "import boto3" }
  end,
}

local javascript = {
  title = "the AWS SDK for JavaScript",
  absent = "make judges installs it",
  troubles = troubles.javascript,
  driver = "node spec/judges/node/%s.js",
  present = function()
    return answers { "env", "NODE_PATH=" .. MODULES, "node", "-e", "require('@aws-sdk/client-ssm')" }
  end,
}

local azure = {
  title = "@azure/arm-costmanagement",
  absent = javascript.absent,
  troubles = {},
  driver = javascript.driver,
  present = function()
    return answers { "env", "NODE_PATH=" .. MODULES, "node", "-e", "require('@azure/arm-costmanagement')" }
  end,
}

local storage_blob = {
  title = "@azure/storage-blob",
  absent = javascript.absent,
  driver = javascript.driver,
  present = function()
    return answers { "env", "NODE_PATH=" .. MODULES, "node", "-e", "require('@azure/storage-blob')" }
  end,
}

--- Azurite, Azure's own stand-in for its storage; `program` starts its blobs.
local azurite = {
  title = "Azurite",
  absent = javascript.absent,
  program = { "node", MODULES .. "/azurite/dist/src/blob/main.js" },
  present = function()
    return answers { "test", "-f", MODULES .. "/azurite/dist/src/blob/main.js" } and storage_blob.present()
  end,
}

local command_line = {
  title = "the AWS command line",
  absent = "python3 has no awscli",
  present = function()
    return answers { "python3", "-c", "import awscli.clidriver" }
  end,
}

--- Defines specs where the judge is there; else leaves a pending one.
---@param judge table
---@param define fun()
local function with(judge, define)
  if judge.present() then
    return define()
  end
  busted.pending(("agrees (%s)"):format(judge.absent))
end

-- The command line of a judge's program.
local function with_environment(words, environment)
  local line = {}
  for _, part in ipairs { ENVIRONMENT, environment or {}, words } do
    for _, word in ipairs(part) do
      line[#line + 1] = word
    end
  end
  return line
end

--- Runs a program of a judge to its end.
---@param words string[]
---@param options { environment: string[]|nil, stdin: string|nil }|nil
---@return { status: integer, stdout: string, stderr: string }
local function run(words, options)
  options = options or {}
  return assert(process.run(with_environment(words, options.environment), { timeout = TIMEOUT, stdin = options.stdin }))
end

--- Starts a program of a judge that serves until it is stopped.
local function spawn(words)
  return assert(process.spawn(with_environment(words)))
end

--- The words that run a judge's driver.
local function driver(judge, noun, ...)
  local words = {}
  for word in judge.driver:format(noun):gmatch "%S+" do
    words[#words + 1] = word
  end
  for _, word in ipairs { ... } do
    words[#words + 1] = word
  end
  return words
end

-- What differs from run to run.
local VARIABLE = {
  { "%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-%x%x%x%x%-" .. ("%x"):rep(12), "<uuid>" },
  { "(%l+)%-" .. ("%x"):rep(12) .. "%x+", "%1-<id>" },
  { "%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ", "<date>" },
  { "'%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ'", "'<time>'" },
}

--- The lines that a program printed, decoded, in each the same placeholders for
--- what differs from run to run.
local function lines(text)
  local list = {}
  for printed in text:gmatch "[^\n]+" do
    local line = printed
    for _, rule in ipairs(VARIABLE) do
      line = line:gsub(rule[1], rule[2])
    end
    list[#list + 1] = assert(core.json_decode(line))
  end
  return list
end

--- An emulator whose jobs' clock moves only when a judge moves it.
local function start(options)
  local given = { speed = 0 }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  local server = assert(emulator.start(given))
  server:clock { set = START }
  return server
end

--- Compares the report of a judge's driver with the whole of the expected one,
--- a spec a line: the life of its kind of object, then the judge's troubles.
---@param judge table
---@param noun string the driver's name
---@param life table a list of { step, result }
---@param options table|nil the emulator's
local function hold(judge, noun, life, options)
  busted.describe(judge.title, function()
    with(judge, function()
      local expected = {}
      for _, part in ipairs { life, judge.troubles } do
        for _, line in ipairs(part) do
          expected[#expected + 1] = line
        end
      end
      local server, report
      busted.setup(function()
        server = start(options)
        local environment = server.ca_bundle and { "NODE_EXTRA_CA_CERTS=" .. server.ca_bundle }
        local result = run(driver(judge, noun, server.url), { environment = environment })
        assert(result.status == 0, result.stderr)
        report = lines(result.stdout)
      end)
      busted.teardown(function()
        server:stop()
      end)

      for i, line in ipairs(expected) do
        busted.it(line[1], function()
          assert.same(line, report[i])
        end)
      end

      busted.it("reports no more than that", function()
        assert.equal(#expected, #report)
      end)
    end)
  end)
end

return {
  boto3 = boto3,
  javascript = javascript,
  azure = azure,
  storage_blob = storage_blob,
  azurite = azurite,
  command_line = command_line,
  START = START,
  with = with,
  start = start,
  run = run,
  spawn = spawn,
  driver = driver,
  lines = lines,
  hold = hold,
}
