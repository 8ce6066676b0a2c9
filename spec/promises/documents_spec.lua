--- Every code block of every page runs as it is written, and every link leads somewhere. The pages share one emulator:
--- README.md comes first, since the others go on from what its first programs made.

local Command = require "spec.support.command"
local cloudjobs = require "cloudjobs"
local emulator = require "cloudjobs.emulator"
local files = require "spec.support.files"
local layers = require "spec.support.layers"
local markdown = require "spec.support.markdown"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local stub = require "cloudjobs.stub"

local PLACE = "http://127.0.0.1:4599" -- where the reader has the emulator

local PAGES = { "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md" }
for _, path in ipairs(files.list("docs", ".md")) do
  PAGES[#PAGES + 1] = path
end

local server, environment, folder

setup(function()
  -- So fast that no example has to wait.
  server = assert(emulator.start { speed = 1e6 })
  folder = files.temporary()
  environment = {
    AWS_ENDPOINT_URL = server.url,
    AWS_REGION = "us-east-1",
    AWS_ACCESS_KEY_ID = "AKIDEMULATOR",
    AWS_SECRET_ACCESS_KEY = "emulator-secret",
    AZURE_AUTHORITY_HOST = server.url,
    AZURE_TENANT_ID = "00000000-0000-0000-0000-00000000beef",
    AZURE_CLIENT_ID = "00000000-0000-0000-0000-00000000c11e",
    AZURE_CLIENT_SECRET = "emulator-secret",
  }
end)

teardown(function()
  server:stop()
  files.remove(folder)
end)

-- A block's text with the addresses and files of this run in place of the reader's.
local function placed(text)
  local names = { ["fleet.lua"] = folder .. "/fleet.lua", ["failed.csv"] = folder .. "/failed.csv", ["./load-billing-data"] = "true" }
  for name, here in pairs(names) do
    text = text:gsub("%f[%S]" .. name:gsub("%p", "%%%0") .. "%f[%s]", here)
  end
  return (text:gsub(PLACE:gsub("%p", "%%%0"), server.url))
end

-- A block whose first comment is a file's name becomes that file, too.
local function keep(block)
  local name = block.text:match("^%-%- (%S+%.lua)\n")
  if name then
    files.write(folder .. "/" .. name, placed(block.text))
  end
end

local RUN = {}

function RUN.lua(block)
  keep(block)
  local status, _, err = process.lua("\n" .. placed(block.text), environment)
  assert.same({ 0, "" }, { status, err })
end

-- The targets of `make` in a line of the shell exist.
local function check_targets(line)
  local makefile = files.read("Makefile")
  for target in line:gsub("#.*", ""):gsub("%S+=%S*", ""):gsub("&&.*", ""):gmatch("%f[%w]%l[%l-]*") do
    assert.truthy(target == "make" or makefile:find("\n" .. target .. ":", 1, true), target)
  end
end

function RUN.sh(block)
  local lines = {}
  for line in block.text:gmatch("[^\n]+") do
    if line:find("^make ") then
      check_targets(line)
    else
      lines[#lines + 1] = line
    end
  end
  if #lines > 0 then
    local status, _, err = process.shell(placed(table.concat(lines, "\n") .. "\n"), environment)
    assert.equal("", err)
    assert.truthy(status <= 2, status) -- what a command says of jobs, not a mistake
  end
end

function RUN.json(block)
  local value, message = cloudjobs.json.decode(block.text)
  assert.truthy(value, message)
end

-- Lines of the http block, or locations of its server: each answers a request.
function RUN.nginx(block)
  if nginx.absent() then
    return pending(nginx.absent())
  end
  local is_server = block.text:find("^location ")
  local setup_line = 'lua_shared_dict cloudjobs 1m; init_by_lua_block { require("cloudjobs.nginx").setup() }'
  local env = { PATH = os.getenv "PATH" }
  for name, value in pairs(environment) do
    env[name] = value
  end
  local child = nginx.start {
    http = is_server and setup_line or block.text,
    server = is_server and block.text or nil,
    env = env,
  }
  for path in block.text:gmatch("location (/%S*)") do
    local status, body = child:get(path)
    assert.same({ 200, path }, { status, path }, body)
  end
  child:stop()
end

-- What a page shows and nobody executes.
function RUN.text() end

for _, path in ipairs(PAGES) do
  describe(path, function()
    local text = files.read(path)

    for _, block in ipairs(markdown.blocks(text)) do
      local title = ("has %s in line %d that runs as written"):format(block.language, block.line)
      if block.skipped then
        it(("gives a reason for what is not run in line %d"):format(block.line), function()
          assert.matches("%S+ %S+", block.skipped)
        end)
      elseif block.language ~= "text" then
        it(title, function()
          assert.is_function(RUN[block.language], "no spec runs " .. block.language)
          RUN[block.language](block)
        end)
      end
    end

    it("has links that lead somewhere", function()
      local broken = {}
      for _, target in ipairs(markdown.links(text)) do
        if not target:find("^https?://") then
          local file, anchor = target:match("^([^#]*)#?(.*)$")
          local here = file == "" and path or (path:match("^(.*/)") or "") .. file
          here = here:gsub("[^/]+/%.%./", "")
          local handle = io.open(here)
          if handle then
            handle:close()
          end
          if not handle or (anchor ~= "" and not markdown.anchors(files.read(here))[anchor]) then
            broken[#broken + 1] = target
          end
        end
      end
      assert.same({}, broken)
    end)
  end)
end

describe("README.md", function()
  local text = files.read("README.md")

  it("has a checkout used as it is give its shell the command, run by the Lua it was built for", function()
    local tree = process.quote((select(2, process.run("pwd")):gsub("\n", "")))
    local make = ("make -s -C %s LUA=%s"):format(tree, process.program:match("^lua(.*)$"))
    local line = ('unset MAKEFLAGS; %s build && cd / && eval "$(%s env)" && cat "$(command -v cloudjobs)" && cloudjobs --version')
    local status, out = process.run(line:format(make, make))
    assert.equal(0, status)
    assert.matches("\nexec " .. process.program .. " .*\ncloudjobs %d", out)
  end)

  local function cron_job()
    for _, block in ipairs(markdown.blocks(text)) do
      if block.language == "lua" and block.text:find("next_execution(", 1, true) then
        return block.text
      end
    end
  end

  it("has a whole cron job in less than 30 lines", function()
    assert.is_true(select(2, cron_job():gsub("\n", "")) < 30)
  end)

  it("has a cron job that names each export that failed or did not run, and waits for all at once", function()
    local cli = Command.new { speed = 1000 }
    finally(function()
      cli:stop()
    end)
    cli:reset()
    cli:export("broken", 3600)
    cli:export("late", 3600)
    cli:export("nightly", 3600)
    local program = cron_job():gsub("6 %* 3600", "1"):gsub("since = yesterday",
      "since = export.ExportName == 'late' and os.time() + 86400 * 9 or yesterday")
    local started = os.time()
    local status, out, err = process.lua(program, cli.environment)
    assert.same({ 1, "" }, { status, out })
    local names = {}
    for line in err:gmatch "[^\n]+" do
      names[#names + 1] = line:match "^(%a+): "
    end
    assert.same({ "broken", "late" }, names)
    assert.matches("QUERY_FAILURE", err)
    assert.is_true(os.time() - started < 30)
  end)

  it("is short enough for a newcomer", function()
    assert.is_true(select(2, text:gsub("\n", "")) <= 250)
  end)
end)

describe("docs/architecture.md", function()
  it("has the rooms that the layers have, and what each may require", function()
    local wanted, found = {}, {}
    for _, row in ipairs(layers.rooms) do
      wanted[#wanted + 1] = row.room .. ": " .. (row.may or "")
    end
    for _, rows in ipairs(markdown.tables(files.read("docs/architecture.md"))) do
      for i = 2, rows[1][1] == "room" and #rows or 0 do
        found[#found + 1] = rows[i][1]:gsub("`", "") .. ": " .. rows[i][3]
      end
    end
    assert.same(wanted, found)
  end)
end)

-- Whether there is such a file or folder, as the pages for contributors name them.
local function exists(name)
  for _, base in ipairs { "", "lua/cloudjobs/", "csrc/" } do
    for _, ending in ipairs { "", ".lua", ".c" } do
      local handle = io.open(base .. name .. ending)
      if handle then
        handle:close()
        return true
      end
    end
  end
  return false
end

for _, path in ipairs { "CONTRIBUTING.md", "docs/architecture.md" } do
  describe(path, function()
    it("names files that exist", function()
      local missing = {}
      for name in files.read(path):gsub("%]%b()", "]"):gmatch("%f[%w._/][%l.][%w_.]*/[%w_./]*[%w_]") do
        if not name:find("%u%u") and not name:find("athena") and not exists(name) then
          missing[#missing + 1] = name
        end
      end
      assert.same({}, missing)
    end)
  end)
end

describe("the pages", function()
  local CLASSES = {
    { "cloudjobs.Error", "base/error", "errors-values-retries" },
    { "cloudjobs.Status", "job/status", "jobs" },
    { "cloudjobs.Row", "job/inventory", "jobs" },
    { "cloudjobs.Options", "cloud/options", "clients" },
    { "cloudjobs.aws.Options", "aws/init", "clients" },
    { "cloudjobs.azure.Options", "azure/init", "clients" },
    { "cloudjobs.CallOptions", "call/client", "clients" },
  }
  for _, case in ipairs(CLASSES) do
    it("name every field of " .. case[1], function()
      local page = files.read("docs/" .. case[3] .. ".md")
      local class = files.read("lua/cloudjobs/" .. case[2] .. ".lua")
        :match("@class " .. case[1] .. "%f[^%w.][^\n]*\n(.-\n)[^-]")
      local missing, count = {}, 0
      for name in class:gmatch("@field ([%w_]+)") do
        count = count + 1
        missing[#missing + 1] = not page:find("`" .. name .. "`", 1, true) and name or nil
      end
      assert.is_true(count > 3)
      assert.same({}, missing)
    end)
  end
end)

describe("docs/command.md", function()
  it("has the subcommands and options that the completions have", function()
    local known, named = {}, {}
    local _, out = process.cloudjobs { "completion", "fish" }
    for line in out:gmatch("\ncomplete ([^\n]+)") do
      local option = line:match(" %-l (%S+)")
      known[#known + 1] = option and "--" .. option or line:match(" %-a '?([%l]+)'? %-d")
    end
    assert.is_true(#known > 20)
    local text = files.read("docs/command.md")
    for option in text:gmatch("%-%-[%l-]+") do
      named[option] = true
    end
    for command in text:gmatch("cloudjobs (%l+)") do
      named[command] = true
    end
    for _, name in ipairs(known) do
      assert.truthy(named[name], "not documented: " .. name)
    end
  end)
end)

describe("a table of options", function()
  local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }
  local IDS = { ExportArn = "arn", ExecutionId = "id" }
  local PLAIN = { string = true, number = true, boolean = true, ["function"] = true }

  local exports = cloudjobs.aws.bcm_data_exports { region = "us-east-1", credentials = KEYS, transport = stub.new() }
  local sts = cloudjobs.aws.sts { region = "us-east-1", credentials = KEYS, transport = stub.new() }
  local ssm = cloudjobs.aws.ssm { region = "us-east-1", credentials = KEYS, transport = stub.new() }
  local job = cloudjobs.jobs.export_execution(exports, IDS)

  -- What takes the options of each page's tables, in their order.
  local TAKES = {
    ["clients.md"] = {
      cloudjobs.aws.ssm, cloudjobs.aws.ssm, cloudjobs.azure.cost_exports,
      function(options) return exports:list_exports({}, options) end,
      function(options) return exports:all("list_exports", {}, options) end,
      function(options) return ssm:wait("command_executed", {}, options) end,
      function(options) return sts:presign("get_caller_identity", {}, options) end,
    },
    ["errors-values-retries.md"] = { function(options) return cloudjobs.aws.ssm { retry = options } end },
    ["network-logging.md"] = { cloudjobs.aws.ssm },
    ["aws.md"] = { cloudjobs.aws.credentials, cloudjobs.aws.export },
    ["azure.md"] = { cloudjobs.azure.export },
    ["jobs.md"] = {
      function(options) return job:wait(options) end,
      function(options) return cloudjobs.inventory({}, options) end,
    },
    ["many-at-once.md"] = { function(options) return cloudjobs.parallel({}, options) end },
    ["emulator-and-stub.md"] = { emulator.start },
  }

  -- What is wrong with a row: each of its names is known, with the type of its second cell.
  local function check_row(cells, take, wrong)
    local kind = cells[2]:match("^%l+")
    kind = PLAIN[kind] and kind or "table"
    for name in cells[1]:gmatch("`([%w_]+)`") do
      local _, message = pcall(take, { [name] = coroutine.create(print) }) -- no option is a thread
      local expected = tostring(message):match("option " .. name .. ": expected ([%l ]+), got thread")
      if not (expected and expected:find(kind, 1, true)) then
        wrong[#wrong + 1] = ("%s, %s: %s"):format(name, kind, tostring(message))
      end
    end
  end

  for page, takes in pairs(TAKES) do
    it("of " .. page .. " has names and types that the code takes", function()
      local wrong, at = {}, 0
      for _, rows in ipairs(markdown.tables(files.read("docs/" .. page))) do
        if rows[1][1]:find("^option") and rows[1][2] == "type" then
          at = at + 1
          for i = 2, #rows do
            check_row(rows[i], takes[at], wrong)
          end
        end
      end
      assert.equal(#takes, at)
      assert.same({}, wrong)
    end)
  end
end)
