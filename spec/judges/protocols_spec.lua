--- Requests and responses of our clients beside botocore's, for generated values: every byte that is sent, the
--- signature included, and every value that is read, errors included. SEED=n draws other values and services.

local files = require "spec.support.files"
local judges = require "spec.support.judges"
local wire = require "spec.support.botocore_wire"

local SEED = os.getenv "SEED" or tostring(os.time())

-- Operations of each service that are compared, each with values of three sizes and an error.
local OPERATIONS = 8

local SERVICES = {
  ["json-1.0"] = {
    "apprunner", "backup-gateway", "bcm-pricing-calculator", "billing", "cost-optimization-hub", "dynamodb", "keyspaces",
    "network-firewall", "sqs", "stepfunctions",
  },
  ["json-1.1"] = {
    "athena", "ce", "codebuild", "ecs", "events", "glue", "kms", "logs", "organizations", "ssm",
  },
  ["rest-json"] = {
    "backup", "batch", "eks", "mediaconvert", "scheduler",
  },
  ["rest-xml"] = { "cloudfront", "route53", "s3", "s3control" },
  query = {
    "autoscaling", "cloudformation", "elasticache", "elbv2", "iam", "rds", "redshift", "ses", "sns", "sts",
  },
  ec2 = { "ec2" },
  ["rpc-v2-cbor"] = {
    "arc-region-switch:smithy-rpc-v2-cbor", "cloudwatch:smithy-rpc-v2-cbor", "comprehendmedical:smithy-rpc-v2-cbor",
    "compute-optimizer:smithy-rpc-v2-cbor", "compute-optimizer-automation:smithy-rpc-v2-cbor",
    "gamelift:smithy-rpc-v2-cbor", "interconnect:smithy-rpc-v2-cbor", "marketplace-entitlement:smithy-rpc-v2-cbor",
    "snowball:smithy-rpc-v2-cbor",
  },
}

-- Where botocore does for its callers what the service does not ask of a client: we leave it to ours.
local QUIRKS = {
  ["ec2 CopySnapshot"] = "adds a presigned URL",
  ["ec2 RunInstances"] = "encodes UserData in base64",
  ["autoscaling CreateLaunchConfiguration"] = "encodes UserData in base64",
}

-- All differences of a task, by service: { cases = n, [i] = text }.
local function compare(compared, task)
  local folder = files.temporary()
  local found = {}
  wire.with_token(function()
    wire[compared](task, folder, function(case, difference)
      local of_service = found[case.service] or { cases = 0, refused = 0 }
      found[case.service] = of_service
      if case.model then
        of_service.problem = difference
      elseif case.refused then
        of_service.refused = of_service.refused + 1
      elseif not QUIRKS[case.service .. " " .. case.operation] then
        of_service.cases = of_service.cases + 1
        if difference then
          table.insert(of_service, ("%s (%s)\n  %s"):format(case.operation, case.variant, difference))
        end
      end
    end)
  end)
  files.remove(folder)
  return found
end

-- What is wrong with a service, a line each: nothing where no case differs, and botocore itself refuses few of them.
local function faults(found, name)
  local of_service = found[name]
  if not of_service then
    return { name .. ": no case" }
  elseif of_service.problem then
    return { name .. ": " .. of_service.problem }
  end
  local list = {}
  for i, difference in ipairs(of_service) do
    list[i] = name .. " " .. difference
  end
  if of_service.cases == 0 or of_service.refused * 10 > of_service.cases then
    list[#list + 1] = ("%s: %d cases, of which botocore refuses %d"):format(name, of_service.cases, of_service.refused)
  end
  return list
end

local function is_supported(found, name)
  local problem = found[name] and found[name].problem
  return not (problem and problem:find("is not supported", 1, true))
end

local function plain(name)
  return (name:gsub(":.*", ""))
end

local SEEN = { requests = "sent", responses = "read" }

for _, compared in ipairs { "requests", "responses" } do
  for protocol, services in pairs(SERVICES) do
    describe(("botocore's %s are what is %s by %s"):format(compared, SEEN[compared], protocol), function()
      judges.with(judges.boto3, function()
        local found
        setup(function()
          found = compare(compared, { seed = "1", operations = OPERATIONS, services = services })
        end)

        for _, service in ipairs(services) do
          it("of " .. plain(service), function()
            if not is_supported(found, plain(service)) then
              pending "its protocol is not supported"
            end
            assert.same({}, faults(found, plain(service)))
          end)
        end
      end)
    end)
  end

  describe(("botocore's %s are what is %s"):format(compared, SEEN[compared]), function()
    judges.with(judges.boto3, function()
      it(("of 30 services that SEED=%s draws"):format(SEED), function()
        pending "rest-json's bindings are being completed"
        local found = compare(compared, { seed = SEED, operations = OPERATIONS, drawn = 30 })
        local count, list = 0, {}
        for name in pairs(found) do
          count = count + 1
          for _, fault in ipairs(is_supported(found, name) and faults(found, name) or {}) do
            list[#list + 1] = fault
          end
        end
        assert.same({}, list)
        assert.equal(30, count)
      end)
    end)
  end)
end
