--- `credential_process` of a profile: a program that prints keys. It is run
--- without a shell, within a deadline, and once for each refresh. It may prompt
--- its user for a code: our terminal and our standard input are its own, and so
--- is our standard error. What it writes there is not filtered: prompts end in no
--- line break and may hide what is typed, the program could open the terminal
--- itself, and the user has named it to be run with all rights of the user.

local Identity = require "cloudjobs.aws.credentials.identity"
local child = require "cloudjobs.cloud.child"
local document = require "cloudjobs.aws.credentials.document"
local quote = require "cloudjobs.base.quote"
local words = require "cloudjobs.base.shell_words"

local SOURCE = "custom-process"
local TIMEOUT = 60 -- seconds: some prompt their user for a code
local MAX_OUTPUT = 64 * 1024 -- keys with a long session token are some 4 KB

---@class cloudjobs.aws.credentials.process: cloudjobs.Provider
local Process = {}
local process_mt = { __name = "cloudjobs.aws.credentials.process", __index = Process }

-- What the program prints may be secret, so no error repeats any of it.
local function fail(self, message, hint)
  return Identity.failure(
    SOURCE, ("profile %s: credential_process %s"):format(quote.value(self._name), message),
    hint or "Run it by hand to see what it prints"
  )
end

local function failed_run(self, program, code, message)
  if code == "timeout" then
    return fail(self, ("did not end within %g s"):format(self._timeout),
      "Pass process_timeout = seconds to cloudjobs.aws.credentials, or run it by hand to see what it waits for")
  elseif code == "too_large" then
    return fail(self, ("printed more than %d bytes"):format(MAX_OUTPUT))
  end
  local reason = message:match("[^:]*$") -- behind the program's path
  return fail(self, ("cannot be run: cannot run %s:%s"):format(quote.path(program), reason))
end

local function run(self, command)
  local reason = child.refusal(self._transport)
  if reason then
    return fail(self, reason, "Ask for these credentials in init_by_lua")
  end
  local arguments, message = words.split(command)
  if not arguments then
    return fail(self, "cannot be split into words: " .. message)
  elseif (arguments[1] or "") == "" then
    return fail(self, "names no program")
  end
  local result, code
  result, code, message = child.run(self._transport, arguments, {
    timeout = self._timeout,
    max_output = MAX_OUTPUT,
    terminal = true,
    env = self._config:environment(),
  })
  if not result then
    return failed_run(self, arguments[1], code, message)
  elseif result.signal then
    return fail(self, ("was ended by signal %d"):format(result.signal))
  elseif result.status ~= 0 then
    return fail(self, ("ended with status %d"):format(result.status))
  end
  return result.stdout
end

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Process:get()
  local profile, err = self._config:profile(self._name)
  if err then
    return nil, err
  end
  local command = profile and profile.credential_process
  if type(command) ~= "string" then
    return Identity.absent(SOURCE, ("profile %s has no credential_process"):format(quote.value(self._name)))
  end
  local output
  output, err = run(self, command)
  if not output then
    return nil, err
  end
  local answer, message = document.decode(output)
  if not answer then
    return fail(self, "printed no keys: " .. message)
  elseif answer.Version ~= 1 then
    return fail(self, "printed no Version, or one that is not 1")
  end
  answer.AccountId = answer.AccountId or profile.aws_account_id
  local identity
  identity, message = document.identity(answer, "SessionToken", SOURCE)
  if not identity then
    return fail(self, "printed no keys: " .. message)
  end
  return identity
end

--- A provider of what a profile's credential_process prints.
---@param config cloudjobs.Config
---@param name string
---@param world { transport: table|nil, process_timeout: number|nil } a transport that has a method no_children may
---   forbid it; process_timeout: seconds, 60 unless given
local function new(config, name, world)
  return setmetatable({
    _config = config, _name = name, _transport = world.transport, _timeout = world.process_timeout or TIMEOUT,
  }, process_mt)
end

return { new = new }
