--- Child processes for specs.

local files = require "spec.support.files"

-- The interpreter that runs this spec.
local program = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("[%d.]+")

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- A command line of `words`, each one word to the shell.
local function command(words)
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = quote(word)
  end
  return table.concat(quoted, " ")
end

--- Runs a shell command to its end: its exit status, standard output and standard error.
---@param line string
---@return integer status
---@return string stdout
---@return string stderr
local function run(line)
  local folder = files.temporary()
  local ok, _, code = os.execute(("( %s ) </dev/null >%s/out 2>%s/err"):format(line, folder, folder))
  local status = type(ok) == "number" and math.floor(ok / 256) or code
  local out, err = files.read(folder .. "/out"), files.read(folder .. "/err")
  files.remove(folder)
  return status, out, err
end

--- Runs bin/cloudjobs with `words`. What the shell's environment says about clouds is left out.
---@param words string[]
local function cloudjobs(words)
  return run("unset $(env | sed -n 's/^\\(AWS_[A-Z_]*\\|AZURE_[A-Z_]*\\)=.*/\\1/p'); " ..
    command { program, "bin/cloudjobs" } .. " " .. command(words))
end

return { program = program, quote = quote, command = command, run = run, cloudjobs = cloudjobs }
