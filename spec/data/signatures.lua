--- Requests of many forms, to be signed on one side and verified on the other.

local PLAIN = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }
local TEMPORARY = {
  access_key_id = "ASIAEXAMPLE",
  secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  session_token = "IQoJb3JpZ2luX2VjEXAMPLE//////////token+with/signs==",
}

local function call(target, body)
  return {
    method = "POST",
    headers = { ["content-type"] = "application/x-amz-json-1.1", ["x-amz-target"] = target },
    body = body,
  }
end

local function with(request, changes)
  for name, value in pairs(changes) do
    request[name] = value
  end
  return request
end

local cases = {
  { "a call", call("AmazonSSM.DescribeMaintenanceWindows", "{}") },
  { "a call with a session", with(call("AmazonSSM.GetParameter", '{"Name":"/a"}'), { keys = TEMPORARY }) },
  { "a call in China", with(call("AmazonSSM.GetParameter", "{}"), { region = "cn-north-1" }) },
  { "a call in a government's region", with(call("AmazonSSM.GetParameter", "{}"), { region = "us-gov-west-1" }) },
  { "another service", with(call("AWSPartnerCentralSelling.ListEngagements", "{}"), { service = "partnercentral-selling" }) },
  { "a body beyond ASCII", call("AmazonSSM.PutParameter", '{"Value":"日本 😀 é"}') },
  { "a long body", call("AmazonSSM.PutParameter", ("0123456789abcdef"):rep(8192)) },
  { "an empty body", call("AmazonSSM.PutParameter", "") },
  { "a form", {
    method = "POST",
    headers = { ["content-type"] = "application/x-www-form-urlencoded; charset=utf-8" },
    body = "Action=GetCallerIdentity&Version=2011-06-15",
    service = "sts",
  } },
  { "headers full of blanks", { headers = { ["x-amz-meta-a"] = "  a   b  c ", ["x-amz-meta-b"] = "\"x  y\"" } } },
  { "many headers", { headers = {
    accept = "application/json", ["content-md5"] = "1B2M2Y8AsgTpgAmY7PhCfg==", ["if-match"] = '"tag"',
    ["x-amz-b"] = "2", ["x-amz-a"] = "1", ["x-amz-a-b"] = "3", ["x-custom"] = "",
  } } },
  { "headers that go unsigned", { headers = { ["user-agent"] = "cloudjobs/1", ["x-amzn-trace-id"] = "Root=1-2-3" } } },
  { "a port", { headers = { host = "127.0.0.1:8080" } } },
  { "the last second of a day", { time = 1795305599 } },
  { "the first second of a day", { time = 1795305600 } },
}

-- Paths and queries as they go on the wire.
for _, path in ipairs {
  "/", "/a/b.c~d_e-f", "/a/", "/a//b", "/a/./b/../c", "/../..", "/a%20b", "/%E1%88%B4", "/%2F%25", "/a+b:c@d,e;f=g",
  "/a!b$c'd(e)f*g",
} do
  cases[#cases + 1] = { "the path " .. path, { path = path } }
end
for _, query in ipairs {
  "a=1", "b=2&a=1", "a=2&a=1&a=0", "a=", "Z=1&a=2&B=3", "a-b=1&a=2&a.b=3", "key=x%2Fy%20z%2B", "%C3%A9=%E2%82%AC",
  "next=b%3D%3D&max=1", "a=~-_.",
} do
  cases[#cases + 1] = { "the query " .. query, { query = query } }
end

local list = {}
for i, case in ipairs(cases) do
  local request = case[2]
  list[i] = {
    name = case[1],
    method = request.method or "GET",
    path = request.path or "/",
    query = request.query,
    headers = with({ host = "example.amazonaws.com" }, request.headers or {}),
    body = request.body,
    keys = request.keys or PLAIN,
    region = request.region or "eu-central-1",
    service = request.service or "ssm",
    time = request.time or 1795320000,
  }
end

return list
