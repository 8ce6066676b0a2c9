--- A service model: what a client knows of its service. The data is a table
--- of models/ or of import.lua; a shape is compiled when an operation first
--- needs it, and kept.
---
---   service     what the protocol and the signer need
---   operations  name -> "[METHOD /path] Input -> Output flags", "-" for no shape
---   errors      name -> "code=WireCode status=400 retry throttle fault"
---   pages       operation -> { token, next, items, limit, more }
---   shapes      name -> text, or one text with "@Name" above each shape,
---               which loads twice as fast
---   left_out    operation -> why a client cannot call it
---   contexts    operation -> what it gives the endpoint rules
---   companions  which of enums, waiters, endpoints are modules of their own
---
--- What model/import makes of a description is the same, but operations, shapes
--- and errors are translated when they are first asked for; `operation_names`
--- and `error_names` list them.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"

---@class cloudjobs.Model
local Model = {}
local model_mt = { __name = "cloudjobs.model", __index = Model }

-- Names that botocore spells as people do, not by its rule.
local SPELLED = {
  CreateCachediSCSIVolume = "create_cached_iscsi_volume",
  DescribeCachediSCSIVolumes = "describe_cached_iscsi_volumes",
  DescribeStorediSCSIVolumes = "describe_stored_iscsi_volumes",
  CreateStorediSCSIVolume = "create_stored_iscsi_volume",
  ListHITsForQualificationType = "list_hits_for_qualification_type",
  ExecutePartiQLStatement = "execute_partiql_statement",
  ExecutePartiQLTransaction = "execute_partiql_transaction",
  ExecutePartiQLBatch = "execute_partiql_batch",
}

--- `DescribeDBInstances` -> `describe_db_instances`, by botocore's rule.
---@param name string
---@return string
local function snake(name)
  if SPELLED[name] or name:find("_", 1, true) then
    return SPELLED[name] or name
  end
  local plural = #(name:reverse():match("^s%u%u+") or "") -- ARNs, ACLs
  if plural > 0 then
    name = name:sub(1, -plural - 1) .. "_" .. ascii.lower(name:sub(-plural))
  end
  name = name:gsub("(.)(%u%l+)", "%1_%2"):gsub("([%l%d])(%u)", "%1_%2")
  return ascii.lower(name)
end

-- What an operation's flags are called in it.
local FLAGS = {
  readonly = "readonly",
  idempotent = "idempotent",
  unsigned = "unsigned",
  unsigned_body = "unsigned_body",
  checksum = "checksum",
  algorithm = "checksum_member",
  validation = "checksum_mode",
  verifies = "checksum_algorithms",
  upload = "upload",
  compressible = "compressible",
  host = "host_prefix",
  result = "result_wrapper",
  as = "input_name",
  namespace = "input_namespace",
  prefix = "input_prefix",
}

-- Reads by their method or their name; few descriptions mark them.
local function is_read(op)
  return op.readonly or op.method == "GET" or op.method == "HEAD"
    or op.name:find("^Get%u") or op.name:find("^List%u?") or op.name:find("^Describe%u") or op.name:find("^BatchGet%u")
end

-- Operations that a second request would carry out twice: only their names show it.
local NON_IDEMPOTENT = {
  "^Allocate", "^Create", "^Execute", "^Import", "^Invoke", "^Launch", "^Publish", "^Purchase", "^Register", "^Request",
  "^Restore", "^Run", "^Send", "^Start", "^Submit",
}

local function is_non_idempotent(op)
  if op.readonly or op.idempotent or op.has_token or op.method == "PUT" or op.method == "DELETE" then
    return false
  end
  for _, verb in ipairs(NON_IDEMPOTENT) do
    if op.name:find(verb) then
      return true
    end
  end
  return false
end

local function has_member(shape, is_it)
  for _, member in ipairs(shape and core.members(shape) or {}) do
    if is_it(member) then
      return true
    end
  end
  return false
end

local function is_token(member)
  return member.idempotency
end

local function is_payload(member)
  return member.location == "body"
end

local function is_bytes(member)
  return member.location == "body" and member.type == "blob"
end

-- The parts of the path that a service's endpoint rules set: its operations leave them out.
local TO_RULES = {
  S3 = function(op)
    op.uri = op.uri:gsub("^/{Bucket}", "")
  end,
  ["S3 Control"] = function(op)
    if op.host_prefix == "{AccountId}." and op.context and op.context.RequiresAccountId then
      op.host_prefix = nil
    end
  end,
}

-- Compiles one operation from its text.
local function compile(model, name, text)
  local arrow = text:find(" -> ", 1, true) or #text + 1
  local method, uri, input = text:sub(1, arrow - 1):match("^(%S+) (%S+) (%S+)$")
  input = input or text:sub(1, arrow - 1):match("^%S+$")
  local output, flags = text:match("^(%S+)(.*)$", arrow + 4)
  if not (input and output) then
    error(("%s: expected \"Input -> Output\", got %q"):format(name, text))
  end
  local op = {
    name = name,
    method_name = snake(name),
    method = method or "POST",
    uri = uri or "/",
    service = model.service,
    model = model,
    input = input ~= "-" and model:shape(input) or nil,
    output = output ~= "-" and model:shape(output) or nil,
    context = model._data.contexts and model._data.contexts[name],
  }
  for flag, value in flags:gmatch("([^%s=]+)=?(%S*)") do
    op[FLAGS[flag] or error(("%s: unknown flag %s"):format(name, flag))] = value == "" or value
  end
  op.has_token = has_member(op.input, is_token)
  op.has_payload = has_member(op.input, is_payload)
  op.returns_bytes = has_member(op.output, is_bytes)
  op.readonly = is_read(op) and true or false
  op.non_idempotent = is_non_idempotent(op)
  op.pages = model:paginators()[name]
  local leave_out = model.service and TO_RULES[model.service.id]
  if leave_out and model:endpoints() then
    leave_out(op)
  end
  return op
end

-- The values of `f`. An error in the description is nil and a message.
local function guarded(self, f, ...)
  local ok, value, message = pcall(f, ...)
  if ok then
    return value, message
  elseif not self._data.operation_names then
    error(value, 0) -- not an error in a description
  end
  message = type(value) == "table" and value.refused
    or "the description is broken: " .. tostring(value):gsub("^[^\n]-:%d+: ", "")
  local path = self._data.path
  return nil, (path and require("cloudjobs.base.quote").path(path) .. ": " or "") .. message
end

-- The names of all operations, in any order.
local function operation_names(data)
  return data.operation_names or option.sorted_keys(data.operations)
end

-- Names without case and underscores, which both spellings share -> operation.
local function index_of(...)
  local index = {}
  for _, names in ipairs { ... } do
    for _, name in ipairs(names) do
      index[ascii.lower(name)] = name
    end
  end
  return index
end

-- The operation of a snake_case name.
local function resolve(self, name)
  local data = self._data
  self._index = self._index or index_of(operation_names(data), option.sorted_keys(data.left_out or {}))
  local found = self._index[ascii.lower(name:gsub("_", ""))]
  return found and snake(found) == name and found
end

-- As Model:operation; raises errors in a description.
local function find_operation(self, name)
  local op = self._operations[name]
  if not op then
    local data = self._data
    local given, left_out = data.operations, data.left_out or {}
    local known = (given[name] or left_out[name]) and name or resolve(self, name)
    if not (known and given[known]) then
      return nil, left_out[known]
    end
    op = self._operations[known] or compile(self, known, given[known])
    self._operations[known] = op
    self._operations[name] = op
  end
  return op
end

-- The description that stands in for a model that was made by with_fallback, or nil.
local function other_of(self)
  if self._other == nil and self._fallback then
    local other, message = self._fallback()
    self._other, self._note = other or false, message
  end
  return self._other or nil
end

-- An operation that the model lacks, of the description that stands in for it.
local function fall_back(self, name)
  local other, op, reason = other_of(self), nil, nil
  if other then
    op, reason = other:operation(name)
  end
  if op and op.service.protocol ~= self.service.protocol then
    return nil, ("it is described for the protocol %s; name that description by the option model"):format(
      op.service.protocol)
  end
  return op, reason, self._note
end

--- An operation, named either way.
---@param name string `get_execution` or `GetExecution`
---@return table|nil op its `model` may be another than this one: of a description that has what this one lacks
---@return string|nil reason why a known operation cannot be called
---@return string|nil note where an unknown one was searched
function Model:operation(name)
  local op = self._operations[name]
  if op then
    return op
  elseif not self._base then
    return guarded(self, find_operation, self, name)
  end
  local reason
  op, reason = self._base:operation(name)
  if op or reason then
    return op, reason
  end
  return fall_back(self, name)
end

--- The same model, with the operations and waiters of another description where it lacks them.
---@param find fun(): cloudjobs.Model|nil, string called once, when one is missing; the text says where was
---   searched
---@return cloudjobs.Model
function Model:with_fallback(find)
  return setmetatable({ _base = self, _fallback = find }, { __name = "cloudjobs.model", __index = self })
end

--- Every operation's name in snake_case, sorted.
---@return string[]
function Model:operations()
  local names = {}
  for _, name in ipairs(operation_names(self._data)) do
    names[#names + 1] = snake(name)
  end
  table.sort(names)
  return names
end

--- A compiled shape; raises where the model has none of that name.
---@param name string
function Model:shape(name)
  return self._compiled[name] or core.shape(self._shapes, name, self._compiled)
end

local function entry(entries, name)
  return entries[name]
end

-- Wire code or name of an error -> its name. An error that a description has wrong is none.
local function codes_of(self)
  local data, codes, known = self._data, {}, {}
  for _, name in ipairs(data.error_names and data.error_names() or option.sorted_keys(data.errors)) do
    local text = guarded(self, entry, data.errors, name)
    if text then
      codes[text:match("code=(%S+)") or name] = name
      known[#known + 1] = name
    end
  end
  for _, name in ipairs(known) do
    codes[name] = codes[name] or name
  end
  return codes
end

--- The model's entry for an error code, or nil.
---@param code string
---@return { name: string, shape: any, throttling: boolean, retryable: boolean, fault: boolean, status: integer }|nil
function Model:error(code)
  local found = self._errors[code]
  if found then
    return found
  end
  self._codes = self._codes or codes_of(self)
  local name = self._codes[code]
  if not name then
    return nil
  end
  local text = " " .. self._data.errors[name] .. " "
  local throttling = text:find(" throttle ", 1, true) ~= nil
  found = {
    name = name,
    shape = guarded(self, self.shape, self, name),
    throttling = throttling,
    retryable = throttling or text:find(" retry ", 1, true) ~= nil,
    fault = text:find(" fault ", 1, true) ~= nil,
    status = tonumber(text:match(" status=(%d+)")),
  }
  self._errors[code] = found
  return found
end

--- Whether it came with cloudjobs.
---@return boolean
function Model:is_shipped()
  return self._name ~= nil
end

--- The name of a model that came with cloudjobs.
---@return string|nil
function Model:shipped_name()
  return self._name
end

--- Operation -> how it pages: `{ token, next, items, limit, more }`.
function Model:paginators()
  return self._data.pages or {}
end

local function companion(self, kind)
  local data = self._data
  if not data[kind] and data.companions and data.companions[kind] then
    return require("cloudjobs.models." .. self._name .. "_" .. kind)
  end
  return data[kind]
end

--- Waiter -> `{ operation, delay, max_attempts, acceptors }`.
function Model:waiters()
  return companion(self, "waiters") or {}
end

--- A waiter, named either way.
---@param name string `command_executed` or `CommandExecuted`
---@return table|nil waiter
---@return string[]|nil names of all in snake_case, when there is none of that name
function Model:waiter(name)
  local names = {}
  for candidate, waiter in pairs(self:waiters()) do
    if name == candidate or name == snake(candidate) then
      return waiter
    end
    names[#names + 1] = snake(candidate)
  end
  local other = other_of(self)
  if not other then
    return nil, names
  end
  return other:waiter(name)
end

--- Enumeration -> its known values, which are never all a service may send.
function Model:enums()
  return companion(self, "enums") or {}
end

--- The endpoint rule set, or nil.
function Model:endpoints()
  return companion(self, "endpoints")
end

-- Shape name -> text, cut out of the one text when asked.
local function cutter(text)
  return setmetatable({}, {
    __index = function(shapes, name)
      local _, header = text:find("@" .. name .. "\n", 1, true)
      shapes[name] = header and text:sub(header + 1, (text:find("@", header, true) or 0) - 1)
      return rawget(shapes, name)
    end,
  })
end

--- A model over its data, which it keeps and never changes.
---@param data table
---@return cloudjobs.Model
local function new(data)
  return setmetatable({
    service = data.service,
    _data = data,
    _shapes = type(data.shapes) == "string" and cutter(data.shapes) or data.shapes or {},
    _compiled = {},
    _operations = {},
    _errors = {},
  }, model_mt)
end

local loaded = {} -- immutable, so clients may share them

--- A shipped model. One a Lua state.
---@param name string `bcm_data_exports`, …
---@return cloudjobs.Model
local function load(name)
  local model = loaded[name]
  if not model then
    model = new(require("cloudjobs.models." .. name))
    model._name = name
    loaded[name] = model
  end
  return model
end

--- Whether a value is a model.
---@param value any
---@return boolean
local function is(value)
  return type(value) == "table" and value.with_fallback == Model.with_fallback
end

return { is = is, load = load, new = new, snake = snake }
