local Endpoint = require "cloudjobs.aws.endpoint.rule_set"
local functions = require "cloudjobs.aws.endpoint.functions"

local PARAMETERS = {
  Region = { type = "string" },
  Bucket = { type = "string" },
  Names = { type = "stringArray" },
  UseFIPS = { type = "boolean", required = true, default = false },
}

local function rule_set(rules, parameters)
  return { version = "1.0", parameters = parameters or PARAMETERS, rules = rules }
end

local function condition(fn, argv, assign)
  return { fn = fn, argv = argv, assign = assign }
end

local function endpoint(url, conditions, more)
  local found = { url = url }
  for name, value in pairs(more or {}) do
    found[name] = value
  end
  return { type = "endpoint", conditions = conditions or {}, endpoint = found }
end

local function failure(message, conditions)
  return { type = "error", conditions = conditions or {}, error = message }
end

local function tree(conditions, rules)
  return { type = "tree", conditions = conditions, rules = rules }
end

local REGION = { ref = "Region" }

local function url_of(rules, params)
  local answer, err = Endpoint.resolve(rule_set(rules), params)
  return answer and answer.url, err and err.message
end

describe("the library's", function()
  local CASES = {
    { "isSet", { "x" }, true },
    { "isSet", { false }, true },
    { "isSet", {}, false },
    { "not", { false }, true },
    { "not", { true }, false },
    { "stringEquals", { "a", "a" }, true },
    { "stringEquals", { "a", "A" }, false },
    { "booleanEquals", { true, true }, true },
    { "booleanEquals", { nil, false }, false },
    { "substring", { "abcdefg", 0, 3, false }, "abc" },
    { "substring", { "abcdefg", 0, 3, true }, "efg" },
    { "substring", { "abcdefg", 4, 7, false }, "efg" },
    { "substring", { "abcdefg", 5, 8, false }, nil },
    { "substring", { "abc", 2, 2, false }, nil },
    { "substring", { "äbc", 0, 1, false }, nil },
    { "substring", { nil, 0, 1, false }, nil },
    { "split", { "a--b--c", "--", 0 }, { "a", "b", "c" } },
    { "split", { "a--b--c", "--", 2 }, { "a", "b--c" } },
    { "split", { "a--b--c", "--", 1 }, { "a--b--c" } },
    { "split", { "", "--", 0 }, { "" } },
    { "split", { "----", "--", 0 }, { "", "", "" } },
    { "split", { "a.b", ".", 0 }, { "a", "b" } },
    { "split", { nil, "--", 0 }, nil },
    { "uriEncode", { "a b/c~d%é" }, "a%20b%2Fc~d%25%C3%A9" },
    { "uriEncode", {}, nil },
    { "isValidHostLabel", { "us-east-1", false }, true },
    { "isValidHostLabel", { "-us", false }, false },
    { "isValidHostLabel", { "us-", false }, false },
    { "isValidHostLabel", { "us.east", false }, false },
    { "isValidHostLabel", { "us.east", true }, true },
    { "isValidHostLabel", { "us..east", true }, false },
    { "isValidHostLabel", { "", false }, false },
    { "isValidHostLabel", { ("x"):rep(63), false }, true },
    { "isValidHostLabel", { ("x"):rep(64), false }, false },
    { "isValidHostLabel", { "evil.com/?", true }, false },
    { "isValidHostLabel", { nil, false }, false },
    { "aws.isVirtualHostableS3Bucket", { "my-bucket", false }, true },
    { "aws.isVirtualHostableS3Bucket", { "my.bucket", false }, false },
    { "aws.isVirtualHostableS3Bucket", { "my.bucket", true }, true },
    { "aws.isVirtualHostableS3Bucket", { "My-bucket", false }, false },
    { "aws.isVirtualHostableS3Bucket", { "ab", false }, false },
    { "aws.isVirtualHostableS3Bucket", { ("a"):rep(40) .. "." .. ("b"):rep(30), true }, false },
    { "aws.isVirtualHostableS3Bucket", { "192.168.1.1", true }, false },
    { "aws.isVirtualHostableS3Bucket", { "192.168.1.300", true }, true },
    { "aws.isVirtualHostableS3Bucket", { nil, true }, false },
    { "parseURL", { "https://Example.com" },
      { scheme = "https", authority = "Example.com", path = "", normalizedPath = "/", isIp = false } },
    { "parseURL", { "http://example.com:80/foo/bar" },
      { scheme = "http", authority = "example.com:80", path = "/foo/bar", normalizedPath = "/foo/bar/", isIp = false } },
    { "parseURL", { "https://127.0.0.1/" },
      { scheme = "https", authority = "127.0.0.1", path = "/", normalizedPath = "/", isIp = true } },
    { "parseURL", { "https://[fe80::1]" },
      { scheme = "https", authority = "[fe80::1]", path = "", normalizedPath = "/", isIp = true } },
    { "parseURL", { "https://127.0.0.256" },
      { scheme = "https", authority = "127.0.0.256", path = "", normalizedPath = "/", isIp = false } },
    { "parseURL", { "https://example.com?" }, nil },
    { "parseURL", { "https://example.com:8443?a=b" }, nil },
    { "parseURL", { "ftp://example.com" }, nil },
    { "parseURL", { "example.com" }, nil },
    { "parseURL", {}, nil },
    { "aws.parseArn", { "arn:aws:sns:us-west-2:012345678910:topic" },
      { partition = "aws", service = "sns", region = "us-west-2", accountId = "012345678910",
        resourceId = { "topic" } } },
    { "aws.parseArn", { "arn:aws:iam::012345678910:user/john:x" },
      { partition = "aws", service = "iam", region = "", accountId = "012345678910",
        resourceId = { "user", "john", "x" } } },
    { "aws.parseArn", { "arn:aws:s3:::bucket" },
      { partition = "aws", service = "s3", region = "", accountId = "", resourceId = { "bucket" } } },
    { "aws.parseArn", { "arn:aws:s3:::" }, nil },
    { "aws.parseArn", { "arn::s3:::bucket" }, nil },
    { "aws.parseArn", { "11111111-2222" }, nil },
    { "aws.parseArn", {}, nil },
  }
  for i, case in ipairs(CASES) do
    it(("%s returns what its description has (%d)"):format(case[1], i), function()
      local argument = case[2]
      assert.same(case[3], (functions[case[1]](argument[1], argument[2], argument[3], argument[4])))
    end)
  end

  it("aws.partition finds a region by name, by its pattern, or in AWS's own partition", function()
    local PARTITIONS = {
      ["us-east-1"] = "aws", ["eu-nowhere-9"] = "aws", ["mars"] = "aws",
      ["cn-north-1"] = "aws-cn", ["cn-nowhere-9"] = "aws-cn", ["aws-cn-global"] = "aws-cn",
      ["us-gov-west-1"] = "aws-us-gov", ["us-gov-nowhere-1"] = "aws-us-gov",
      ["us-iso-east-1"] = "aws-iso", ["us-isob-nowhere-3"] = "aws-iso-b", ["eusc-de-east-1"] = "aws-eusc",
    }
    for region, name in pairs(PARTITIONS) do
      assert.equal(name, functions["aws.partition"](region).name, region)
    end
    assert.same({
      name = "aws-cn", dnsSuffix = "amazonaws.com.cn", dualStackDnsSuffix = "api.amazonwebservices.com.cn",
      implicitGlobalRegion = "cn-northwest-1", supportsDualStack = true, supportsFIPS = true,
    }, functions["aws.partition"]("cn-north-1"))
  end)
end)

describe("an expression", function()
  local function value_of(expression, params)
    local answer, err = Endpoint.resolve(rule_set { endpoint("x", {}, { properties = { it = expression } }) }, params)
    return err and err.message or answer.properties.it
  end
  local arn = { fn = "aws.parseArn", argv = { { ref = "Bucket" } } }
  local params = { Region = "r-1", Bucket = "arn:aws:s3:us-east-1:1:a/b/c", UseFIPS = true }

  it("is a value, a reference or a template", function()
    assert.equal(7, value_of(7))
    assert.is_true(value_of(true))
    assert.equal("r-1", value_of(REGION, params))
    assert.equal("<r-1.true>", value_of("<{Region}.{UseFIPS}>", params))
    assert.equal("{r-1}", value_of("{{{Region}}}", params))
    assert.same({ "r-1", { deep = "r-1" } }, value_of({ "{Region}", { deep = REGION } }, params))
  end)

  it("reads a value by name and by index", function()
    local function attr(path)
      return value_of({ fn = "getAttr", argv = { arn, path } }, params)
    end
    assert.equal("us-east-1", attr "region")
    assert.equal("a", attr "resourceId[0]")
    assert.equal("c", attr "resourceId[2]")
    assert.equal("c", attr "resourceId[-1]")
    assert.is_nil(attr "resourceId[3]")
    assert.is_nil(attr "resourceId[-4]")
    assert.is_nil(attr "region.deeper")
    assert.equal("b", value_of({ fn = "getAttr", argv = { { ref = "Names" }, "[1]" } }, { Names = { "a", "b" } }))
  end)

  it("chooses with coalesce and ite", function()
    local function coalesce(...)
      return { fn = "coalesce", argv = { ... } }
    end
    assert.equal("r-1", value_of(coalesce({ ref = "Bucket" }, REGION, "z"), { Region = "r-1" }))
    assert.equal("z", value_of(coalesce({ ref = "Bucket" }, REGION, "z"), {}))
    assert.is_false(value_of(coalesce({ ref = "UseFIPS" }, true), {}))
    assert.is_nil(value_of(coalesce({ ref = "Bucket" }, REGION), {}))
    local ite = { fn = "ite", argv = { { ref = "UseFIPS" }, "-fips", "" } }
    assert.equal("-fips", value_of(ite, { UseFIPS = true }))
    assert.equal("", value_of(ite, {}))
  end)

  it("without a value has no place in a template", function()
    assert.equal("{Region} has no value", value_of("{Region}", {}))
    assert.equal("{Region#name} has no value", value_of("{Region#name}", params))
  end)
end)

describe("rules", function()
  it("are tried in order until the conditions of one hold", function()
    local rules = {
      endpoint("one", { condition("stringEquals", { REGION, "a" }), condition("booleanEquals", { { ref = "UseFIPS" }, true }) }),
      endpoint("two", { condition("stringEquals", { REGION, "a" }) }),
      endpoint("three"),
    }
    assert.equal("one", url_of(rules, { Region = "a", UseFIPS = true }))
    assert.equal("two", url_of(rules, { Region = "a" }))
    assert.equal("three", url_of(rules, { Region = "b" }))
  end)

  it("see what the conditions above them assign", function()
    local rules = { tree({ condition("aws.partition", { REGION }, "P") }, {
      endpoint("https://{Region}.{P#dnsSuffix}", {
        condition("getAttr", { { ref = "P" }, "name" }, "Name"),
        condition("stringEquals", { { ref = "Name" }, "aws-cn" }),
      }),
      endpoint("https://{P#dualStackDnsSuffix}"),
    }) }
    assert.equal("https://cn-north-1.amazonaws.com.cn", url_of(rules, { Region = "cn-north-1" }))
    assert.equal("https://api.aws", url_of(rules, { Region = "us-east-1" }))
  end)

  it("refuse with their own message", function()
    assert.same({ nil, "no FIPS in r-1" }, { url_of({ failure("no FIPS in {Region}") }, { Region = "r-1" }) })
  end)

  it("end in a tree that was entered, whatever stands behind it", function()
    local rules = {
      tree({ condition("isSet", { REGION }) }, { endpoint("x", { condition("stringEquals", { REGION, "a" }) }) }),
      endpoint("behind"),
    }
    assert.equal("behind", url_of(rules, {}))
    assert.same({ nil, "no rule applies to these parameters" }, { url_of(rules, { Region = "b" }) })
  end)

  it("are an error where the address is a parameter that is not set", function()
    local rules = { { type = "endpoint", conditions = {}, endpoint = { url = REGION } } }
    assert.same({ nil, "the rule that applies has no address" }, { url_of(rules, {}) })
  end)

  it("give headers and properties with the address", function()
    assert.same({
      url = "https://r-1.example",
      headers = { ["x-region"] = { "r-1", "fixed" } },
      properties = { authSchemes = { { name = "sigv4", signingRegion = "r-1", disableDoubleEncoding = true } } },
    }, Endpoint.resolve(rule_set { endpoint("https://{Region}.example", {}, {
      headers = { ["x-region"] = { REGION, "fixed" } },
      properties = { authSchemes = { { name = "sigv4", signingRegion = "{Region}", disableDoubleEncoding = true } } },
    }) }, { Region = "r-1" }))
  end)
end)

describe("parameters", function()
  local rules = { endpoint("{Region}.{UseFIPS}", { condition("isSet", { REGION }) }), endpoint("none") }

  it("have their defaults", function()
    assert.equal("r-1.false", url_of(rules, { Region = "r-1" }))
    assert.equal("none", url_of(rules, {}))
    assert.equal("none", url_of(rules))
  end)

  it("are refused when they are not the rule set's", function()
    local set = rule_set(rules, {
      Region = { type = "String" },
      Needed = { type = "string", required = true },
    })
    local function message(params)
      local answer, err = Endpoint.resolve(set, params)
      assert.is_nil(answer)
      assert.equal("config", err.kind)
      return err.message
    end
    assert.equal("parameter Needed is required", message {})
    assert.equal("parameter Region: expected String, got boolean", message { Needed = "x", Region = true })
    assert.equal("unknown parameter region (did you mean Region?)", message { Needed = "x", region = "r-1" })
  end)

  it("are checked although the answer is known", function()
    local set = rule_set(rules)
    assert(Endpoint.resolve(set, { Region = "r-1" }))
    assert.is_nil(Endpoint.resolve(set, { Region = "r-1", region = "r-2" }))
  end)
end)

describe("an answer", function()
  local set = rule_set { endpoint("https://{Region}.example", { condition("isSet", { REGION }) }), endpoint("none") }

  it("is kept by its parameters", function()
    local first = Endpoint.resolve(set, { Region = "a" })
    assert.equal(first, Endpoint.resolve(set, { Region = "a" }))
    assert.equal("https://b.example", Endpoint.resolve(set, { Region = "b" }).url)
    assert.not_equal(first, Endpoint.resolve(set, { Region = "a", UseFIPS = true }))
    assert.equal(first, Endpoint.resolve(set, { Region = "a" }))
  end)

  it("is kept for so many parameters only", function()
    local first = Endpoint.resolve(set, { Region = "first" })
    for i = 1, 1000 do
      Endpoint.resolve(set, { Region = "r-" .. i })
    end
    local again = Endpoint.resolve(set, { Region = "first" })
    assert.not_equal(first, again)
    assert.same(first, again)
  end)

  it("is found anew for lists, and where there are no parameters", function()
    local lists = rule_set { endpoint("{First}", {
      condition("getAttr", { { ref = "Names" }, "[0]" }, "First"),
    }), endpoint("none") }
    local names = { "a" }
    assert.equal("a", Endpoint.resolve(lists, { Names = names }).url)
    names[1] = "b"
    assert.equal("b", Endpoint.resolve(lists, { Names = names }).url)
    local plain = rule_set({ endpoint("https://one.example") }, {})
    for _ = 1, 2 do
      assert.equal("https://one.example", Endpoint.resolve(plain, {}).url)
    end
  end)
end)

describe("a rule set that is refused", function()
  local CASES = {
    { "not a rule set: it has no parameters and rules", {} },
    { "unknown function fly", rule_set { endpoint("x", { condition("fly", {}) }) } },
    { "unknown type of rule bush", rule_set { { type = "bush", conditions = {} } } },
    { '"a{b" is no template', rule_set { endpoint "a{b" } },
    { '"a}" is no template', rule_set { endpoint "a}" } },
  }
  for _, case in ipairs(CASES) do
    it("says " .. case[1], function()
      local answer, err = Endpoint.resolve(case[2], {})
      assert.is_nil(answer)
      assert.equal(case[1], err.message)
    end)
  end

  -- `count` variables, each with the one before it twice, and each calls `fn`.
  local function doubling(count)
    local conditions = { condition("coalesce", { "xx" }, "v0") }
    for i = 1, count do
      local text = ("{v%d}{v%d}"):format(i - 1, i - 1)
      conditions[i + 1] = condition("coalesce", { text }, "v" .. i)
    end
    return endpoint("https://{v" .. count .. "}", conditions)
  end

  local function nested(depth)
    local rule = endpoint "https://one.example"
    for _ = 1, depth do
      rule = { type = "tree", conditions = {}, rules = { rule } }
    end
    return rule
  end

  local circle = { type = "tree", conditions = {} }
  circle.rules = { circle }

  local function signed(scheme)
    local rule = endpoint "https://one.example"
    rule.endpoint.properties = { authSchemes = { scheme } }
    return rule
  end

  local HOSTILE = {
    { "a text of more than 8192 bytes", doubling(60) },
    { "rules within more than 64 others", nested(70) },
    { "rules within more than 64 others", circle },
    { "the rule that applies has a wrong signingRegion in its authSchemes",
      signed { name = "sigv4", signingRegion = "a\r\nb: c" } },
    { "the rule that applies has a wrong name in its authSchemes", signed { name = true } },
    { "the endpoint rules are broken: ", endpoint("x", { condition("substring", { "abc", "x" }, "y") }) },
    { "the endpoint rules are broken: ", { type = "endpoint", conditions = 5 } },
    { "{parts#[0]} has no value", endpoint("{parts#[0]}", { condition("coalesce", { { fn = "split", argv = { "abc", "", 0 } },
      "other" }, "parts") }) },
  }
  for _, case in ipairs(HOSTILE) do
    it("says " .. case[1] .. " where it is hostile", function()
      local answer, err = Endpoint.resolve(rule_set { case[2] }, {})
      assert.is_nil(answer)
      assert.equal("config", err.kind)
      assert.equal(case[1], err.message:sub(1, #case[1]))
    end)
  end

  it("may be no table", function()
    assert.equal("not a rule set: it has no parameters and rules", (select(2, Endpoint.resolve("x", {}))).message)
  end)
end)
