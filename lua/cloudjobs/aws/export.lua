--- Builds the document of an AWS data export, for CreateExport.

local Error = require "cloudjobs.base.error"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"
local suggest = require "cloudjobs.base.suggest"

local WHAT = "cloudjobs.aws.export"

local OPTIONS = {
  name = "string",
  description = "string",
  table = "string",
  columns = "table",
  where = "string",
  limit = "number",
  properties = "table",
  bucket = "string",
  bucket_owner = "string",
  prefix = "string",
  region = "string",
  format = "string",
  overwrite = "boolean",
  output = "string",
  client = "table",
}

local MAX_NAME = 128
local MAX_QUERY = 36000
local MAX_LIMIT = 2 ^ 53 -- from where on a number need not be the one that was meant
local PREFIX = "exports"
local REGION = "us-east-1"

-- The pairs that the service delivers.
local FORMATS = {
  csv = { "TEXT_OR_CSV", "GZIP" },
  parquet = { "PARQUET", "PARQUET" },
}
local OUTPUTS = { custom = "CUSTOM", athena = "ATHENA", redshift = "REDSHIFT" }

-- The column behind "x", "x.key" or "x AS name"; nil for anything else.
local function base_of(column)
  local expression = column:match("^(%S+) [Aa][Ss] [%w_]+$") or column
  return expression:match("^([%a_][%w_]*)$") or expression:match("^([%a_][%w_]*)%.[%w_]+$")
end

-- What is wrong with the columns, nil when nothing.
local function check_columns(columns, has_client)
  for i, column in ipairs(columns) do
    if column == "*" then
      return "columns: SELECT * is refused by the service; name the columns, or "
        .. (has_client and "leave columns out" or "pass client in place of columns") .. " to have all of them named"
    elseif type(column) ~= "string" or not base_of(column) then
      return ("columns[%d]: expected x, x.key or x AS name, got %s"):format(i, quote.value(column))
    end
  end
  return #columns == 0 and "columns: expected at least one" or nil
end

-- The table's columns with these properties, as the service has them.
local function read_columns(options)
  local answer, err = options.client:get_table { TableName = options.table, TableProperties = options.properties }
  if not answer then
    return nil, err
  end
  local names = {}
  for i, column in ipairs(answer.Schema or {}) do
    names[i] = column.Name
  end
  return names
end

-- Compares the wanted columns with those there are.
local function compare(options, names)
  local known, problems = {}, {}
  for _, name in ipairs(names) do
    known[name] = true
  end
  for i, column in ipairs(options.columns) do
    local base = base_of(column)
    if not known[base] then
      problems[#problems + 1] = {
        path = ("columns[%d]"):format(i),
        message = ("%s with these properties has no column %s%s"):format(options.table, base, suggest(base, names)),
      }
    end
  end
  if #problems > 0 then
    return nil, Error.new { kind = "validation", code = "validation", problems = problems }
  end
  return options.columns
end

local function query_of(options, columns)
  local query = { "SELECT", table.concat(columns, ", "), "FROM", options.table }
  if options.where then
    query[#query + 1] = "WHERE " .. options.where
  end
  if options.limit then
    query[#query + 1] = ("LIMIT %d"):format(options.limit)
  end
  return table.concat(query, " ")
end

-- By S3's rules for new buckets. The name of an older bucket can be set as S3Bucket in the document.
local function is_bucket(name)
  return #name >= 3 and #name <= 63 and name:find("^[%l%d][%l%d.-]*[%l%d]$") and not name:find("..", 1, true)
end

-- What is wrong with the destination and the query's end, nil when nothing.
local function check_values(options)
  local limit, owner = options.limit, options.bucket_owner
  if not is_bucket(options.bucket) then
    return ("bucket: expected 3 to 63 lower-case letters, digits, dots and hyphens, got %s"):format(
      quote.value(options.bucket)
    )
  elseif owner and not (owner:find("^%d+$") and #owner == 12) then
    return ("bucket_owner: expected the 12 digits of an account, got %s"):format(quote.word(owner))
  elseif options.where and not options.where:find("%S") then
    return "where: expected a condition, got none"
  elseif limit and not (limit >= 1 and limit < MAX_LIMIT and limit % 1 == 0) then
    return ("limit: expected a whole number of rows from 1 on, got %s"):format(tostring(limit))
  end
end

-- What is wrong with the options, nil when nothing.
local function check(options)
  local format, output = options.format or "parquet", options.output or "custom"
  if not (options.name and options.name:find("^[%w_%-]+$") and #options.name <= MAX_NAME) then
    return ("name: expected 1 to %d letters, digits, _ and -"):format(MAX_NAME)
  elseif not (options.table and options.table:find("^[%w_]+$")) then
    return "table: expected the name of a table, such as FOCUS_1_2_AWS or COST_AND_USAGE_REPORT"
  elseif not options.bucket then
    return "bucket: expected the name of an S3 bucket"
  elseif not FORMATS[format] then
    return ("format: expected csv or parquet, got %s%s"):format(
      quote.word(format), suggest(format, option.sorted_keys(FORMATS))
    )
  elseif not OUTPUTS[output] then
    return ("output: expected athena, custom or redshift, got %s"):format(quote.word(output))
  elseif not options.columns and not options.client then
    return "columns: expected a list of columns, or client to have all columns of the table"
  end
  return options.columns and check_columns(options.columns, options.client) or check_values(options)
end

local function document_of(options, query)
  local format = FORMATS[options.format or "parquet"]
  return {
    Name = options.name,
    Description = options.description,
    DataQuery = {
      QueryStatement = query,
      TableConfigurations = options.properties and { [options.table] = options.properties } or nil,
    },
    DestinationConfigurations = {
      S3Destination = {
        S3Bucket = options.bucket,
        S3BucketOwner = options.bucket_owner,
        S3Prefix = options.prefix or PREFIX,
        S3Region = options.region or REGION,
        S3OutputConfigurations = {
          OutputType = OUTPUTS[options.output or "custom"],
          Format = format[1],
          Compression = format[2],
          Overwrite = options.overwrite == false and "CREATE_NEW_REPORT" or "OVERWRITE_REPORT",
        },
      },
    },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
  }
end

--- The document of an export: `exports:create_export { Export = cloudjobs.aws.export { … } }`.
--- With `client`, a client for bcm_data_exports, the columns are compared with
--- those the table has under these properties, and are all of them when none are given.
---
--- What is not given: format "parquet", earlier deliveries of the same period
--- overwritten, prefix "exports", region (the bucket's) "us-east-1".
---@param options table name, table, bucket, and columns or client are required
---@return table|nil document
---@return cloudjobs.Error|nil err what GetTable answered, or the columns that are not there
local function new(options)
  options = option.check(options, OPTIONS, WHAT)
  local message = check(options)
  if message then
    option.mistake(("%s: %s"):format(WHAT, message))
  end
  local columns, err = options.columns
  if options.client then
    columns, err = read_columns(options)
    if columns and options.columns then
      columns, err = compare(options, columns)
    end
    if not columns then
      return nil, err
    end
  end
  local query = query_of(options, columns)
  if #query > MAX_QUERY then
    option.mistake(("%s: the query has %d characters, the service takes %d"):format(WHAT, #query, MAX_QUERY))
  end
  return document_of(options, query)
end

return { new = new }
