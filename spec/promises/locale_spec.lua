local files = require "spec.support.files"
local process = require "cloudjobs.os"

describe("the case of letters", function()
  it("is changed without the locale in every Lua file", function()
    for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
      local text = files.read(path):gsub("%-%-[^\n]*", "")
      if path ~= "lua/cloudjobs/base/ascii.lua" then
        assert.is_nil(text:match("[^\n]*:lower%(%)[^\n]*") or text:match("[^\n]*:upper%(%)[^\n]*")
          or text:match("[^\n]*string%.lower[^\n]*") or text:match("[^\n]*string%.upper[^\n]*"), path)
      end
    end
  end)

  -- Letters and numbers alone, since a whole locale takes seconds to make.
  local SOURCE = 'comment_char %\nescape_char /\nLC_CTYPE\ncopy "tr_TR"\nEND LC_CTYPE\n'
    .. 'LC_NUMERIC\ncopy "tr_TR"\nEND LC_NUMERIC\n'

  local PROGRAM = [[
    assert(os.setlocale(arg[1], "ctype") and os.setlocale(arg[1], "numeric"))
    local cloudjobs = require "cloudjobs"
    local Stub = require "cloudjobs.stub"
    local _, details = cloudjobs.sigv4.sign({
      method = "GET", path = "/", headers = { { "Host", "h" }, { "X-Amz-Meta-ID", "1" } },
    }, {
      credentials = { access_key_id = "AKID", secret_access_key = "s" }, region = "eu-west-1", service = "s3", time = 0,
    })
    print(details.canonical_request:match("x%-amz%-meta%-id:1") or details.canonical_request)
    local stub = Stub.new { { body = { Commands = {} } }, { body = { value = {} } }, { body = {} } }
    local ssm = cloudjobs.aws.ssm {
      transport = stub, credentials = { access_key_id = "AKID", secret_access_key = "s" },
      env = { AWS_RETRY_MODE = "ADAPTIVE", AWS_REGION = "eu-west-1", AWS_USE_FIPS_ENDPOINT = "TRUE" },
    }
    print(ssm:list_commands() and stub.requests[1].url)
    print(ssm:operations()[1], ssm.list_inventory_entries ~= nil)
    local costs = cloudjobs.azure.cost_exports {
      transport = stub, credentials = { token = "t" }, env = {},
      scope = "SUBSCRIPTIONS/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c/RESOURCEGROUPS/i",
    }
    print((select(2, costs:list())))
    print(cloudjobs.azure.export { name = "I", type = "ACTUALCOST", schedule = "DAILY", from = "2031-01-01",
      container = "costs", storage = "/SUBSCRIPTIONS/i/x/STORAGEACCOUNTS/i" }.properties.definition.type)
    print(ssm:request("list_inventory_entries", { InstanceId = "i-12345678", TypeName = "AWS:ı" }).headers["x-amz-target"])
  ]]

  for _, how in ipairs { { "tr_TR.UTF-8", "UTF-8" }, { "tr_TR.ISO-8859-9", "ISO-8859-9" } } do
    it("is the same in the locale " .. how[1], function()
      local folder = files.temporary()
      finally(function() files.remove(folder) end)
      files.write(folder .. "/source", SOURCE)
      process.run({ "localedef", "-c", "-i", folder .. "/source", "-f", how[2], folder .. "/" .. how[1] }, { timeout = 60 })
      local made = io.open(folder .. "/" .. how[1] .. "/LC_CTYPE", "rb")
      if made then
        made:close()
      else
        pending("localedef and its sources are not installed")
        return
      end
      files.write(folder .. "/program.lua", PROGRAM)
      local result = process.run({ "env", "LOCPATH=" .. folder, arg[-1], folder .. "/program.lua", how[1] }, { timeout = 60 })
      assert.equal("", result.stderr)
      assert.equal(table.concat({
        "x-amz-meta-id:1", "https://ssm-fips.eu-west-1.amazonaws.com/", "add_tags_to_resource\ttrue", "nil", "ActualCost",
        "AmazonSSM.ListInventoryEntries", "",
      }, "\n"), result.stdout)
    end)
  end
end)
