--- A kind of job that a user defines: the same fields as the shipped kinds have, checked against the service's
--- description when it is defined, with every problem at once.

local core = require "cloudjobs.core"
local check_form = require "cloudjobs.job.definition_form"
local merged = require "cloudjobs.base.merged"
local quote = require "cloudjobs.base.quote"
local sorted_keys = require("cloudjobs.base.options").sorted_keys
local suggest = require "cloudjobs.base.suggest"

local INTERVAL = { start = 15, growth = 1.5, cap = 60, floor = 1 }

---@class cloudjobs.Definition
---@field problems string[]
local Definition = {}
local definition_mt = { __index = Definition }

-- Adds a problem, formatted.
function Definition:problem(text, ...)
  self.problems[#self.problems + 1] = text:format(...)
end

-- The names of the job's parameters, as a set.
local function own_params(kind)
  local names = {}
  for _, list in ipairs { kind.params, kind.optional or {} } do
    for _, name in ipairs(list) do
      names[name] = true
    end
  end
  return names
end

-- Checks that the names in braces of a template are parameters of the job.
function Definition:check_template(template, path, names)
  for _, key in ipairs(sorted_keys(template)) do
    local value = template[key]
    local name = type(value) == "string" and value:match("^{(.*)}$")
    if type(value) == "table" then
      self:check_template(value, ("%s.%s"):format(path, quote.name(key)), names)
    elseif name and not names[name] then
      self:problem("%s.%s: the job has no parameter %s", path, quote.name(key), quote.word(name))
    end
  end
end

-- Members of a shape by name.
local function members_of(shape)
  local members = {}
  for _, member in ipairs(core.members(shape)) do
    members[member.name] = member
  end
  return members
end

-- Follows a path of names from a type, as base/path does in a document. Returns the type at its end.
local function follow(model, kind, path)
  for name in path:gmatch("[^.%[]+") do
    local index, item = name:match("^%d+%]$"), kind:match("^(.*)%[%]$")
    if kind == "document" then
      return kind
    elseif index or item then
      if not (index and item) then
        return nil, index and "is no list" or ("is a list; [0] is its first element")
      end
      kind = item
    elseif kind:find("{}$") then
      kind = kind:match("^(.*){}$")
    else
      local is_shape, shape = pcall(model.shape, model, kind)
      local members = is_shape and members_of(shape)
      if not members then
        return nil, "is no structure"
      elseif not members[name] then
        return nil, ("has no member %s%s"):format(quote.name(name), suggest(name, sorted_keys(members)))
      end
      kind = members[name].type
    end
  end
  return kind
end

local function follow_output(model, shape, path)
  local head, tail = path:match("^([^.%[]+)%.?(.*)$")
  local members = members_of(shape)
  local member = members[head]
  if not member then
    return nil, ("has no member %s%s"):format(quote.name(head), suggest(head, sorted_keys(members)))
  end
  return follow(model, member.type, tail)
end

-- Whether an output is a document that no shape describes, as Azure's are.
local function is_document(shape)
  local members = core.members(shape)
  return #members == 1 and members[1].location == "body" and members[1].type == "document"
end

-- The types of members that are read as text, and as a time.
local TEXT = { string = true, document = true }
local TIME = { string = true, document = true, integer = true, long = true, number = true }

local function is_time(kind)
  return TIME[kind] or kind:find("^time") ~= nil
end

local function is_text(kind)
  return TEXT[kind] or false
end

-- Checks that a path exists in an operation's output and that `accepts` is true for the type at its end.
function Definition:check_path(op, path, field, accepts)
  if not op.output then
    self:problem("%s: %s has no output", field, op.name)
    return
  elseif is_document(op.output) then
    return
  end
  local found, message = follow_output(self.model, op.output, path)
  if found and accepts and not accepts(found) then
    message = ("has a member of type %s there"):format(found)
  end
  if message then
    self:problem("%s: %s: the output of %s %s", field, quote.name(path), op.name, message)
  end
end

-- The operation, or nil; a missing one is added to the problems.
function Definition:find_operation(name, field)
  local op, reason = self.model:operation(name)
  if not op then
    self:problem("%s: %s has no operation %s%s", field, self.model.service.id, quote.word(name),
      reason and ": " .. reason or suggest(name, self.model:operations()))
  end
  return op
end

-- Checks that the names of a request's parameters are members of the operation's input.
function Definition:check_input(op, names, field)
  local members = op.input and members_of(op.input) or {}
  for _, name in ipairs(names) do
    if not members[name] then
      local hint = suggest(name, sorted_keys(members))
      self:problem("%s: %s has no parameter %s%s", field, op.name, quote.name(name), hint)
    end
  end
end

local function joined(...)
  local parts = {}
  for _, part in ipairs { ... } do
    parts[#parts + 1] = part ~= "" and part or nil
  end
  return (table.concat(parts, "."):gsub("%.%[", "["))
end

-- Checks the paths of the record's members below `prefix` in the output.
function Definition:check_members(op, prefix)
  for _, name in ipairs(sorted_keys(self.kind.members)) do
    local paths = self.kind.members[name]
    local accepts = (name == "code" or name == "reason") and is_text or is_time
    for _, path in ipairs(type(paths) == "table" and paths or { paths }) do
      self:check_path(op, joined(prefix, path), "members." .. name, accepts)
    end
  end
end

-- Checks a request by its template, or by the job's own parameters.
function Definition:check_request(op, template, field)
  if template then
    self:check_template(template, field, own_params(self.kind))
    self:check_input(op, sorted_keys(template), field)
  else
    self:check_input(op, self.kind.params, field)
  end
end

-- Checks that each parameter of a started job is in the response to the start, or in its request.
function Definition:check_ids(op)
  local kind, ids = self.kind, self.kind.run.ids
  local names, members = own_params(kind), op.input and members_of(op.input) or {}
  for _, name in ipairs(sorted_keys(ids)) do
    if names[name] then
      self:check_path(op, ids[name], "run.ids." .. name, is_text)
    else
      self:problem("run.ids.%s: the job has no such parameter", quote.name(name))
    end
  end
  for _, name in ipairs(kind.params) do
    if not (ids[name] or members[name]) then
      self:problem("run.ids.%s: required, since %s has no parameter of that name", name, op.name)
    end
  end
end

-- Checks the operation that starts a run against the description.
function Definition:check_run()
  local run = self.kind.run
  if not run or run.start or run.is_ours then
    return
  end
  local op = run.operation and self:find_operation(run.operation, "run.operation")
  if not run.operation and not self.kind.start then
    self:problem("run.operation: required, unless run.start is a function")
  end
  if op then
    self:check_ids(op)
    self:check_input(op, { run.token }, "run.token")
  end
end

-- Checks the listing; with `is_read` the job's record is read from it.
function Definition:check_listing(is_read)
  local kind, listing = self.kind, self.kind.listing
  local op = self:find_operation(listing.operation, "listing.operation")
  local names = own_params(kind)
  for _, name in ipairs(listing.params) do
    if not names[name] then
      self:problem("listing.params: the job has no parameter %s", quote.word(name))
    end
  end
  if not op then
    return
  end
  self:check_input(op, listing.params, "listing.params")
  self:check_path(op, listing.items, "listing.items")
  if kind.began then
    self:check_path(op, listing.items .. "[0]." .. kind.began, "began", is_time)
  end
  if is_read then
    self:check_members(op, listing.items .. "[0]")
  end
end

-- Checks the definition against the service's description.
function Definition:check_model()
  local kind = self.kind
  local op = kind.operation and self:find_operation(kind.operation, "operation")
  if op then
    self:check_request(op, kind.request, kind.request and "request" or "params")
    if kind.record then
      self:check_path(op, kind.record, "record")
    end
    self:check_members(op, kind.record or "")
  end
  if kind.listing then
    self:check_listing(not op)
  end
  for _, name in ipairs { "cancel", "start", "stop" } do
    local value = kind[name]
    local command = type(value) == "table" and self:find_operation(value.operation, name .. ".operation")
      or type(value) == "string" and self:find_operation(value, name)
    if command then
      self:check_request(command, type(value) == "table" and value.request or nil, name)
    end
  end
  self:check_run()
end

-- A copy with defaults for the optional fields.
local function complete(definition)
  local kind = merged(definition)
  local params = type(kind.params) == "table" and kind.params or {}
  kind.id = kind.id or params[#params]
  kind.title = kind.title or kind.kind
  kind.about = kind.about or kind.title
  kind.missing = kind.missing or {}
  if kind.interval == nil or type(kind.interval) == "table" then
    kind.interval = merged(INTERVAL, kind.interval)
  end
  if type(kind.run) == "table" then
    kind.run = merged({ finder = type(kind.kind) == "string" and "start_" .. kind.kind or nil, ids = {} }, kind.run)
  end
  kind.name = kind.name or function(job_params)
    return job_params[kind.id]
  end
  return kind
end

-- Checks that the functions of a kind in cloudjobs.jobs have unused, different names.
function Definition:check_names(taken)
  local kind, own = self.kind, {}
  for _, place in ipairs { { "kind", kind.kind }, { "run.finder", kind.run and kind.run.finder },
    { "next.finder", kind.next and kind.next.finder } } do
    local field, name = place[1], place[2]
    if name and (taken[name] or own[name]) then
      self:problem("%s: %s is taken", field, quote.name(name))
    end
    own[name or ""] = true
  end
end

--- Checks a definition and completes it.
---@param definition table the fields of cloudjobs.Kind
---@param model_of fun(cloud: string, service: string): table|nil, string|nil the service's description, or why there is
---   none
---@param taken table<string, any> names that no function of the kind may have
---@return cloudjobs.Kind|nil
---@return string[]|nil problems each names its field and the expected value
local function check(definition, model_of, taken)
  local kind = complete(definition)
  local self = setmetatable({ kind = kind, problems = {} }, definition_mt)
  -- The checks against the description rely on the fields' types.
  if check_form(kind, function(...)
    self:problem(...)
  end) then
    self:check_names(taken)
    local problem
    self.model, problem = model_of(kind.cloud, kind.service)
    if self.model then
      self:check_model()
      kind.service_id = self.model.service.id
    else
      self:problem("service: %s", problem)
    end
  end
  if #self.problems > 0 then
    return nil, self.problems
  end
  return kind
end

return check
