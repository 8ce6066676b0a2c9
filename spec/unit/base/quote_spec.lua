local quote = require "cloudjobs.base.quote"

local SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY"
local JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
local PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"

local function cases(name, list)
  describe("quote." .. name, function()
    for i, case in ipairs(list) do
      it(("shows %s (%d)"):format(case[2]:sub(1, 40), i), function()
        assert.equal(case[2], quote[name](case[1]))
      end)
    end
  end)
end

cases("value", {
  { "nightly", '"nightly"' },
  { 'a "b" \\', '"a \\"b\\" \\\\"' },
  { 5, '"5"' },
  { "eu-central-1\naws_secret_access_key = x", '"eu-central-1" and more lines' },
  { "a\27[2Jb\0c\194\155d\226\128\174e", '"a?[2Jb?c?d?e"' },
  { "\255", '"?"' },
  { ("x"):rep(140), '"' .. ("x"):rep(128) .. '…"' },
  { ("ü"):rep(80), '"' .. ("ü"):rep(64) .. '…"' },
  { SECRET, '"[hidden]"' },
  { JWT, '"[hidden]"' },
  { PEM, '"[hidden]" and more lines' },
  { "aws_secret_access_key=short1", '"aws_secret_access_key=[hidden]"' },
  { "https://user:Hidden1@proxy/a?sig=x", '"https://…@proxy/a?…"' },
  { "arn:aws:iam::123456789012:role/Reader", '"arn:aws:iam::123456789012:role/Reader"' },
  { "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c", '"subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"' },
  { "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c/resourceGroups", '"subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c/resourceGroups"' },
  { "SubscriptionNotRegisteredForFeature2024", '"SubscriptionNotRegisteredForFeature2024"' },
})

cases("word", {
  { "fast", '"fast"' },
  { "s3cret-s3cret-s3cret-s3cret", "[27 bytes]" },
  { "standard\n" .. SECRET, '"standard" and more lines' },
})

cases("url", {
  { "http://127.0.0.1:4566/path", "http://127.0.0.1:4566/path" },
  { "https://user:Hidden1@Hidden2#x@proxy:4710", "https://…@proxy:4710" },
  { "http://user:Hidden1", "http://…" },
  { "http://user:Hid?den/1@host/x", "http://…@host/x" },
  { "user:Hidden1", "…" },
  { "user:Hidden1@proxy:3128", "…@proxy:3128" },
  { "localhost:4566", "localhost:4566" },
  { "https://blob/c/f.csv?sv=2024&sig=Hidden", "https://blob/c/f.csv?…" },
  { "https://[::1]:8443/x#y", "https://[::1]:8443/x?…" },
  { "https://host/" .. SECRET, "https://host[hidden]" },
  { "https://" .. ("x"):rep(300), "https://…" },
  { "what is this", "…" },
})

cases("path", {
  { "/etc/ssl/ca.pem", "/etc/ssl/ca.pem" },
  { "~/.aws/config", "~/.aws/config" },
  { "ca.pem", "ca.pem" },
  { "/Users/JohnDoe/MyProject2/CaBundle1.pem", "/Users/JohnDoe/MyProject2/CaBundle1.pem" },
  { "/" .. SECRET:gsub("/", "x"), "[a text of 42 bytes, which is no path]" },
  { PEM, "[a text of 87 bytes, which is no path]" },
  { "https://user:pass1@pass2@host.example/a?sig=pass3", "https://…@host.example/a?…" },
  { SECRET, "[a text of 41 bytes, which is no path]" },
  { JWT, "[a text of 49 bytes, which is no path]" },
  { ("x"):rep(130), "[a text of 130 bytes, which is no path]" },
})

cases("line", {
  { "AADSTS50076: sign in again", "AADSTS50076: sign in again" },
  { "first\nsecond\r\n\27[31mthird", "first second ?[31mthird" },
  { "see https://u:Hidden1@host/p?code=x now", "see https://…@host/p?… now" },
  { "Authorization: Bearer " .. JWT, "Authorization: [hidden] [hidden]" },
  { 'x-amz-security-token:FwoG password="x y" sig=abc&se=5', 'x-amz-security-token:[hidden] password="[hidden] y" sig=[hidden]&se=5' },
  { "Status Code: 400; Request ID: 5", "Status Code: 400; Request ID: 5" },
  { ("word "):rep(1000), ("word "):rep(204) .. "word…" },
})

describe("quote", function()
  it("shows a text of a document unless it carries a signature or a key with its name", function()
    assert.equal("https://bucket/key?…", quote.document("https://bucket/key?X-Amz-Signature=abc"))
    assert.equal("AccountName=x;AccountKey=[hidden];y=1", quote.document("AccountName=x;AccountKey=abc==;y=1"))
    assert.equal("arn:aws:x:export/Nightly2024\27[1m", quote.document("arn:aws:x:export/Nightly2024\27[1m"))
  end)

  it("takes out the secrets of a call that a service repeats", function()
    assert.equal("token:[hidden] and [hidden]", quote.without("token:a+b%c.d/e and a+b%c.d/e", { "a+b%c.d/e" }))
    assert.equal("short x stays", quote.without("short x stays", { "x", nil }))
    assert.equal("the client secret is wrong", quote.without("the client secret is wrong", { "secret" }))
  end)

  it("knows members that hold secrets", function()
    for _, name in ipairs { "SecretAccessKey", "client_secret", "x-amz-security-token", "ActivationCode", "TokenValue",
      "sig", "sasToken", "Authorization" } do
      assert.is_true(quote.is_secret(name), name)
    end
    for _, name in ipairs { "code", "StatusCode", "NextToken", "clientToken", "name", 5 } do
      assert.is_false(quote.is_secret(name), name)
    end
  end)

  it("reads any text in steps that grow with its length alone", function()
    for _, piece in ipairs { "a", "a:", "//", "@", "a.", "a=", ": ", "://", "-", "\27", "\194\128", "%" } do
      local text = piece:rep(math.ceil(1e6 / #piece))
      for _, name in ipairs { "value", "word", "url", "path", "line", "clean" } do
        assert.is_string(quote[name](text))
      end
    end
  end)
end)
