-- The registration of resource providers with a subscription, written by hand:
-- what exports need of Azure Resource Manager besides their own service.
return {
  service = {
    api_version = "2021-04-01",
    id = "Resource Providers",
    protocol = "azure-rest",
  },
  operations = {
    Get = "GET /providers/{namespace} ProviderRequest -> Provider readonly",
    Register = "POST /providers/{namespace}/register ProviderRequest -> Provider idempotent",
  },
  errors = {
  },
  shapes = {
    Provider = [[
      registrationState string
    ]],
    ProviderRequest = [[
      scope string required in=uri
      namespace string required in=uri
    ]],
  },
}
