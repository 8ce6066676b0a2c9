--- Requests and responses of our clients beside botocore's, for generated values: every byte that is sent, the
--- signature included, and every value that is read, errors included. SEED=n draws other services; `make judges` does.

local files = require "spec.support.files"
local judges = require "spec.support.judges"
local wire = require "spec.support.botocore_wire"

local SEED = os.getenv "SEED" or "1"
local DRAWN = os.getenv "SEED" and 30 or 10 -- services, fewer in `make test`

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
    "apigateway", "backup", "batch", "dataexchange", "eks", "glacier", "lambda", "lex-runtime", "mediaconvert", "scheduler",
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

-- Where botocore does otherwise than the description says, or mends it behind its parser.
local QUIRKS = {
  ["s3 GetBucketLocation"] = "reads the root element in a handler of its own",
  ["s3 WriteGetObjectResponse"] = "hashes a body that the description says is not signed",
}

local function add(of_service, case, difference)
  local of_kind = of_service[case.reads and "reads" or "sends"]
  if case.refused then
    of_kind.refused = of_kind.refused + 1
  elseif not QUIRKS[case.service .. " " .. case.operation] then
    of_kind.cases = of_kind.cases + 1
    of_kind[#of_kind + 1] = difference
      and ("%s %s (%s)\n  %s"):format(case.service, case.operation, case.variant, difference)
  end
end

-- By service: why there is no client, and the differences in what is sent and read, with their counts.
local function compare(task)
  local folder = files.temporary()
  local found = {}
  wire.with_token(function()
    wire.compare(task, folder, function(case, difference)
      if case.model then
        found[case.service] = {
          problem = difference, sends = { cases = 0, refused = 0 }, reads = { cases = 0, refused = 0 },
        }
      else
        add(found[case.service], case, difference)
      end
    end)
  end)
  files.remove(folder)
  return found
end

-- What is wrong with a service: nothing where no case differs, and botocore itself refuses few of them.
local function faults(found, name, kind)
  local of_service = found[name]
  if not of_service or of_service.problem then
    return { ("%s: %s"):format(name, of_service and of_service.problem or "no case") }
  end
  local of_kind, list = of_service[kind], {}
  for i, difference in ipairs(of_kind) do
    list[i] = difference
  end
  if of_kind.cases == 0 or of_kind.refused * 10 > of_kind.cases then
    list[#list + 1] = ("%s: %d cases, of which botocore refuses %d"):format(name, of_kind.cases, of_kind.refused)
  end
  return list
end

-- Some services are signed otherwise than by SigV4, which is refused by name.
local function is_supported(found, name)
  local of_service = found[name]
  local problem = of_service and (of_service.problem or of_service.sends[1] or of_service.reads[1])
  return not (problem and (problem:find("is not supported", 1, true) or problem:find("cannot be called: it needs", 1, true)))
end

-- Of some services all operations that are drawn need endpoint discovery.
local function has_cases(of_service)
  return of_service.problem or of_service.sends.cases + of_service.sends.refused > 0
end

local function plain(name)
  return (name:gsub(":.*", ""))
end

for protocol, services in pairs(SERVICES) do
  describe("as botocore, " .. protocol, function()
    judges.with(judges.boto3, function()
      local found
      setup(function()
        found = compare { seed = "1", operations = OPERATIONS, services = services }
      end)

      for _, kind in ipairs { "sends", "reads" } do
        for _, service in ipairs(services) do
          it(("%s what %s has"):format(kind, plain(service)), function()
            if not is_supported(found, plain(service)) then
              pending "its protocol is not supported"
            end
            assert.same({}, faults(found, plain(service), kind))
          end)
        end
      end
    end)
  end)
end

describe("as botocore", function()
  judges.with(judges.boto3, function()
    it(("sends and reads what %d services have that SEED=%s draws"):format(DRAWN, SEED), function()
      local found = compare { seed = SEED, operations = OPERATIONS, drawn = DRAWN }
      local count, list = 0, {}
      for name in pairs(found) do
        count = count + 1
        for _, kind in ipairs(is_supported(found, name) and has_cases(found[name]) and { "sends", "reads" } or {}) do
          for _, fault in ipairs(faults(found, name, kind)) do
            list[#list + 1] = fault
          end
        end
      end
      assert.same({}, list)
      assert.equal(DRAWN, count)
    end)
  end)
end)
