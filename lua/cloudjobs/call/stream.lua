--- A call that streams its bodies: its options and parameters name a source and a sink, which all attempts share.

local Sink = require "cloudjobs.call.sink"
local Source = require "cloudjobs.call.source"
local bindings = require "cloudjobs.http.bindings"
local core = require "cloudjobs.core"
local merged = require "cloudjobs.base.merged"
local option = require "cloudjobs.base.options"

---@class cloudjobs.call.Stream
---@field source cloudjobs.call.Source|nil
---@field sink cloudjobs.call.Sink|nil
local Stream = {}
local stream_mt = { __name = "cloudjobs.call.stream", __index = Stream }

local function mistake(op, text)
  option.mistake(("%s: %s"):format(op.method_name, text))
end

-- The member of a shape that is the whole body, as bytes.
local function payload_of(shape)
  local payload = shape and bindings.payload_of(shape)
  return payload and (payload.type == "blob" or payload.type == "string") and payload or nil
end

-- The source of a call, and its parameters with an empty text in its place.
local function source_of(op, params, body)
  local payload = payload_of(op.input)
  local value = payload and params and params[payload.name]
  if body ~= nil and not payload then
    mistake(op, "option body: the operation's request has no member that is its body")
  elseif body ~= nil and value ~= nil then
    mistake(op, ("option body: the parameter %s is given, too"):format(payload.name))
  elseif body == nil and (not payload or value == nil or type(value) == "string" or value == core.null) then
    return nil, params
  elseif type(body) == "string" then
    return nil, merged(params, { [payload.name] = body })
  end
  local source, problem = Source.new(body or value)
  if not source then
    mistake(op, ("%s: %s"):format(body and "option body" or payload.name, problem))
  end
  return source, merged(params, { [payload.name] = "" })
end

local function sink_of(context, op, options)
  if options.sink == nil then
    if options.max_body then
      mistake(op, "option max_body: it limits what a sink gets, and there is no sink")
    end
    return nil
  elseif not payload_of(op.output) then
    mistake(op, "option sink: the operation's response has no member that is its body")
  end
  local made, err = Sink.new(options.sink, context.transport, options.max_body)
  if type(err) == "string" then
    mistake(op, "option sink: " .. err)
  end
  return made, err
end

--- Sets the header fields with which the request's body is sent and signed.
---@param context cloudjobs.Context
---@param op table
---@param params table|nil
---@param target { headers: table<string, string> }
---@param endpoint table
---@return cloudjobs.Error|nil err
function Stream:frame(context, op, params, target, endpoint)
  if not self.source then
    return nil
  elseif self.source.length == 0 then
    local _, err = self.source:read() -- an error where it is not empty
    self.source = nil
    return err
  elseif not context.frame_body then
    return nil
  end
  local source, err = context.frame_body(context, op, params, target.headers, self.source, endpoint)
  self.source = source or self.source
  return err
end

--- Sets the bodies of the request, and keeps the parts of it that another attempt signs again.
---@param request cloudjobs.Request
---@param context cloudjobs.Context
---@param op table
---@param params table
function Stream:attach(request, context, op, params)
  if self.sink and context.body_verifier then
    self.sink.verifier_of = function(response)
      return context.body_verifier(op, params, response)
    end
  end
  request.sink = self.sink
  request.body = self.source or request.body
  request.target = {
    method = request.method, path = request.path, query = request.query, headers = request.headers,
    endpoint = request.endpoint,
  }
end

--- Sets the limits of an attempt. The client's `total` limits the time without progress: how long a body takes depends
--- on its size.
---@param request cloudjobs.Request
---@param context cloudjobs.Context
---@param left number|nil seconds that are left of the call's own time
function Stream:limit(request, context, left) -- luacheck: ignore 212/self
  request.timeout, request.idle = left or math.huge, context.timeout.total
end

--- Prepares another attempt. Returns the header fields of its request beside those of the first; or nil and the reason
--- why there can be none, a sentence.
---@param method string
---@return table<string, string>|nil headers
---@return string|nil message
function Stream:again(method)
  local ok, problem = true, nil
  if self.source then
    ok, problem = self.source:again()
  end
  if not ok then
    return nil, problem
  elseif self.sink then
    return self.sink:again(method)
  end
  return {}
end

--- The output of a success, without the member whose body the sink has.
---@return table|nil
---@return cloudjobs.Error|nil err
function Stream:finish(op, output)
  if not self.sink then
    return output
  end
  output[payload_of(op.output).name] = nil
  local ok, err = self.sink:finish()
  if not ok then
    return nil, err
  end
  return output
end

local function new(context, op, params, options)
  if not (context.transport.honours and context.transport.honours.streams) then
    mistake(op, "the client's transport cannot stream a body, which options sink and body, and readers as parameters, "
      .. "ask of it")
  end
  local source, given = source_of(op, params, options.body)
  local sink, err = sink_of(context, op, options)
  if err then
    return nil, err
  end
  return setmetatable({ source = source, sink = sink }, stream_mt), given
end

--- Whether a call streams.
---@param op table
---@param params table|nil
---@param options table
---@return boolean
local function is_needed(op, params, options)
  if options.sink ~= nil or options.body ~= nil or options.max_body then
    return true
  end
  local payload = params and payload_of(op.input)
  local value = payload and params[payload.name]
  return value ~= nil and value ~= false and type(value) ~= "string" and value ~= core.null
end

--- Runs a call that streams. A file that is not complete is removed, also where something raises.
---@param perform fun(context: table, op: table, params: table|nil, options: table, stream: table): table|nil, table|nil
local function run(perform, context, op, params, options)
  local stream, given = new(context, op, params, options)
  if not stream then
    given.operation, given.service = op.name, op.service.id
    return nil, given
  end
  local ok, output, err = pcall(perform, context, op, given, options, stream)
  if stream.sink and (not ok or err) then
    stream.sink:discard()
  end
  if not ok then
    error(output, 0)
  end
  return output, err
end

--- The error of an attempt that could be repeated, but whose bodies cannot.
---@param err cloudjobs.Error
---@param problem string
local function give_up(err, problem)
  err.retryable = false
  err.hint = ("It was not sent again: %s"):format(problem)
  return err
end

return { run = run, is_needed = is_needed, give_up = give_up }
