--- A wait outlasts a network that is away for a while, so it has to report why nothing happens: a host that has never
--- responded at the first try, one that has responded once it has been away for half a minute, and both again every few
--- minutes.

local text = require "cloudjobs.cli.text"
local wrap = require "cloudjobs.cli.wrap"

local AWAY, AGAIN = 30, 300 -- seconds until the first report of a host that has responded, and between two reports
local TRYING = "; trying again"

-- Why a try failed, nil when the host responded; a gateway's error is no response of the host. Requests to metadata
-- services and the like are no client's: where none responds, the search for keys goes on elsewhere.
local function failure(host, request, response, err)
  if not request.route then
    return nil
  elseif err then
    return err.kind == "transport" and text.plain(err) .. (err.retryable and TRYING or "") or nil
  elseif response.status >= 500 then
    return ("%s: status %d"):format(host, response.status) .. TRYING
  end
end

--- `transport`, which reports the hosts that do not respond.
---@param transport table
---@param report fun(line: string)
---@return table
local function reporting(transport, report)
  local hosts = {} -- when each last responded, and when that it does not was last reported
  return wrap(transport, {
    send = function(_, request)
      local response, err = transport:send(request)
      local name, now = request.url:match("^%a+://([^/?]*)") or "?", transport:clock()
      local host = hosts[name] or { responded = -math.huge, reported = -math.huge }
      hosts[name] = host
      local why = failure(name, request, response, err)
      if response and not why then
        host.responded, host.reported = now, -math.huge
      elseif why and now - host.responded >= AWAY and now - host.reported >= AGAIN then
        host.reported = now
        report(why)
      end
      return response, err
    end,
  })
end

return reporting
