--- Listings: an operation's pages, its items, or all of them. The client is
--- passed in; retries happen below, so a throttled page never ends a list early.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local jmespath = require "cloudjobs.base.jmespath"

local PLAIN = "^[%a_][%w_]*$"

-- What a paginator names is a member, or a JMESPath expression over the page.
local function reader(expression)
  if expression:find(PLAIN) then
    return function(page)
      return page[expression]
    end
  end
  return jmespath.compile(expression)
end

local function each(value, f)
  local results = {}
  for i, item in ipairs(type(value) == "table" and value or { value }) do
    results[i] = f and f(item) or item
  end
  return results
end

-- A paginator of a model, with its expressions compiled.
local compiled = setmetatable({}, { __mode = "k" })

local function compile(paginator)
  local made = {
    token = each(paginator.token),
    next = each(paginator.next, reader),
    items = each(paginator.items, reader)[1],
    more = paginator.more and reader(paginator.more),
    limit = paginator.limit,
  }
  compiled[paginator] = made
  return made
end

local function copy(t)
  local c = {}
  for key, value in pairs(t or {}) do
    c[key] = value
  end
  return c
end

-- A listing that goes on from several members has them as one text for its callers.
local function pack(values, count)
  if values[1] == nil and count == 1 then
    return nil
  elseif count == 1 then
    return values[1]
  end
  local text = {}
  for i = 1, count do
    text[i] = values[i] == nil and core.null or values[i]
  end
  return core.json_encode(text)
end

local function unpack_token(token, count)
  if count == 1 then
    return { token }
  end
  local values = core.json_decode(token)
  if type(values) ~= "table" then
    return nil
  end
  for i = 1, count do
    if values[i] == core.null then
      values[i] = nil
    end
  end
  return values
end

local function next_token(made, page)
  if made.more and not made.more(page) then
    return nil
  end
  local values, any = {}, false
  for i, read in ipairs(made.next) do
    local value = read(page)
    if value ~= nil and value ~= "" then
      values[i], any = value, true
    end
  end
  return any and pack(values, #made.next) or nil
end

local function unusable(code, message, token)
  return Error.new { kind = "response", code = code, message = message, resume_token = token }
end

local REPEATED = "the service repeated a page token, so that the listing would never end"

local function out_of_time()
  return Error.new { kind = "timeout", code = "timeout", message = "the time for all pages of the listing is over" }
end

local Pages = {}
local pages_mt = { __name = "cloudjobs.pages", __index = Pages }

-- The input of the next page's request.
function Pages:input()
  local made = self.made
  local input = copy(self.params)
  if self.page_size and made.limit then
    input[made.limit] = self.page_size
  end
  if self.token then
    local values = unpack_token(self.token, #made.token)
    if not values then
      return nil, Error.new { kind = "validation", code = "token", message = "the token is none of this listing" }
    end
    for i, name in ipairs(made.token) do
      input[name] = values[i]
    end
  end
  return input
end

-- The options of the next page's request; nil when no time is left for it.
function Pages:options()
  local options, ends = self.call_options, self.deadline
  if ends then
    local left = ends - self.client:transport():clock()
    if left <= 0 then
      return nil, out_of_time()
    end
    options.timeout = math.min(self.timeout or left, left)
  end
  return options
end

-- The next page, or nil when there is none, or nil and an error whose
-- `resume_token` asks for this page again. A page with a token that was used
-- before is given to the caller; the error follows it.
function Pages:next()
  if self.done then
    return nil
  elseif self.token and self.used[self.token] then
    return nil, unusable("repeated_token", REPEATED, self.token)
  end
  local page
  local input, err = self:input()
  local options
  if input then
    options, err = self:options()
  end
  if options then
    page, err = self.client[self.name](self.client, input, options)
  end
  if not page then
    err.resume_token = self.token
    return nil, err
  end
  local list = self.made.items(page) -- of a document that no shape has checked, perhaps
  if list ~= nil and type(list) ~= "table" then
    return nil, unusable("response", "the response cannot be read: its items are no list", self.token)
  end
  if self.token then
    self.used[self.token] = true
  end
  self.token = next_token(self.made, page)
  self.done = self.token == nil
  return page, self.token
end

--- A listing whose pages `next` gives: a page, nil behind the last one, or nil and an error.
---@param client table
---@param op table an operation that has pages
---@param params table|nil
---@param options table as for `pages`
---@return { next: fun(self): table|nil, any }
local function start(client, op, params, options)
  local made = compiled[op.pages] or compile(op.pages)
  return setmetatable({
    client = client,
    name = op.method_name,
    params = params,
    made = made,
    token = options.token,
    used = {}, -- tokens
    page_size = options.page_size,
    timeout = options.timeout,
    deadline = options.deadline,
    call_options = { timeout = options.timeout, cancel = options.cancel, api_version = options.api_version },
  }, pages_mt)
end

--- An iterator of `page, token`; the token resumes behind that page. Raises
--- the error object, whose `resume_token` asks for the failed page again.
---@param client table
---@param op table an operation that has pages
---@param params table|nil
---@param options { token: string|nil, page_size: integer|nil, timeout: number|nil, deadline: number|nil,
---   cancel: table|nil } timeout: seconds for each page; deadline: by the transport's clock, for all pages together
---@return fun(): table|nil, string|nil
local function pages(client, op, params, options)
  local state = start(client, op, params, options)
  return function()
    local page, token = state:next()
    if not page and token then
      Error.raise(token)
    end
    return page, token
  end
end

--- An iterator of items, at most `options.limit` of them. Raises the error object.
---@return fun(): any
local function items(client, op, params, options)
  local state = start(client, op, params, options)
  local left = options.limit or math.huge
  local list, at = {}, 0
  return function()
    if left <= 0 then
      return nil
    end
    while at >= #list do
      local page, err = state:next()
      if not page then
        if err then
          Error.raise(err)
        end
        return nil
      end
      list, at = state.made.items(page) or {}, 0
    end
    at, left = at + 1, left - 1
    return list[at]
  end
end

--- Every item in one list, at most `options.limit`; or nil and the error that
--- stopped it, with the items before it in its `items`.
---@return table|nil
---@return cloudjobs.Error|nil
local function all(client, op, params, options)
  local state = start(client, op, params, options)
  local limit = options.limit or math.huge
  local list = setmetatable({}, core.array_mt)
  while #list < limit do
    local page, err = state:next()
    if not page then
      if err then
        err.items = list
        return nil, err
      end
      break
    end
    for _, item in ipairs(state.made.items(page) or {}) do
      if #list < limit then
        list[#list + 1] = item
      end
    end
  end
  return list
end

return { start = start, pages = pages, items = items, all = all }
