-- Azure's asynchronous cost reports, written by hand from the published API
-- descriptions: cost details, price sheets, reservation details. Their results
-- are read from the location that a start answers with; see azure/operation.
return {
  service = {
    api_version = "2025-03-01",
    id = "Cost Management Reports",
    protocol = "azure-rest",
  },
  operations = {
    GenerateCostDetailsReport = "POST /providers/Microsoft.CostManagement/generateCostDetailsReport"
      .. " GenerateCostDetailsReportRequest -> Report",
    GenerateReservationDetailsReport = "POST /providers/Microsoft.CostManagement/generateReservationDetailsReport"
      .. " GenerateReservationDetailsReportRequest -> Report",
    DownloadPriceSheet = "POST /providers/Microsoft.CostManagement/pricesheets/default/download"
      .. " DownloadPriceSheetRequest -> Report",
    DownloadPriceSheetOfInvoice = "POST /invoices/{invoiceName}/providers/Microsoft.CostManagement/pricesheets/default"
      .. "/download DownloadPriceSheetOfInvoiceRequest -> Report",
    DownloadPriceSheetOfPeriod = "POST /billingPeriods/{billingPeriodName}/providers/Microsoft.CostManagement"
      .. "/pricesheets/default/download DownloadPriceSheetOfPeriodRequest -> Report",
  },
  errors = {},
  shapes = {
    DownloadPriceSheetRequest = [[
      scope string required in=uri
    ]],
    DownloadPriceSheetOfInvoiceRequest = [[
      scope string required in=uri
      invoiceName string required in=uri
    ]],
    DownloadPriceSheetOfPeriodRequest = [[
      scope string required in=uri
      billingPeriodName string required in=uri
    ]],
    GenerateCostDetailsReportRequest = [[
      scope string required in=uri
      report document required in=body
    ]],
    GenerateReservationDetailsReportRequest = [[
      scope string required in=uri
      startDate string required in=query
      endDate string required in=query
    ]],
    Report = [[
      report document in=body
    ]],
  },
}
