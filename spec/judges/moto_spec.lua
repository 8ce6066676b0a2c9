--- Role chains and SSM against moto's server, which checks signatures and policies.

local Home = require "spec.support.home"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local os_module = require "cloudjobs.os"

local function present()
  local result = os_module.run { "python3", "-c", "import moto.server, flask, boto3" }
  return result and result.status == 0
end

describe("moto", function()
  if not present() then
    pending "accepts role chains and SSM (install python3 with moto[server] and boto3)"
    return
  end

  local child, world, home

  setup(function()
    child = assert(os_module.spawn { "python3", "spec/support/moto_server.py" })
    world = assert(core.json_decode(assert(child:line(60))))
  end)

  teardown(function()
    child:stop()
  end)

  after_each(function()
    home:remove()
  end)

  -- The environment of a user with this secret, with a profile for each role of the chain.
  local function environment(secret)
    home = Home.new {
      [".aws/config"] = ([[
[default]
region = us-east-1
endpoint_url = %s
role_arn = %s
source_profile = middle
[profile middle]
role_arn = %s
source_profile = user
[profile user]
region = us-east-1
endpoint_url = %s
aws_access_key_id = %s
aws_secret_access_key = %s
]]):format(world.url, world.roles[2], world.roles[1], world.url, world.access_key_id, secret),
    }
    return { HOME = home.path }
  end

  it("identifies the caller by its key", function()
    local sts = cloudjobs.aws.sts { env = environment(world.secret_access_key), profile = "user" }
    local identity = assert(sts:get_caller_identity())
    assert.matches(":user/cloudjobs$", identity.Arn)
  end)

  it("refuses a wrong secret", function()
    local sts = cloudjobs.aws.sts { env = environment "wrong", profile = "user" }
    local identity, err = sts:get_caller_identity()
    assert.is_nil(identity)
    assert.same({ "SignatureDoesNotMatch", 403 }, { err.code, err.status })
  end)

  it("lets a chain of two roles be assumed", function()
    local sts = cloudjobs.aws.sts { env = environment(world.secret_access_key) }
    local identity = assert(sts:get_caller_identity())
    assert.matches(":assumed%-role/second/cloudjobs%-session%-%d+$", identity.Arn)
  end)

  it("lets that role create a maintenance window and list it", function()
    local ssm = cloudjobs.aws.ssm { env = environment(world.secret_access_key) }
    local created = assert(ssm:create_maintenance_window {
      Name = "patching", Schedule = "rate(1 day)", Duration = 3, Cutoff = 1, AllowUnassociatedTargets = false,
    })
    local windows = assert(ssm:all("describe_maintenance_windows"))
    assert.equal(created.WindowId, windows[1].WindowId)
  end)
end)
