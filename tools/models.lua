--- `make models BOTOCORE=path`: descriptions in botocore's layout
--- (`<service>/<apiVersion>/service-2.json`) -> lua/cloudjobs/models/, and the
--- index of all models. It makes those of the index, and what else is named:
--- `make models SERVICES=athena/2017-05-18`. The same input gives the same bytes.
--- Of a service that is shipped for its jobs alone, TRIMMED names the operations.

local core = require "cloudjobs.core"
local Import = require "cloudjobs.model.import"
local index = require "cloudjobs.models.index"
local sorted = require("cloudjobs.base.options").sorted_keys

local WIDTH = 110

-- What the kinds of job call, and the listings that lead to them.
local TRIMMED = {
  athena = {
    "GetQueryExecution", "GetQueryResults", "ListQueryExecutions", "ListWorkGroups", "StartQueryExecution",
    "StopQueryExecution",
  },
  batch = { "CancelJob", "DescribeJobs", "ListJobs", "SubmitJob", "TerminateJob" },
  bcm_pricing_calculator = { "CreateBillEstimate", "GetBillEstimate", "ListBillEstimates" },
  cloudformation = {
    "CancelUpdateStack", "CreateStack", "DeleteStack", "DescribeStackEvents", "DescribeStacks", "ListStacks",
    "RollbackStack", "UpdateStack",
  },
  codebuild = { "BatchGetBuilds", "ListBuildsForProject", "ListProjects", "StartBuild", "StopBuild" },
  dynamodb = { "DescribeExport", "ExportTableToPointInTime", "ListExports" },
  glue = {
    "BatchStopJobRun", "GetCrawler", "GetJobRun", "GetJobRuns", "ListCrawlers", "ListCrawls", "ListJobs",
    "StartCrawler", "StartJobRun", "StopCrawler",
  },
  rds = { "CancelExportTask", "DescribeExportTasks", "StartExportTask" },
  s3 = {
    "AbortMultipartUpload", "CompleteMultipartUpload", "CreateMultipartUpload", "DeleteObject", "GetObject",
    "HeadBucket", "HeadObject", "ListObjectsV2", "ListParts", "PutObject", "UploadPart",
  },
  s3control = { "CreateJob", "DescribeJob", "ListJobs", "UpdateJobStatus" },
  stepfunctions = {
    "DescribeExecution", "ListExecutions", "ListStateMachines", "StartExecution", "StopExecution",
  },
}

local KEYWORDS = { ["end"] = true, ["not"] = true, ["and"] = true, ["or"] = true, ["repeat"] = true, ["return"] = true }

local function key_text(key)
  if key:find("^[%a_][%w_]*$") and not KEYWORDS[key] then
    return key
  end
  return ("[%q]"):format(key)
end

local literal

-- The members of a table as Lua text, each with its key.
local function entries(t, indent, text_of)
  local list = {}
  for _, value in ipairs(t) do
    list[#list + 1] = text_of(value, indent)
  end
  if #list == 0 then
    for _, key in ipairs(sorted(t)) do
      list[#list + 1] = key_text(key) .. " = " .. text_of(t[key], indent)
    end
  end
  return list
end

--- A value as Lua text: on one line where it fits, else one entry a line. `text_of` gives the text of its members.
function literal(value, indent, text_of)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local list = entries(value, indent .. "  ", text_of or literal)
  local line = "{ " .. table.concat(list, ", ") .. " }"
  if #list == 0 then
    return "{}"
  elseif #indent + #line <= WIDTH and not line:find("\n") then
    return line
  end
  return "{\n" .. indent .. "  " .. table.concat(list, ",\n" .. indent .. "  ") .. ",\n" .. indent .. "}"
end

local MIN_SHARED = 30 -- bytes; a shorter table is repeated

-- How often each table of a value occurs, by its text.
local function count_texts(value, counts)
  if type(value) == "table" and next(value) then
    local text = literal(value, "")
    counts[text] = (counts[text] or 0) + 1
    for _, member in pairs(value) do
      count_texts(member, counts)
    end
  end
  return counts
end

-- A value as the text of a chunk in which tables that occur several times are written once, as the same
-- conditions and endpoints of a rule set do. Nothing changes a model, so they can be shared.
local function chunk_text(value)
  local counts, names, lines = count_texts(value, {}), {}, {}
  local function shared(t, indent)
    if type(t) ~= "table" or not next(t) then
      return literal(t, indent)
    end
    local text = literal(t, "")
    if counts[text] == 1 or #text < MIN_SHARED then
      return literal(t, indent, shared)
    elseif not names[text] then
      local made = literal(t, "", shared)
      lines[#lines + 1] = ("s[%d] = %s\n"):format(#lines + 1, made)
      names[text] = ("s[%d]"):format(#lines)
    end
    return names[text]
  end
  local text = literal(value, "", shared)
  return #lines > 0 and "local s = {}\n" .. table.concat(lines) .. "return " .. text or "return " .. text
end

-- A table of one entry a line.
local function block(t)
  local lines = {}
  for _, key in ipairs(sorted(t)) do
    lines[#lines + 1] = ("    %s = %s,\n"):format(key_text(key), literal(t[key], "    "))
  end
  return "{\n" .. table.concat(lines) .. "  }"
end

-- One text for all shapes, which model.lua cuts at each "@".
local function shape_block(shapes)
  local lines = {}
  for _, name in ipairs(sorted(shapes)) do
    lines[#lines + 1] = "@" .. name
    assert(not shapes[name]:find("@") and not shapes[name]:find("]]", 1, true), name)
    for line in shapes[name]:gmatch("[^\n]+") do
      lines[#lines + 1] = "  " .. line
    end
  end
  return "[[\n" .. table.concat(lines, "\n") .. "\n]]"
end

-- The parts that are loaded only when needed, where a service has them.
local COMPANIONS = { "endpoints", "enums", "waiters" }

local SECTIONS = {
  "service", "companions", "operations", "errors", "pages", "left_out", "contexts", "client_context", "shapes",
}
local OPTIONAL = { companions = true, left_out = true, contexts = true, client_context = true }

local function model_text(model)
  local parts = {}
  for _, name in ipairs(SECTIONS) do
    local section = model[name]
    if section and (next(section) or not OPTIONAL[name]) then
      local text = name == "shapes" and shape_block(section) or block(section)
      parts[#parts + 1] = ("  %s = %s,\n"):format(name, text)
    end
  end
  return "{\n" .. table.concat(parts) .. "}"
end

-- "^(us|eu)\-\w+\-\d+$" -> one Lua pattern for each alternative.
local function lua_patterns(regex)
  local head, choices, tail = regex:match("^(.-)%(([^()]*)%)(.*)$")
  local patterns = {}
  for choice in (choices or ""):gmatch("[^|]+") do
    patterns[#patterns + 1] = head .. choice .. tail
  end
  if not choices then
    patterns[1] = regex
  end
  for i, pattern in ipairs(patterns) do
    patterns[i] = pattern:gsub("\\w", "[%%w_]"):gsub("\\(.)", "%%%1")
    assert(not patterns[i]:find("[|()?]"), regex)
  end
  return patterns
end

-- The results of aws.partition, and how it finds them. Regions carry what they override.
local function partitions_of(document)
  local list = {}
  for i, partition in ipairs(document.partitions) do
    local regions = {}
    for region, overrides in pairs(partition.regions) do
      overrides.description = nil
      regions[region] = overrides
    end
    list[i] = {
      outputs = partition.outputs,
      patterns = lua_patterns(partition.regionRegex),
      regions = regions,
    }
  end
  return list
end

-- A file's document, nil where there is no file.
local function read_json(path, orders)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return assert(core.json_decode(text, orders))
end

local function write(folder, name, origin, text)
  local file = assert(io.open(folder .. "/" .. name .. ".lua", "wb"))
  assert(file:write("-- Generated by `make models` from ", origin, ". Do not edit.\n", text, "\n"))
  assert(file:close())
end

-- Marks the shapes that are reached from a value of the description.
local function reach(shapes, value, reached)
  for key, member in pairs(value) do
    if key == "shape" and not reached[member] then
      reached[member] = true
      reach(shapes, shapes[member], reached)
    elseif type(member) == "table" then
      reach(shapes, member, reached)
    end
  end
end

-- Removes the entries of a table that are not to be kept.
local function keep(t, is_kept)
  for key, value in pairs(t or {}) do
    if not is_kept(key, value) then
      t[key] = nil
    end
  end
end

-- The description of only these operations, with what they need.
local function trim(description, companions, operations)
  local names, reached = {}, {}
  for _, name in ipairs(operations) do
    names[name] = assert(description.operations[name], name)
  end
  description.operations = names
  reach(description.shapes, names, reached)
  keep(description.shapes, function(name)
    return reached[name]
  end)
  keep(companions.paginators and companions.paginators.pagination, function(name)
    return names[name]
  end)
  keep(companions.waiters and companions.waiters.waiters, function(_, waiter)
    return names[waiter.operation]
  end)
end

-- The model of a description in botocore's layout, whole or trimmed.
local function import(folder, operations)
  if not operations then
    return assert(Import.load(folder .. "/service-2.json"))
  end
  local orders, companions = {}, {}
  for name, file in pairs { paginators = "paginators-1", waiters = "waiters-2", endpoints = "endpoint-rule-set-1" } do
    companions[name] = read_json(("%s/%s.json"):format(folder, file), orders)
  end
  local description = assert(read_json(folder .. "/service-2.json", orders))
  trim(description, companions, operations)
  return assert(Import.parse(description, companions, orders))
end

-- One service; its entry in the index.
local function generate_service(source, folder, service, version)
  local name, origin = service:gsub("%-", "_"), service .. " " .. version
  local model = import(("%s/%s/%s"):format(source, service, version), TRIMMED[name])
  local entry = {
    name = name, cloud = "aws", model = name, origin = origin, parts = {}, partial = TRIMMED[name] and true or nil,
  }
  model.companions = {}
  for _, kind in ipairs(COMPANIONS) do
    if model[kind] and next(model[kind]) then
      model.companions[kind] = true
      entry.parts[#entry.parts + 1] = kind
      write(folder, name .. "_" .. kind, origin, chunk_text(model[kind]))
    end
  end
  write(folder, name, origin, "return " .. model_text(model))
  return entry
end

-- The index: an entry a model, by name. Those written by hand have no origin.
local function index_text(list)
  table.sort(list, function(a, b)
    return a.model < b.model
  end)
  local lines = {}
  for i, entry in ipairs(list) do
    lines[i] = "  " .. literal(entry, "  ") .. ",\n"
  end
  return "{\n" .. table.concat(lines) .. "}"
end

local function generate(source, folder, added)
  local made, origins = {}, added
  for _, entry in ipairs(index) do
    if entry.origin then
      origins[#origins + 1] = entry.origin
    else
      made[#made + 1] = entry
    end
  end
  local seen = {}
  for _, origin in ipairs(origins) do
    local service, version = origin:match("^([%w-]+)[/ ]([%d-]+)$")
    assert(service, "expected service/version, got " .. origin)
    if not seen[service] then
      seen[service] = true
      made[#made + 1] = generate_service(source, folder, service, version)
    end
  end
  local partitions = assert(read_json(source .. "/partitions.json"))
  write(folder, "partitions", "partitions.json", chunk_text(partitions_of(partitions)))
  write(folder, "index", "the other files", "return " .. index_text(made))
end

local source, folder = ...
if not folder then
  io.stderr:write("usage: models.lua <botocore's data folder> <output folder> [<service>/<version> …]\n")
  os.exit(2)
end
generate(source, folder, { select(3, ...) })
