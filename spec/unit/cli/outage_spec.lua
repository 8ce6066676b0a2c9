local Error = require "cloudjobs.base.error"
local outage = require "cloudjobs.cli.outage"

describe("a transport that reports hosts that do not respond", function()
  local time, answers, reported, transport

  before_each(function()
    time, answers, reported = 0, {}, {}
    transport = outage({
      clock = function()
        return time
      end,
      send = function(_, request)
        local host = request.url:match("//([^/]*)")
        if answers[host] then
          return { status = answers[host] }
        end
        return nil, Error.new { kind = "transport", code = "connect", message = host, retryable = host ~= "forged" }
      end,
    }, function(line)
      reported[#reported + 1] = time .. " " .. line
    end)
  end)

  local function ask(host, at)
    time = at
    transport:send { url = ("https://%s/path?query"):format(host), route = {} }
  end

  it("reports at the first try, although other hosts responded", function()
    answers.login = 403
    ask("login", 0)
    ask("api", 1)
    assert.same({ "1 connect: api; trying again" }, reported)
  end)

  it("reports again every five minutes", function()
    for at = 0, 700, 20 do
      ask("api", at)
    end
    assert.same({
      "0 connect: api; trying again", "300 connect: api; trying again", "600 connect: api; trying again",
    }, reported)
  end)

  it("counts a server's error as no response", function()
    answers.api = 503
    ask("api", 0)
    assert.same({ "0 api: status 503; trying again" }, reported)
  end)

  it("announces no other try where it cannot help", function()
    ask("forged", 0)
    assert.same({ "0 connect: forged" }, reported)
  end)

  it("reports nothing about the search for keys", function()
    transport:send { url = "http://169.254.169.254/latest" }
    assert.same({}, reported)
  end)

  it("reports nothing that Ctrl-C ended", function()
    local silent = outage({ clock = function() return 0 end, send = function()
      return nil, Error.new { kind = "cancelled", code = "cancelled", message = "interrupted" }
    end }, error)
    local _, err = silent:send { url = "https://api/", route = {} }
    assert.equal("cancelled", err.kind)
  end)

  it("reports a host that has responded once it has been away for half a minute, and then every five", function()
    answers.api = 200
    ask("api", 100)
    answers.api = nil
    ask("api", 129)
    assert.same({}, reported)
    for _, at in ipairs { 130, 160, 429, 430 } do
      ask("api", at)
    end
    assert.same({ "130 connect: api; trying again", "430 connect: api; trying again" }, reported)
  end)

  it("begins anew when the host responds", function()
    for at = 0, 60, 60 do
      answers.api = nil
      ask("api", at)
      answers.api = 200
      ask("api", at + 1)
    end
    ask("api", 62)
    answers.api = nil
    ask("api", 92)
    assert.same({ "0 connect: api; trying again", "60 connect: api; trying again", "92 connect: api; trying again" }, reported)
  end)
end)
