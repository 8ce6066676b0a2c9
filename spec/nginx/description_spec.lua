local Nginx = require "spec.support.nginx"
local files = require "spec.support.files"

local DESCRIPTION = [[{
  "metadata": { "protocol": "json", "serviceId": "Jobs", "endpointPrefix": "jobs", "signatureVersion": "v4",
    "targetPrefix": "Jobs", "jsonVersion": "1.1" },
  "operations": { "ListJobs": { "name": "ListJobs" }, "StopJob": { "name": "StopJob", "input": { "shape": "Gone" } } },
  "shapes": {}
}]]

local HTTP = [[
  lua_shared_dict cloudjobs 1m;
  init_by_lua_block {
    require("cloudjobs.nginx").setup()
    model = require("cloudjobs").aws.model { service = "jobs" }
  }
]]

Nginx.on_each(describe, setup, "a description that nginx's master has read", function()
  local folder, nginx

  files.for_specs(function(made)
    folder = made
    os.execute(("mkdir -p '%s/jobs/2031-01-01'"):format(folder))
    files.write(folder .. "/text", DESCRIPTION)
    os.execute(("gzip -nc '%s/text' >'%s/jobs/2031-01-01/service-2.json.gz'"):format(folder, folder))
  end)

  setup(function()
    nginx = Nginx.start { http = HTTP, env = { CLOUDJOBS_MODELS = folder, PATH = os.getenv("PATH") } }
    files.remove(folder .. "/jobs")
  end)

  teardown(function()
    nginx:stop()
  end)

  it("makes clients in its workers", function()
    assert.same({ "https://jobs.eu-west-1.amazonaws.com/", "Jobs.ListJobs" }, nginx:run [[
      local client = require("cloudjobs").aws.client { model = model, region = "eu-west-1" }
      local request = client:request("list_jobs")
      return { request.url, request.headers["x-amz-target"] }
    ]])
  end)

  it("reports there the errors of the description", function()
    assert.matches("StopJob: no shape Gone", nginx:run [[
      local client = require("cloudjobs").aws.client { model = model, region = "eu-west-1" }
      return select(2, pcall(client.request, client, "stop_job"))
    ]], 1, true)
  end)
end)
