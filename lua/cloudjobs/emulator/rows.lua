--- The rows of delivered files: a few that resemble the clouds' own, with
--- what makes reading them hard: exponents, empty against absent text, maps as
--- JSON, a byte order mark.

local core = require "cloudjobs.core"

local COUNT = 3

--- Values of columns by the type, one for each row. In AWS's files nothing is
--- null, and two quotation marks are an empty text.
local VALUES = {
  string = { "alpha", '""', "" },
  double = { "0.0", "6.123E-7", "12.5" },
  integer = { "0", "7", "30" },
  boolean = { "true", "false", "" },
  ["map<string,string>"] = { '"{""team"":""search""}"', "{}", "{}" },
  ["map<string,double>"] = { '"{""EDP"":-0.25}"', "{}", "{}" },
}

local AZURE = {
  FocusCost = [[
    BilledCost double
    BillingAccountId string
    BillingCurrency string
    BillingPeriodEnd timestamp
    BillingPeriodStart timestamp
    ChargeCategory string
    ChargePeriodEnd timestamp
    ChargePeriodStart timestamp
    EffectiveCost double
    ResourceId string
    ServiceName string
    SubAccountId string
    Tags map<string,string>
  ]],
  other = [[
    BillingAccountId string
    Date timestamp
    MeterCategory string
    Quantity double
    EffectivePrice double
    Cost double
    BillingCurrency string
    ResourceId string
    SubscriptionId string
    Tags map<string,string>
  ]],
}

--- The columns of an Azure export of a type.
local function azure_columns(kind)
  local list = {}
  for name, type_ in (AZURE[kind] or AZURE.other):gmatch("(%S+) (%S+)") do
    list[#list + 1] = { Name = name, Type = type_ }
  end
  list.is_azure = true
  return list
end

--- A CSV file with these columns. Azure's begin with a byte order mark, and their lines end in CRLF.
---@param columns table[]
---@param time number of which the times are
---@param first integer|nil its first row, 1 unless given
---@param last integer|nil its last row
local function csv(columns, time, first, last)
  local stamp = core.iso(math.floor(time)):gsub("Z$", ".000Z")
  local lines, names = {}, {}
  for i, column in ipairs(columns) do
    names[i] = column.Name
  end
  lines[1] = table.concat(names, ",")
  for row = first or 1, last or COUNT do
    local values = {}
    for i, column in ipairs(columns) do
      values[i] = (VALUES[column.Type] or {})[row] or stamp
    end
    lines[#lines + 1] = table.concat(values, ",")
  end
  local line_end = columns.is_azure and "\r\n" or "\n"
  return (columns.is_azure and "\239\187\191" or "") .. table.concat(lines, line_end) .. line_end
end

return { COUNT = COUNT, csv = csv, azure_columns = azure_columns }
