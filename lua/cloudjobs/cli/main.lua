--- The `cloudjobs` command. A subcommand is a file beside this one, loaded when it is the one asked for:
--- `define(command, args)` adds its options or returns a message, `run(parsed, command, parser)` does it and returns
--- the exit status. A mistake on the command line is `nil, message`. EXAMPLES close its help.

local version = require "cloudjobs.version"

local EX_USAGE = 64 -- the command was used wrongly, as in sysexits.h
local EX_SOFTWARE = 70

local COMMANDS = {
  { "status", "Show every export of a fleet, its last run and its health" },
  { "watch", "Follow jobs to their ends; the exit status says how they ended" },
  { "run", "Start a job, such as an Azure export or a snapshot job, and follow it" },
  { "next", "Wait until an export or a window runs next, and follow that run" },
  { "list", "List exports, windows, snapshot jobs, or the runs of one" },
  { "kinds", "List the kinds of job that can be followed" },
  { "call", "Make one API call and print its result" },
  { "whoami", "Show which identity is used on each cloud, and from where" },
  { "demo", "Follow four jobs to their ends, on the emulator" },
  { "emulate", "Run a local emulator of the services" },
  { "completion", "Print the completions of a shell" },
}

local EXIT_STATUSES = [[
Exit status: 0 succeeded, 1 a job failed, 2 not known, 64 used wrongly,
70 a defect of cloudjobs or of its installation, 74 the output could not be
written.
`cloudjobs COMMAND --help` has examples.]]

local function complain(message, command)
  -- argparse's suggestion is a line of its own.
  local notice = require "cloudjobs.cli.notice"
  local mistake, suggestion = message:match("^(.*)\n(Did you mean '[^\n]*'%?)$")
  notice.report(mistake or message)
  if suggestion then
    notice.line(suggestion)
  end
  notice.line(("Try: cloudjobs %s--help"):format(command and command .. " " or ""))
  return EX_USAGE
end

-- argparse's own --help would end the process without closing the state.
local function add_help(parser)
  parser:add_help {
    action = function()
      require("cloudjobs.cli.out").write(parser:get_help(), "\n")
      os.exit(0, true)
    end,
  }
end

-- Loads nothing else.
local function print_version()
  local ok, message = io.stdout:write("cloudjobs ", version, "\n")
  if ok then
    ok, message = io.stdout:flush()
  end
  if not ok then
    require("cloudjobs.cli.out").abort(message)
  end
end

local function load_command(name)
  return require("cloudjobs.cli." .. name)
end

-- Adds a subcommand's options. Returns a message when its first words name nothing.
local function define(name, added, args)
  add_help(added)
  local chosen = load_command(name)
  local message = chosen.define(added, args)
  if chosen.EXAMPLES then
    added:epilog((added._epilog and added._epilog .. "\n\n" or "") .. "Examples:\n" .. chosen.EXAMPLES)
  end
  return chosen, message
end

local function build(args)
  local parser = require "argparse"("cloudjobs",
    "Start long-running cloud jobs, wait for them and report how they ended.")
  add_help(parser)
  parser:flag("--version", "Print the version and stop."):action(function()
    print_version()
    os.exit(0, true)
  end)
  parser:epilog(EXIT_STATUSES)
  local built, added = { parser = parser }, {}
  for _, listed in ipairs(COMMANDS) do
    local name, summary = listed[1], listed[2]
    added[name] = parser:command(name):summary(summary):description(summary .. ".")
    if name == args[1] then
      built.name, built.command = name, added[name]
      built.chosen, built.message = define(name, added[name], args)
    end
  end
  if built.chosen and built.chosen.NEEDS_ALL then
    for name, command in pairs(added) do
      if name ~= built.name then
        define(name, command, {})
      end
    end
  end
  return built
end

local function run(args)
  local built = build(args)
  if built.message then
    return complain(built.message, built.name)
  end
  local ok, parsed = built.parser:pparse(args)
  if not ok then
    -- A negative number is read as an option, and every letter is suggested for it.
    return complain((parsed:gsub("^(unknown option '%-[^-]').*", "%1")), built.name)
  end
  local status, message = built.chosen.run(parsed, built.command, built.parser)
  return status or complain(message, built.name)
end

-- Reports what was raised. Where a part is missing, cli/notice may not load either.
local function fail(problem)
  local advice = require("cloudjobs.base.native").advice(problem)
  if advice then
    io.stderr:write("cloudjobs: ", advice, "\n")
  else
    require("cloudjobs.cli.notice").report("internal error: " .. problem)
  end
end

--- Runs the command line `args` and returns the exit status.
---@param args string[]
---@return integer
local function main(args)
  if args[1] == "--version" then
    print_version()
    return 0
  end
  local ok, status = pcall(function()
    require("cloudjobs.os").default_interrupt()
    return run(args)
  end)
  if not ok then
    fail(tostring(status))
    return EX_SOFTWARE
  end
  return status
end

return main
