--- The endpoint rules of most services.

local function ref(name)
  return { ref = name }
end

local function call(fn, argv, assign)
  return { fn = fn, argv = argv, assign = assign }
end

local function suffix(name)
  return call("getAttr", { ref "Partition", name })
end

--- The rule set for a service whose description comes without one.
---@param prefix string in front of the region
---@return table
local function usual(prefix)
  return {
    parameters = {
      Region = { type = "string", builtIn = "AWS::Region", required = true },
      UseFIPS = { type = "boolean", builtIn = "AWS::UseFIPS", required = true, default = false },
      UseDualStack = { type = "boolean", builtIn = "AWS::UseDualStack", required = true, default = false },
      Endpoint = { type = "string", builtIn = "SDK::Endpoint" },
    },
    rules = {
      {
        type = "error",
        conditions = { call("isSet", { ref "Endpoint" }), call("booleanEquals", { ref "UseFIPS", true }) },
        error = "Invalid Configuration: FIPS and custom endpoint are not supported",
      },
      {
        type = "endpoint",
        conditions = { call("isSet", { ref "Endpoint" }) },
        endpoint = { url = ref "Endpoint" },
      },
      {
        type = "endpoint",
        conditions = {
          call("aws.partition", { ref "Region" }, "Partition"),
          call("ite", { ref "UseFIPS", "-fips", "" }, "Fips"),
          call("ite", { ref "UseDualStack", suffix "dualStackDnsSuffix", suffix "dnsSuffix" }, "Suffix"),
        },
        endpoint = { url = "https://" .. prefix .. "{Fips}.{Region}.{Suffix}" },
      },
    },
  }
end

return usual
