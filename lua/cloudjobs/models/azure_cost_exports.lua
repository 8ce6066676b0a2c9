-- Azure Cost Management exports, written by hand from the published API
-- descriptions. Documents go both ways as they are, so no shape says what is
-- in them. The scope stands in front of every path; protocol/azure puts it
-- there, and follows nextLink.
return {
  service = {
    api_version = "2025-03-01",
    id = "Cost Management Exports",
    protocol = "azure-rest",
  },
  companions = { enums = true },
  operations = {
    CreateOrUpdate = "PUT /providers/Microsoft.CostManagement/exports/{exportName}"
      .. " CreateOrUpdateRequest -> Export idempotent",
    Delete = "DELETE /providers/Microsoft.CostManagement/exports/{exportName} DeleteRequest -> - idempotent",
    Execute = "POST /providers/Microsoft.CostManagement/exports/{exportName}/run ExecuteRequest -> -",
    Get = "GET /providers/Microsoft.CostManagement/exports/{exportName} GetRequest -> Export readonly",
    GetExecutionHistory = "GET /providers/Microsoft.CostManagement/exports/{exportName}/runHistory"
      .. " GetExecutionHistoryRequest -> ExecutionList readonly",
    List = "GET /providers/Microsoft.CostManagement/exports ListRequest -> ExportList readonly",
  },
  errors = {},
  pages = {
    GetExecutionHistory = { token = "nextLink", next = "nextLink", items = "value" },
    List = { token = "nextLink", next = "nextLink", items = "value" },
  },
  shapes = {
    CreateOrUpdateRequest = [[
      scope string required in=uri
      exportName string required in=uri
      export document required in=body
    ]],
    DeleteRequest = [[
      scope string required in=uri
      exportName string required in=uri
    ]],
    ExecuteRequest = [[
      scope string required in=uri
      exportName string required in=uri
      run document in=body
    ]],
    ExecutionList = [[
      value document[]
      nextLink string
    ]],
    Export = [[
      export document in=body
    ]],
    ExportList = [[
      value document[]
      nextLink string
    ]],
    GetExecutionHistoryRequest = [[
      scope string required in=uri
      exportName string required in=uri
      nextLink string in=uri
    ]],
    GetRequest = [[
      scope string required in=uri
      exportName string required in=uri
      expand string in=query as=$expand
    ]],
    ListRequest = [[
      scope string required in=uri
      expand string in=query as=$expand
      nextLink string in=uri
    ]],
  },
}
