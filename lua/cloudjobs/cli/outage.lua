--- A wait outlasts a network that is away for a while, so it must tell why nothing happens: a host that does not answer
--- is told of at the first try, and again every few minutes; one that did answer, once it has been away as long.

local text = require "cloudjobs.cli.text"
local wrap = require "cloudjobs.cli.wrap"

local SILENCE = 300 -- seconds

--- `transport`, telling `say` of hosts that do not answer.
---@param transport table
---@param say fun(line: string)
---@return table
local function telling(transport, say)
  local heard = {} -- when a host last answered, or was told of
  return wrap(transport, {
    send = function(_, request)
      local response, err = transport:send(request)
      local host, now = request.url:match("^%a+://([^/?]*)"), transport:clock()
      if response then
        heard[host] = now
      elseif err.kind == "transport" and now - (heard[host] or -math.huge) >= SILENCE then
        heard[host] = now
        say(text.plain(err) .. "; trying again")
      end
      return response, err
    end,
  })
end

return telling
