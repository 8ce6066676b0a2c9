--- The ways to an AWS identity in the hands of others: roles, web identity, Identity
--- Center, container and instance as boto3 and the AWS SDK for JavaScript ask for
--- them, in the same calls as ours makes.

local Home = require "spec.support.home"
local identities = require "spec.data.aws_identities"
local judges = require "spec.support.judges"

for _, judge in ipairs { judges.boto3, judges.javascript } do
  describe(judge.title .. " finds an identity in", function()
    judges.with(judge, function()
      local server
      setup(function()
        server = judges.start()
      end)
      teardown(function()
        server:stop()
      end)

      -- The environment of a way, as words for env.
      local function environment(way, home)
        local words = {
          "HOME=" .. home.path,
          "AWS_CONFIG_FILE=" .. home.path .. "/.aws/config",
          "AWS_REGION=us-east-1",
          "AWS_DEFAULT_REGION=us-east-1",
          "AWS_ENDPOINT_URL=" .. server.url,
        }
        for name, value in pairs(way.env or {}) do
          local filled = value:gsub("{URL}", server.url):gsub("{HOME}", home.path)
          words[#words + 1] = name .. "=" .. filled
        end
        return words
      end

      for _, way in ipairs(identities.ways) do
        it(way[1], function()
          local home = Home.new(way.files)
          server:clear_requests()
          local result = judges.run(judges.driver(judge, "identity"), { environment = environment(way, home) })
          home:remove()
          assert.equal(0, result.status, result.stderr)
          local seen = {}
          for i, request in ipairs(server:requests()) do
            seen[i] = request.operation
          end
          assert.equal(way.seen, table.concat(seen, " "))
        end)
      end
    end)
  end)
end
