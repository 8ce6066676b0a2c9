local Model = require "cloudjobs.model"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local files = require "spec.support.files"

local function description(operation, id)
  return ([[{
    "metadata": { "protocol": "json", "serviceId": %q, "endpointPrefix": "jobs", "signatureVersion": "v4",
      "targetPrefix": "Jobs", "jsonVersion": "1.1" },
    "operations": { %q: { "name": %q, "output": { "shape": "Out" } } },
    "shapes": { "Out": { "type": "structure", "members": {} } }
  }]]):format(id or "Jobs", operation, operation)
end

describe("a client of a service by its name", function()
  local folder

  files.for_specs(function(made)
    folder = made
    for name, text in pairs {
      jobs = description("ListJobs"), sts = description("GetSomethingNew", "STS"), ssm = "{",
    } do
      os.execute(("mkdir -p '%s/%s/2031-01-01'"):format(folder, name))
      files.write(("%s/%s/2031-01-01/service-2.json"):format(folder, name), text)
    end
  end)

  local function client(options)
    options.region, options.credentials = "eu-west-1", { access_key_id = "AKID", secret_access_key = "hush" }
    options.transport = options.transport or Stub.new { {} }
    options.env = options.env or {}
    return cloudjobs.aws.client(options)
  end

  it("has the operations of the description in a folder of CLOUDJOBS_MODELS", function()
    local stub = Stub.new { { body = {} } }
    local jobs = client { service = "jobs", env = { CLOUDJOBS_MODELS = folder }, transport = stub }
    assert.same({ "list_jobs" }, jobs:operations())
    assert(jobs:list_jobs())
    assert.equal("https://jobs.eu-west-1.amazonaws.com/", stub.requests[1].url)
  end)

  it("has the shipped description where the folder has none, with what is added to it", function()
    local exports = client { service = "bcm-data-exports", env = { CLOUDJOBS_MODELS = folder } }
    assert.is_function(exports.create_export_once)
    assert.equal("BCM Data Exports", tostring(exports):match(": (.*)"))
  end)

  it("prefers the folder to the shipped description", function()
    assert.same({ "get_something_new" }, client({ service = "sts", env = { CLOUDJOBS_MODELS = folder } }):operations())
    assert.is_true(#client({ service = "STS" }):operations() > 5)
  end)

  it("has one description for several clients", function()
    local model = cloudjobs.aws.model { service = "jobs", env = { CLOUDJOBS_MODELS = folder } }
    assert.same({ "list_jobs" }, client({ model = model }):operations())
    assert.equal(model:operation("list_jobs"), client({ model = model })._context.model:operation("list_jobs"))
  end)

  it("can be given the name of another description", function()
    local env = { CLOUDJOBS_MODELS = folder }
    assert.same({ "get_something_new" }, client({ model = "sts", env = env }):operations())
    assert.same({ "get_something_new" }, client({ service = "jobs", model = "sts/2031-01-01", env = env }):operations())
    assert.same({ "list_jobs" }, client({ model = folder .. "/jobs" }):operations())
    assert.same({ "list_jobs" }, client({ service = "jobs", model = folder }):operations())
  end)

  local REFUSED = {
    { { service = "nowhere" }, "service: unknown service 'nowhere'; searched in CLOUDJOBS_MODELS (not set), the descriptions "
      .. "shipped with cloudjobs (a part of AWS's services and operations), installed AWS tools (none found)" },
    { { service = "job" }, "service: unknown service 'job' (did you mean jobs?); searched in CLOUDJOBS_MODELS (", true },
    { { service = "ssm" }, "/ssm/2031-01-01/service-2.json: unexpected end at byte 2", true },
    { { model = "nowhere" }, "model: no description is called 'nowhere'; searched in" },
    { { service = 5 }, "option service: expected string, got number" },
    { {}, "expected the option service, a name, or the option model, a name, a path or a table" },
  }
  for _, case in ipairs(REFUSED) do
    it("is refused with " .. case[2]:sub(1, 70), function()
      case[1].env = case[3] and { CLOUDJOBS_MODELS = folder } or { HOME = "/nowhere" }
      local ok, message = pcall(client, case[1])
      assert.is_false(ok)
      if not message:find("installed AWS tools (/", 1, true) then -- this machine may have one
        assert.matches(case[2], message, 1, true)
      end
    end)
  end

  describe("whose shipped description lacks an operation", function()
    local function model(protocol, message)
      local calls = 0
      local other = protocol and Model.new {
        operation_names = { "Added" }, operations = { Added = "- -> -" }, shapes = {}, errors = {}, left_out = {},
        service = { id = "STS", protocol = protocol },
        waiters = { CallerKnown = { operation = "GetCallerIdentity", delay = 1, max_attempts = 2, acceptors = {} } },
      }
      return Model.load("sts"):with_fallback(function()
        calls = calls + 1
        return other, message
      end), function() return calls end
    end

    it("has those of an installed one, which is read when the first is missing", function()
      local sts, calls = model("query")
      assert.equal("GetCallerIdentity", sts:operation("get_caller_identity").name)
      assert.equal(0, calls())
      assert.equal("Added", sts:operation("added").name)
      assert.is_nil(sts:operation("nothing"))
      assert.equal(1, calls())
    end)

    it("has the waiters of an installed one", function()
      local sts = model("query")
      assert.equal("GetCallerIdentity", sts:waiter("caller_known").operation)
      local waiter, names = sts:waiter("nothing")
      assert.is_nil(waiter)
      assert.same({ "caller_known" }, names)
    end)

    it("reports the places of the search", function()
      local context = { model = model(nil, "searched in /a") }
      local ok, message = pcall(require("cloudjobs.call.client").new(context).request, { _context = context }, "get_nothing")
      assert.is_false(ok)
      assert.matches("STS has no operation get_nothing; searched in /a", message, 1, true)
    end)

    it("refuses an operation that has another protocol there", function()
      local _, reason = model("json-1.1"):operation("added")
      assert.equal("it is described for the protocol json-1.1; name that description by the option model", reason)
    end)
  end)
end)
