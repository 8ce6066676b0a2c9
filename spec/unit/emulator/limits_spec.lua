local emulated = require "spec.support.emulated"

local function window(changes)
  local made = {
    Name = "patching", Schedule = "rate(1 day)", Duration = 24, Cutoff = 23, AllowUnassociatedTargets = false,
  }
  for name, value in pairs(changes) do
    made[name] = value
  end
  return made
end

describe("the emulator's limits", function()
  local cases = {
    { "all that fits", {} },
    { "a long day", { Duration = 25 }, "Value at 'duration' failed to satisfy constraint: Member must have value less than or equal to 24" },
    { "128 characters", { Description = ("ü"):rep(128) } },
    { "129 characters", { Description = ("ü"):rep(129) }, "Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 128" },
    { "a form", { Name = "not so" }, "Value at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.]{3,128}$" },
  }
  for _, case in ipairs(cases) do
    it((case[3] and "refuse " or "accept ") .. case[1], function()
      local output, err = emulated.new():aws("ssm", "CreateMaintenanceWindow", window(case[2]))
      if case[3] then
        assert.same({ "com.amazonaws.ssm#ValidationException", "1 validation error detected: " .. case[3] }, { err.__type, err.Message })
      else
        assert.truthy(output.WindowId)
      end
    end)
  end

  local function export(changes)
    return {
      Name = changes.Name or "nightly",
      DataQuery = {
        QueryStatement = "SELECT line_item_usage_amount FROM COST_AND_USAGE_REPORT",
        TableConfigurations = changes.TableConfigurations,
      },
      DestinationConfigurations = {
        S3Destination = {
          S3Bucket = changes.S3Bucket or "costs", S3Prefix = "all", S3Region = "us-east-1",
          S3OutputConfigurations = {
            OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
          },
        },
      },
      RefreshCadence = { Frequency = "SYNCHRONOUS" },
    }
  end
  local tags = {}
  for i = 1, 201 do
    tags[i] = { Key = "k" .. i, Value = "v" }
  end
  local long = ("x"):rep(1025)
  local nested = {
    { "a member's", { Name = "a b" }, nil, "export.name", "satisfy regular expression pattern: [0-9A-Za-z\\-_]+" },
    { "a bucket's", { S3Bucket = long }, nil, "export.destinationConfigurations.s3Destination.s3Bucket",
      "have length less than or equal to 1024" },
    { "a map's keys", { TableConfigurations = { [long] = {} } }, nil, "export.dataQuery.tableConfigurations",
      "have length less than or equal to 1024" },
    { "a map's values", { TableConfigurations = { CUR = { A = ("x"):rep(16385) } } }, nil,
      "export.dataQuery.tableConfigurations.cUR.a", "have length less than or equal to 16384" },
    { "a list's length", {}, tags, "resourceTags", "have length less than or equal to 200" },
    { "an element's", {}, { { Key = "k", Value = ("v"):rep(257) } }, "resourceTags.1.member.value",
      "have length less than or equal to 256" },
  }
  for _, case in ipairs(nested) do
    it("apply to nested members: " .. case[1], function()
      local params = { Export = export(case[2]), ResourceTags = case[3] }
      local _, err = emulated.new():aws("bcm_data_exports", "CreateExport", params)
      assert.equal(("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must %s")
        :format(case[4], case[5]), err.Message)
    end)
  end
end)
