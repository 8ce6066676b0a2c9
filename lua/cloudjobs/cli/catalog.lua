--- The kinds of job as the command line names and shows them, those of a user's file of definitions among them.

local access = require "cloudjobs.cli.access"
local cloudjobs = require "cloudjobs"
local kinds = require "cloudjobs.job.kinds"
local check_list = require("cloudjobs.base.options").check_list
local quote = require "cloudjobs.base.quote"
local suggest = require "cloudjobs.base.suggest"

--- The name of a kind on the command line.
---@param kind cloudjobs.Kind
---@return string
local function name_of_kind(kind)
  return (kind.kind:gsub("_", "-"))
end

--- The names of all.
---@return string[]
local function names()
  local list = {}
  for i, kind in ipairs(kinds) do
    list[i] = name_of_kind(kind)
  end
  return list
end

--- Whether a job of the kind is started by parameters alone, without the name of a source.
---@param kind cloudjobs.Kind
---@return boolean
local function can_start(kind)
  return kind.run ~= nil and kind.run.finder ~= nil and not kind.source
end

--- The names of the kinds that are started so.
---@return string[]
local function startable()
  local list = {}
  for _, kind in ipairs(kinds) do
    list[#list + 1] = can_start(kind) and name_of_kind(kind) or nil
  end
  return list
end

-- The value of --kinds, which is needed before the command line can be parsed.
local function path_in(args)
  for i, word in ipairs(args) do
    local value = word:match("^%-%-kinds=(.*)$") or (word == "--kinds" and args[i + 1])
    if value then
      return value
    end
  end
  return os.getenv("CLOUDJOBS_KINDS")
end

-- Runs a file of definitions. Nothing is defined twice, so the file is run once.
local function run_file(path)
  local chunk, message = loadfile(path)
  if not chunk then
    return message
  end
  local ok, result = pcall(chunk)
  if not ok then
    return tostring(result)
  elseif type(result) ~= "table" then
    return ("%s: expected the file to return a list of definitions, got %s"):format(quote.path(path), type(result))
  end
  -- A table of names is a definition, also where it lacks the one of its kind.
  local list = type(next(result)) == "string" and { result } or result
  ok, message = pcall(check_list, list, quote.path(path))
  if not ok then
    return message
  end
  for i, definition in ipairs(list) do
    ok, message = pcall(cloudjobs.jobs.define, definition)
    if not ok then
      return ("%s: definition %d: %s"):format(quote.path(path), i, (tostring(message):gsub("^[^\n]-:%d+: ", "")))
    end
  end
end

--- Adds the option --kinds, and the kinds of the file that it or CLOUDJOBS_KINDS names.
---@param command table
---@param args string[] the command line
---@return string|nil message
local function define_kinds(command, args)
  command:option("--kinds"):argname("<file>")
    :description("Lua file that returns definitions of further kinds, else CLOUDJOBS_KINDS.")
  local path = path_in(args)
  if path and path ~= "" then
    return run_file(path)
  end
end

--- The kind of that name in either spelling, or nil.
---@param name string|nil
---@return cloudjobs.Kind|nil
local function find(name)
  return kinds[((name or ""):gsub("-", "_"))]
end

--- Whether a text can only be a reference, of whatever kind.
---@param text string
---@return boolean
local function looks_like_ref(text)
  return text:find("^%a[%w_]*,[%w_]+=") ~= nil
end

--- The job of a reference. Its settings apply where the command line has no option.
---@param text string
---@param reach table the subcommand's access
---@return cloudjobs.Job|nil
---@return string|nil message
local function job_of_ref(text, reach)
  local word = text:match("^[^,]*")
  if not find(word) and looks_like_ref(text) then
    return nil, ("the kind '%s' is not defined here%s; --kinds names a file of definitions"):format(
      word, suggest(word, names()))
  elseif not find(word) then
    return nil, ("'%s' is no reference of a job, nor a kind%s"):format(text, suggest(word, names()))
  end
  local job, err = cloudjobs.jobs.open(text, function(kind, settings)
    return reach:client(kind, settings)
  end)
  if not job then
    return nil, err.message
  end
  return job
end

local function title(job)
  return kinds[job.kind].title
end

--- The display name of a job's source.
---@return string
local function name_of(job)
  return kinds[job.kind].name(job.params)
end

-- Whether the kind's runs can be listed by their source.
local function has_listing(kind)
  for _, name in ipairs(kind.listing and kind.listing.params or {}) do
    if name == kind.source.param then
      return true
    end
  end
  return false
end

-- The kinds that have sources and a member of that name: "source", "listing", "next" or "run".
local function each_with(feature)
  local list = {}
  for _, kind in ipairs(kinds) do
    if kind[feature] and kind.source and (feature ~= "listing" or has_listing(kind)) then
      list[#list + 1] = kind
    end
  end
  return list
end

--- Adds the options that the sources of those kinds need.
---@param command table
---@param feature string
local function define_options(command, feature)
  local taken = access.option_names()
  for _, kind in ipairs(each_with(feature)) do
    local option = kind.source.option
    if option and not taken["--" .. option.name] then
      taken["--" .. option.name] = true
      command:option("--" .. option.name):argname("<name>"):description(option.description)
    end
  end
end

--- How the command line names the sources of those kinds: "A, B or C".
---@param feature string
---@return string
local function hints(feature)
  local list = {}
  for i, kind in ipairs(each_with(feature)) do
    list[i] = kind.source.hint
  end
  local last = table.remove(list)
  return #list > 0 and table.concat(list, ", ") .. " or " .. last or last
end

-- Whether a kind's source is named: 2 by an option, 1 by the text alone, nil when it is not.
local function fits(source, text, parsed)
  if source.matches and text and not source.matches(text) then
    return nil
  elseif source.option then
    return parsed[source.option.name] and 2
  end
  return 1
end

-- The kind that fits best; an option counts more than the text.
local function best_of(list, text, parsed)
  local best, best_fit = nil, 0
  for _, kind in ipairs(list) do
    local fit = fits(kind.source, text, parsed)
    if fit and fit > best_fit then
      best, best_fit = kind, fit
    end
  end
  return best
end

--- The kind whose source the command line names, and that source's parameters.
---@param feature string what the kind must have
---@param text string
---@param parsed table
---@return cloudjobs.Kind|nil
---@return table<string, string>|nil params
local function of_source(feature, text, parsed)
  local kind = best_of(each_with(feature), text, parsed)
  if not kind then
    return nil
  end
  local params, option = { [kind.source.param] = text }, kind.source.option
  if option then
    params[option.param] = parsed[option.name]
  end
  return kind, params
end

--- The words of `cloudjobs list`.
---@return string[]
local function words()
  local list, seen = {}, {}
  for _, kind in ipairs(each_with "source") do
    local word = kind.source.word
    if not seen[word] then
      seen[word], list[#list + 1] = true, word
    end
  end
  return list
end

--- The kind whose sources such a word lists.
---@param word string
---@param parsed table
---@return cloudjobs.Kind|nil
---@return string|nil message where an option is missing
local function of_word(word, parsed)
  local list = {}
  for _, kind in ipairs(each_with "source") do
    list[#list + 1] = kind.source.word == word and kind or nil
  end
  local kind = best_of(list, nil, parsed)
  if not kind and list[1] then
    return nil, ("%s: expected --%s"):format(word, list[1].source.option.name)
  end
  return kind
end

return {
  names = names,
  name_of_kind = name_of_kind,
  define_kinds = define_kinds,
  can_start = can_start,
  startable = startable,
  find = find,
  job_of_ref = job_of_ref,
  looks_like_ref = looks_like_ref,
  title = title,
  name_of = name_of,
  define_options = define_options,
  hints = hints,
  of_source = of_source,
  words = words,
  of_word = of_word,
}
