--- Requests of our client, beside botocore's for the same calls: its method,
--- address, target, content type and body.

local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local data = require "spec.data.requests"
local judges = require "spec.support.judges"

local SERVICES = {
  { "bcm_data_exports", "bcm-data-exports" },
  { "ssm", "ssm" },
  { "partnercentral_selling", "partnercentral-selling" },
}

-- All calls to botocore in one process; its requests in their order.
local function ask_botocore()
  local calls = {}
  for _, service in ipairs(SERVICES) do
    for _, case in ipairs(data.services[service[1]]) do
      calls[#calls + 1] = { service = service[2], operation = case[2], params = data.given(case[3], "theirs") }
    end
  end
  local result = judges.run({ "python3", "spec/judges/python/requests.py" }, { stdin = assert(core.json_encode(calls)) })
  assert(result.status == 0, result.stderr)
  local requests = {}
  for line in result.stdout:gmatch "[^\n]+" do
    requests[#requests + 1] = assert(core.json_decode(line))
  end
  return requests
end

describe("what botocore would send", function()
  judges.with(judges.boto3, function()
    local theirs, uuid
    setup(function()
      theirs = ask_botocore()
      uuid = core.uuid
      core.uuid = function()
        return data.token
      end
    end)
    teardown(function()
      core.uuid = uuid
    end)

    local number = 0
    for _, service in ipairs(SERVICES) do
      local client = cloudjobs.aws[service[1]] {
        region = "us-east-1",
        env = {},
        credentials = { access_key_id = "AKID", secret_access_key = "secret" },
      }
      for _, case in ipairs(data.services[service[1]]) do
        number = number + 1
        local at = number

        it(("is what we send: %s with %s"):format(case[2], case[1]), function()
          local his = theirs[at]
          local mine = assert(client:request(case[2], data.given(case[3], "ours")))
          assert.same(
            { his.method, his.url, his.type, his.target },
            { mine.method, mine.url, mine.headers["content-type"], mine.headers["x-amz-target"] }
          )
          assert.same(core.json_decode(his.body), core.json_decode(mine.body))
          assert.equal(his.compact, mine.body)
        end)
      end
    end
  end)
end)
