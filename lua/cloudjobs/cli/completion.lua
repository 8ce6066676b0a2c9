--- `cloudjobs completion bash|zsh|fish`: prints what teaches a shell the subcommands and their options.

local out = require "cloudjobs.cli.out"

local EXAMPLES = [[
   cloudjobs completion bash > ~/.local/share/bash-completion/completions/cloudjobs
   cloudjobs completion zsh > "${fpath[1]}/_cloudjobs"
   cloudjobs completion fish > ~/.config/fish/completions/cloudjobs.fish]]

local function define(command)
  command:argument("shell"):choices { "bash", "zsh", "fish" }:description("Which shell.")
end

--- Prints. `parser` has every subcommand defined.
local function run(parsed, _, parser)
  out.write(parser["get_" .. parsed.shell .. "_complete"](parser))
  return out.EXIT.succeeded
end

return { EXAMPLES = EXAMPLES, NEEDS_ALL = true, define = define, run = run }
