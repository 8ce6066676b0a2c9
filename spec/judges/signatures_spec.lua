--- Signatures of others, verified as the emulator does, and ours, verified by
--- others; and the signatures of URLs, which are equal.

local auth = require "cloudjobs.emulator.auth"
local cases = require "spec.data.signatures"
local core = require "cloudjobs.core"
local judges = require "spec.support.judges"
local sigv4 = require "cloudjobs.aws.sigv4"

-- Of a name that comes more than once botocore keeps the first in a URL that it signs.
local function keeps_query(judge, case)
  return judge ~= judges.boto3 or case.query ~= "a=2&a=1&a=0"
end

local function with(case, changes)
  local copy = {}
  for name, value in pairs(case) do
    copy[name] = value
  end
  for name, value in pairs(changes) do
    copy[name] = value
  end
  return copy
end

-- What a URL can carry: no body, and the host alone of the headers.
local function bare(case)
  local copy = with(case, { headers = { host = case.headers.host } })
  copy.body = nil
  return copy
end

-- A client's way to sign.
local function signed_headers(case)
  local keys = case.keys
  local signer = core.signer(keys.access_key_id, keys.secret_access_key, keys.session_token)
  local fields = assert(core.request_headers(case.headers, nil, {
    method = case.method, path = case.path, query = case.query or "", region = case.region, service = case.service,
  }))
  return core.read_fields(assert(signer:sign(fields, case.body, case.time)))
end

local function header_list(case)
  local list = {}
  for name, value in pairs(case.headers) do
    list[#list + 1] = { name, value }
  end
  return list
end

-- The bare signer, with everything it can do.
local function details_of(case, location)
  local request = {
    method = case.method, path = case.path, query = case.query, headers = header_list(case), body = case.body,
  }
  local signed, details = sigv4.sign(request, {
    credentials = case.keys, region = case.region, service = case.service, time = case.time,
    location = location, expires = location == "query" and 900 or nil,
  })
  assert(signed, tostring(details))
  return details
end

-- What a judge's process prints for each case: a signature, a presigned URL, and
-- its verdicts on our signature, on that of the bare signer, and on ours with
-- another body.
local LINES = 5

local function ask(judge)
  local tasks = {}
  for _, case in ipairs(cases) do
    local mine = signed_headers(case)
    for _, task in ipairs {
      with(case, { act = "sign" }),
      with(bare(case), { act = "presign" }),
      with(case, { act = "verify", headers = mine }),
      with(case, { act = "verify", headers = details_of(case, "header").headers }),
      with(case, { act = "verify", headers = mine, body = (case.body or "") .. " " }),
    } do
      tasks[#tasks + 1] = task
    end
  end
  local result = judges.run(judges.driver(judge, "signatures"), { stdin = assert(core.json_encode(tasks)) })
  assert(result.status == 0, result.stderr)
  local responses = {}
  for line in result.stdout:gmatch "[^\n]+" do
    responses[#responses + 1] = core.json_decode(line)
  end
  assert.equal(#tasks, #responses)
  return responses
end

-- The emulator's view of a request: its caller, or the refusal.
local function verified(case, headers, body)
  local keys = { [case.keys.access_key_id] = {
    secret = case.keys.secret_access_key, session_token = case.keys.session_token, account = "111122223333",
  } }
  local request = { method = case.method, path = case.path, query = case.query, headers = headers, body = body }
  local ok, caller = pcall(auth.verify_signature, request, case.service, keys, case.time + 60)
  return ok and caller or caller.code
end

for _, judge in ipairs { judges.boto3, judges.javascript } do
  describe(judge.title, function()
    judges.with(judge, function()
      local responses
      setup(function()
        responses = ask(judge)
      end)

      for i, case in ipairs(cases) do
        local at = (i - 1) * LINES

        it("signs so that ours verifies it: " .. case.name, function()
          local caller = { access_key_id = case.keys.access_key_id, account = "111122223333", region = case.region }
          assert.same(caller, verified(case, responses[at + 1], case.body or ""))
          assert.equal("InvalidSignatureException", verified(case, responses[at + 1], (case.body or "") .. " "))
        end)

        if keeps_query(judge, case) then
          it("signs the same URL: " .. case.name, function()
            assert.equal(details_of(bare(case), "query").signature, responses[at + 2])
          end)
        end

        it("verifies ours: " .. case.name, function()
          assert.same({ true, true, false }, { responses[at + 3], responses[at + 4], responses[at + 5] })
        end)
      end
    end)
  end)
end
