-- Values known of api-version 2025-03-01, written by hand. The service sends
-- others as well, so none is refused.
return {
  CompressionMode = { "none", "gzip", "snappy" },
  DataOverwriteBehavior = { "CreateNewReport", "OverwritePreviousReport" },
  DefinitionType = {
    "Usage",
    "ActualCost",
    "AmortizedCost",
    "FocusCost",
    "PriceSheet",
    "ReservationTransactions",
    "ReservationRecommendations",
    "ReservationDetails",
  },
  ExecutionStatus = {
    "Queued",
    "InProgress",
    "Completed",
    "Failed",
    "Timeout",
    "NewDataNotAvailable",
    "DataNotAvailable",
  },
  ExecutionType = { "OnDemand", "Scheduled" },
  Format = { "Csv", "Parquet" },
  Granularity = { "Daily", "Monthly" },
  Recurrence = { "Daily", "Weekly", "Monthly", "Annually" },
  ScheduleStatus = { "Active", "Inactive" },
  Timeframe = {
    "MonthToDate",
    "BillingMonthToDate",
    "TheLastMonth",
    "TheLastBillingMonth",
    "TheCurrentMonth",
    "WeekToDate",
    "Custom",
  },
}
