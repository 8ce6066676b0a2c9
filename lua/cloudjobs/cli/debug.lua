--- `--debug`: a line on standard error for each request and each response. Queries,
--- headers and bodies may carry secrets and are left out.

local text = require "cloudjobs.cli.text"
local wrap = require "cloudjobs.cli.wrap"

local REQUEST_IDS = { "x-amzn-requestid", "x-amz-request-id", "x-ms-request-id" }

local function log(...)
  local words = { "debug:" }
  for _, word in ipairs { ... } do
    words[#words + 1] = tostring(word)
  end
  io.stderr:write(text.plain(table.concat(words, " ")), "\n")
end

local function request_id(headers)
  for _, name in ipairs(REQUEST_IDS) do
    if headers[name] then
      return "request id " .. headers[name]
    end
  end
end

--- `transport`, with a log of what it does.
local function transport(inner)
  return wrap(inner, {
    send = function(_, request)
      log(request.method, request.url:match("^[^?]*"), request.headers["x-amz-target"])
      local started = inner:clock()
      local response, err = inner:send(request)
      local elapsed = ("%.3f s"):format(inner:clock() - started)
      if response then
        log(response.status, "after", elapsed, request_id(response.headers))
      else
        log("failed after", elapsed, err)
      end
      return response, err
    end,
    sleep = function(_, seconds, cancel)
      log(("pausing for %.1f s"):format(seconds))
      return inner:sleep(seconds, cancel)
    end,
  })
end

--- `provider`, with a log of where no credentials were found.
local function provider(inner)
  return wrap(inner, {
    get = function(_, ...)
      local identity, err = inner:get(...)
      if err and err.cause then
        log(err.cause)
      end
      return identity, err
    end,
  })
end

return { transport = transport, provider = provider }
