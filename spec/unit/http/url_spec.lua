local url = require "cloudjobs.http.url"

describe("a URL", function()
  local good = {
    { "https://ssm.eu-west-1.amazonaws.com",
      { scheme = "https", host = "ssm.eu-west-1.amazonaws.com", port = 443,
        authority = "ssm.eu-west-1.amazonaws.com", path = "" } },
    { "HTTP://LocalHost:8080/base/?a=b",
      { scheme = "http", host = "localhost", port = 8080, authority = "localhost:8080", path = "/base/", query = "a=b" } },
    { "https://[::1]:443/x",
      { scheme = "https", host = "[::1]", port = 443, authority = "[::1]", path = "/x" } },
    { "https://h/a%2fb%c3%9C%zz?q=%2f",
      { scheme = "https", host = "h", port = 443, authority = "h", path = "/a%2Fb%C3%9C%zz", query = "q=%2f" } },
  }
  for _, case in ipairs(good) do
    it("is read: " .. case[1], function()
      assert.same(case[2], url.parse(case[1]))
    end)
  end

  local bad = {
    { "ftp://host", "absolute http or https URL" },
    { "//host/x", "absolute http or https URL" },
    { "", "absolute http or https URL" },
    { "https://", "a host name" },
    { "https://user:secret@host", "no user name or password" },
    { "https://host:0", "a port from 1 to 65535" },
    { "https://host:65536", "a port from 1 to 65535" },
    { "https://host:8o", "a host name, with or without a port" },
    { "https://host/a b", "no blanks" },
    { "https://host/a\r\nX: y", "no blanks" },
    { "https://host/#top", "no blanks, control characters or fragment" },
  }
  for _, case in ipairs(bad) do
    it(("is refused: %q"):format(case[1]), function()
      local parts, message = url.parse(case[1])
      assert.is_nil(parts)
      assert.matches(case[2], message, 1, true)
    end)
  end

  it("is shown without what may be secret", function()
    assert.equal("https://host:1/a", url.shown "https://host:1/a")
    assert.equal("https://…@host/a?…", url.shown "https://user:hu/sh@host/a?sig=hush")
    assert.equal("hush", url.shown "hush")
  end)

  it("is loopback only by literal address or as localhost", function()
    local hosts = {
      localhost = true, ["127.0.0.1"] = true, ["127.9.8.7"] = true, ["[::1]"] = true,
      ["127.0.0.1.example.com"] = false, ["10.0.0.1"] = false, ["localhost.example.com"] = false,
    }
    for host, expected in pairs(hosts) do
      assert.equal(expected, url.is_loopback(host), host)
    end
  end)

  it("encodes all but unreserved characters", function()
    assert.equal("a-b._~%20%2F%25%C3%A9", url.encode("a-b._~ /%é"))
  end)
end)
