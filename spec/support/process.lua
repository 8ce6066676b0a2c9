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

-- A child's environment: the search paths of this one, and `environment`.
local function clean(environment)
  local words = { "env", "-i", "PATH=" .. os.getenv("PATH") }
  for _, name in ipairs { "LUA_PATH", "LUA_CPATH", "LSAN_OPTIONS" } do
    words[#words + 1] = os.getenv(name) and name .. "=" .. os.getenv(name)
  end
  for name, value in pairs(environment or {}) do
    words[#words + 1] = name .. "=" .. value
  end
  return words
end

--- A shell's line that runs bin/cloudjobs with `words`, by the interpreter that runs this spec.
local function cloudjobs_line(words, environment)
  return command(clean(environment)) .. " " .. command { program, "bin/cloudjobs" } .. " " .. command(words)
end

--- Runs bin/cloudjobs with `words`.
---@param words string[]
---@param environment table<string, string>|nil
local function cloudjobs(words, environment)
  return run(cloudjobs_line(words, environment))
end

--- Runs the text of a Lua program likewise.
local function lua(text, environment)
  return run(command(clean(environment)) .. " " .. command { program, "-e", text })
end

--- Runs a shell's line in which `cloudjobs` is the command of this checkout.
local function shell(line, environment)
  local words = clean(environment)
  for _, word in ipairs { "sh", "-c", ("cloudjobs() { %s bin/cloudjobs \"$@\"; }; %s"):format(program, line) } do
    words[#words + 1] = word
  end
  return run(command(words))
end

--- A shell command that waits until `text` is in one of the files, a minute at most,
--- so that a program that never prints it fails its spec.
local function until_seen(text, ...)
  return ("n=0; until grep -q %s %s || [ $((n += 1)) -gt 1200 ]; do sleep 0.05; done;")
    :format(quote(text), command { ... })
end

return {
  program = program,
  quote = quote,
  command = command,
  run = run,
  cloudjobs = cloudjobs,
  cloudjobs_line = cloudjobs_line,
  lua = lua,
  shell = shell,
  until_seen = until_seen,
}
