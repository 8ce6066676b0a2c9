--- `cloudjobs completion bash|zsh|fish`: prints a script that completes the subcommands, their options and their
--- first arguments. The scripts are argparse's, which completes choices alone and has --help twice.

local out = require "cloudjobs.cli.out"

local EXAMPLES = [[
   cloudjobs completion bash > ~/.local/share/bash-completion/completions/cloudjobs
   cloudjobs completion zsh > "${fpath[1]}/_cloudjobs"
   cloudjobs completion fish > ~/.config/fish/completions/cloudjobs.fish]]

local SHELLS = { "bash", "zsh", "fish" }

local function define(command)
  command:argument("shell"):choices(SHELLS):description("Which shell.")
end

-- Calls f(name, argument, words) for each subcommand whose first argument has completions: its choices, or those in
-- `offers`, where other words are allowed, too.
local function each_offer(parser, f)
  for _, command in ipairs(parser._commands) do
    local argument = command._arguments[1]
    local words = argument and (argument._choices or argument.offers)
    if words then
      f(command._name, argument, table.concat(words, " "))
    end
  end
end

local COMPLETE = {}

function COMPLETE.bash(parser)
  local lines = { '    if [[ $COMP_CWORD -eq 2 ]]; then\n        case "$cmd" in' }
  each_offer(parser, function(name, _, words)
    lines[#lines + 1] = ('            %s) COMPREPLY=($(compgen -W "%s" -- "$cur")) ;;'):format(name, words)
  end)
  lines[#lines + 1] = "        esac\n    fi\n"
  local script = parser:get_bash_complete():gsub('opts="$opts %-h %-%-help', 'opts="$opts')
  local at = script:find('    if [[ "$cur" = -* ]]', 1, true)
  return script:sub(1, at - 1) .. table.concat(lines, "\n") .. script:sub(at)
end

function COMPLETE.zsh(parser)
  each_offer(parser, function(_, argument)
    argument._choices = argument._choices or argument.offers
  end)
  return (parser:get_zsh_complete():gsub("\n        {%-h,%-%-help}[^\n]*", ""))
end

function COMPLETE.fish(parser)
  local lines = {}
  each_offer(parser, function(name, _, words)
    lines[#lines + 1] = ("complete -c cloudjobs -n '__fish_cloudjobs_using_command %s' -a '%s'\n"):format(name, words)
  end)
  local script = parser:get_fish_complete():gsub("\ncomplete [^\n]*seen_command [^\n]* %-s h %-l help[^\n]*", "")
  return script .. table.concat(lines)
end

--- Prints. `parser` has every subcommand defined.
local function run(parsed, _, parser)
  out.write(COMPLETE[parsed.shell](parser))
  return out.EXIT.succeeded
end

return { EXAMPLES = EXAMPLES, NEEDS_ALL = true, define = define, run = run }
