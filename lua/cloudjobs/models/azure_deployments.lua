-- Deployments of Azure Resource Manager, written by hand from the published API
-- descriptions. Documents go both ways as they are.
return {
  service = {
    api_version = "2021-04-01",
    id = "Resource Deployments",
    protocol = "azure-rest",
  },
  operations = {
    Cancel = "POST /providers/Microsoft.Resources/deployments/{deploymentName}/cancel DeploymentRequest -> - idempotent",
    CreateOrUpdate = "PUT /providers/Microsoft.Resources/deployments/{deploymentName}"
      .. " CreateOrUpdateRequest -> Deployment idempotent",
    Get = "GET /providers/Microsoft.Resources/deployments/{deploymentName} DeploymentRequest -> Deployment readonly",
    List = "GET /providers/Microsoft.Resources/deployments ListRequest -> DeploymentList readonly",
    ListOperations = "GET /providers/Microsoft.Resources/deployments/{deploymentName}/operations"
      .. " ListOperationsRequest -> DeploymentList readonly",
  },
  errors = {},
  pages = {
    List = { token = "nextLink", next = "nextLink", items = "value" },
    ListOperations = { token = "nextLink", next = "nextLink", items = "value" },
  },
  shapes = {
    CreateOrUpdateRequest = [[
      scope string required in=uri
      deploymentName string required in=uri
      deployment document required in=body
    ]],
    Deployment = [[
      deployment document in=body
    ]],
    DeploymentList = [[
      value document[]
      nextLink string
    ]],
    DeploymentRequest = [[
      scope string required in=uri
      deploymentName string required in=uri
    ]],
    ListOperationsRequest = [[
      scope string required in=uri
      deploymentName string required in=uri
      nextLink string in=uri
    ]],
    ListRequest = [[
      scope string required in=uri
      nextLink string in=uri
    ]],
  },
}
