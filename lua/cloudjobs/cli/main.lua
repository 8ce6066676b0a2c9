--- The `cloudjobs` command. A subcommand is a file beside this one, loaded when it is the one asked for:
--- `define(command, args)` adds its options or returns a message, `run(parsed, command)` does it and returns the exit
--- status. A mistake on the command line is `nil, message`.

local argparse = require "argparse"
local version = require "cloudjobs.version"

local EX_USAGE = 64 -- the command was used wrongly, as in sysexits.h

local COMMANDS = {
  { "call", "Make one API call and print its result as JSON" },
  { "demo", "Follow a job of each kind to its end, on the emulator" },
  { "emulate", "Run the local stand-in for the four services" },
}

local function complain(message, command)
  io.stderr:write("cloudjobs: ", message, "\nTry: cloudjobs ", command and command .. " " or "", "--help\n")
  return EX_USAGE
end

-- argparse's own --help would end the process without closing the state.
local function add_help(parser)
  parser:add_help {
    action = function()
      print(parser:get_help())
      os.exit(0, true)
    end,
  }
end

--- Runs the command line `args` and returns the exit status.
---@param args string[]
---@return integer
local function main(args)
  if args[1] == "--version" then
    print("cloudjobs " .. version)
    return 0
  end
  local parser = argparse("cloudjobs", "Start, follow and collect the long-running jobs of the big clouds.")
  add_help(parser)
  parser:flag("--version", "Print the version and stop.")

  local chosen, command, message
  for _, listed in ipairs(COMMANDS) do
    local name, summary = listed[1], listed[2]
    local added = parser:command(name):summary(summary):description(summary .. ".")
    if name == args[1] then
      add_help(added)
      chosen, command = require("cloudjobs.cli." .. name), added
      message = chosen.define(command, args)
    end
  end
  local name = chosen and args[1]
  if message then
    return complain(message, name)
  end
  local ok, parsed = parser:pparse(args)
  if not ok then
    return complain(parsed, name)
  end
  local status
  status, message = chosen.run(parsed, command)
  return status or complain(message, name)
end

return main
