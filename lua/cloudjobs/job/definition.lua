--- A kind of job that a user defines: the same fields as the shipped kinds have, checked against the service's
--- description when it is defined, with every problem at once.

local Status = require "cloudjobs.job.status"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"
local sorted_keys = require("cloudjobs.base.options").sorted_keys
local suggest = require "cloudjobs.base.suggest"

-- The fields of a definition with their types.
local FIELDS = {
  kind = "string", title = "string", about = "string", cloud = "string", service = "string", service_id = "string",
  params = "table", optional = "table", id = "string", name = "function", example = "table", operation = "string",
  request = "table", record = "string", fetch = "function", listing = "table", record_id = "function",
  began = "string", members = "table", milliseconds = "boolean", states = "table", state = "function",
  hints = "table", result = "function", missing = "table|function", interval = "table",
  cancel = "string|table|function", start = "string", stop = "string", detail = "function", refuse = "function",
  not_resumable = "string", run = "table", next = "table", source = "table", inventory = "table",
  baseline = "function", outcome = "function",
}

local NEEDED = { "kind", "cloud", "service", "params", "members", "states" }

local TABLES = {
  members = {
    code = "string", reason = "string|table", started_at = "string", updated_at = "string", ended_at = "string",
    retry_after = "string",
  },
  interval = { start = "number", growth = "number", cap = "number", floor = "number" },
  listing = { operation = "string", params = "table", items = "string" },
  run = {
    finder = "string", operation = "string", token = "string", ids = "table", already = "table", params = "table",
    period = "string", start = "function", is_ours = "function",
  },
  next = { finder = "string", request = "function", refusal = "function" },
  cancel = { operation = "string", request = "table" },
}

local INTERVAL = { start = 15, growth = 1.5, cap = 60, floor = 1 }

local STATES = { queued = true, running = true }
for _, state in ipairs(Status.ENDS) do
  STATES[state] = true
end

---@class cloudjobs.Definition
---@field problems string[]
local Definition = {}
local definition_mt = { __index = Definition }

function Definition:problem(text, ...)
  self.problems[#self.problems + 1] = text:format(...)
end

local function fits(value, expected)
  return (" " .. expected:gsub("|", " ") .. " "):find(" " .. type(value) .. " ", 1, true) ~= nil
end

-- Unknown fields, and values of another type.
function Definition:check_fields(value, known, path)
  for _, name in ipairs(sorted_keys(value)) do
    local expected = known[name]
    if not expected then
      self:problem("%s%s: unknown field%s", path, quote.name(name), suggest(tostring(name), sorted_keys(known)))
    elseif not fits(value[name], expected) then
      self:problem("%s%s: expected %s, got %s", path, name, expected:gsub("|", " or "), type(value[name]))
    end
  end
end

function Definition:check_form()
  local kind = self.kind
  self:check_fields(kind, FIELDS, "")
  for _, name in ipairs(NEEDED) do
    if kind[name] == nil then
      self:problem("%s: required", name)
    end
  end
  for name, known in pairs(TABLES) do
    if type(kind[name]) == "table" then
      self:check_fields(kind[name], known, name .. ".")
    end
  end
  if type(kind.members) == "table" and kind.members.code == nil then
    self:problem("members.code: required")
  end
  if type(kind.cloud) == "string" and kind.cloud ~= "aws" and kind.cloud ~= "azure" then
    self:problem("cloud: expected aws or azure, got %s", quote.word(kind.cloud))
  end
  if type(kind.kind) == "string" and not kind.kind:find("^%l[%l%d_]*$") then
    self:problem("kind: expected lower-case letters, digits and underscores, got %s", quote.word(kind.kind))
  end
  if kind.operation == nil and kind.listing == nil and kind.fetch == nil then
    self:problem("operation: expected it, or a listing that names the job")
  end
end

function Definition:check_states()
  for _, code in ipairs(sorted_keys(self.kind.states)) do
    local state = self.kind.states[code]
    if not STATES[state] then
      self:problem("states.%s: expected one of %s, got %s", code, table.concat(sorted_keys(STATES), ", "),
        quote.word(tostring(state)))
    end
  end
  for _, code in ipairs(sorted_keys(self.kind.hints or {})) do
    if not self.kind.states[code] then
      self:problem("hints.%s: no such state is in states", code)
    end
  end
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

function Definition:check_params()
  local kind, names = self.kind, own_params(self.kind)
  if #kind.params == 0 then
    self:problem("params: expected the name of at least one parameter")
  elseif not names[kind.id] then
    self:problem("id: expected one of params, got %s", quote.word(tostring(kind.id)))
  end
end

function Definition:check_template(template, path, names)
  for _, key in ipairs(sorted_keys(template)) do
    local value = template[key]
    local name = type(value) == "string" and value:match("^{(.*)}$")
    if type(value) == "table" then
      self:check_template(value, ("%s.%s"):format(path, key), names)
    elseif name and not names[name] then
      self:problem("%s.%s: the job has no parameter %s", path, key, quote.word(name))
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
        return nil, ("has no member %s%s"):format(name, suggest(name, sorted_keys(members)))
      end
      kind = members[name].type
    end
  end
  return kind
end

local function follow_output(model, shape, path)
  local head, tail = path:match("^([^.%[]+)%.?(.*)$")
  local member = head and members_of(shape)[head]
  if not member then
    return nil, ("has no member %s%s"):format(head or path, suggest(head or path, sorted_keys(members_of(shape))))
  end
  return follow(model, member.type, tail)
end

-- Whether an output is a document that no shape describes, as Azure's are.
local function is_document(shape)
  local members = core.members(shape)
  return #members == 1 and members[1].location == "body" and members[1].type == "document"
end

-- A path in an operation's output.
function Definition:check_path(op, path, field)
  if not op.output then
    self:problem("%s: %s has no output", field, op.name)
    return
  elseif is_document(op.output) then
    return
  end
  local found, message = follow_output(self.model, op.output, path)
  if not found then
    self:problem("%s: %s: the output of %s %s", field, path, op.name, message)
  end
end

-- The operation, or nil and a problem.
function Definition:find_operation(name, field)
  local op, reason = self.model:operation(name)
  if not op then
    self:problem("%s: %s has no operation %s%s", field, self.model.service.id, quote.word(name),
      reason and ": " .. reason or suggest(name, self.model:operations()))
  end
  return op
end

-- The names of the parameters that a request has are members of the operation's input.
function Definition:check_input(op, names, field)
  local members = op.input and members_of(op.input) or {}
  for _, name in ipairs(names) do
    if not members[name] then
      self:problem("%s: %s has no parameter %s%s", field, op.name, name, suggest(name, sorted_keys(members)))
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

-- The paths of the record's members below `prefix` in the output.
function Definition:check_members(op, prefix)
  for _, name in ipairs(sorted_keys(self.kind.members)) do
    local paths = self.kind.members[name]
    for _, path in ipairs(type(paths) == "table" and paths or { paths }) do
      self:check_path(op, joined(prefix, path), "members." .. name)
    end
  end
end

-- A request by its template, or by the job's own parameters.
function Definition:check_request(op, template, field)
  if template then
    self:check_template(template, field, own_params(self.kind))
    self:check_input(op, sorted_keys(template), field)
  else
    self:check_input(op, self.kind.params, field)
  end
end

function Definition:check_run()
  local run = self.kind.run
  if not run or run.start or run.is_ours then
    return
  end
  local op = run.operation and self:find_operation(run.operation, "run.operation")
  if not run.operation and not self.kind.start then
    self:problem("run.operation: required, unless run.start is a function")
  end
  for _, name in ipairs(sorted_keys(run.ids or {})) do
    if op then
      self:check_path(op, run.ids[name], "run.ids." .. name)
    end
  end
end

-- What the service's description says of the definition.
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
  local listing = kind.listing
  local list = listing and self:find_operation(listing.operation, "listing.operation")
  if list then
    self:check_input(list, listing.params, "listing.params")
    self:check_path(list, listing.items, "listing.items")
    if not op then
      self:check_members(list, listing.items .. "[0]")
    end
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

local function merged(defaults, given)
  local result = {}
  for _, source in ipairs { defaults, given } do
    for name, value in pairs(source) do
      result[name] = value
    end
  end
  return result
end

-- A copy with the fields that may be left out.
local function complete(definition)
  local kind = merged({}, definition)
  local params = type(kind.params) == "table" and kind.params or {}
  kind.id = kind.id or params[#params]
  kind.title = kind.title or kind.kind
  kind.about = kind.about or kind.title
  kind.missing = kind.missing or {}
  if kind.interval == nil or type(kind.interval) == "table" then
    kind.interval = merged(INTERVAL, kind.interval or {})
  end
  if type(kind.run) == "table" then
    kind.run = merged({ finder = ("start_%s"):format(kind.kind) }, kind.run)
  end
  kind.name = kind.name or function(job_params)
    return job_params[kind.id]
  end
  return kind
end

--- Checks a definition and completes it.
---@param definition table the fields of cloudjobs.Kind
---@param model_of fun(cloud: string, service: string): table|nil, string|nil the service's description, or why there is
---   none
---@return cloudjobs.Kind|nil
---@return string[]|nil problems each names its field and says what was expected
local function check(definition, model_of)
  local kind = complete(definition)
  local self = setmetatable({ kind = kind, problems = {} }, definition_mt)
  self:check_form()
  -- What follows relies on the fields' types.
  if #self.problems > 0 then
    return nil, self.problems
  end
  self:check_states()
  self:check_params()
  local problem
  self.model, problem = model_of(kind.cloud, kind.service)
  if self.model then
    self:check_model()
    kind.service_id = self.model.service.id
  else
    self:problem("service: %s", problem)
  end
  if #self.problems > 0 then
    return nil, self.problems
  end
  return kind
end

return check
