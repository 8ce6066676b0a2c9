--- A wait outlasts a network that is away for a while, so it must tell why nothing happens: a host that does not answer
--- is told of at the first try, and again every few minutes; one that did answer, once it has been away as long.

local text = require "cloudjobs.cli.text"
local wrap = require "cloudjobs.cli.wrap"

local SILENCE = 300 -- seconds
local AGAIN = "; trying again"

-- Why a try was none, nil when the host did answer; what a gateway says in its place is no answer. What is asked of
-- metadata services and the like is no client's request: where none answers the search for keys goes on elsewhere.
local function failure(host, request, response, err)
  if not request.route then
    return nil
  elseif err then
    return err.kind == "transport" and text.plain(err) .. (err.retryable and AGAIN or "") or nil
  elseif response.status >= 500 then
    return ("%s: status %d"):format(host, response.status) .. AGAIN
  end
end

--- `transport`, telling `say` of hosts that do not answer.
---@param transport table
---@param say fun(line: string)
---@return table
local function telling(transport, say)
  local heard = {} -- when a host last answered, or was told of
  return wrap(transport, {
    send = function(_, request)
      local response, err = transport:send(request)
      local host, now = request.url:match("^%a+://([^/?]*)") or "?", transport:clock()
      local why = failure(host, request, response, err)
      if response and not why then
        heard[host] = now
      elseif why and now - (heard[host] or -math.huge) >= SILENCE then
        heard[host] = now
        say(why)
      end
      return response, err
    end,
  })
end

return telling
