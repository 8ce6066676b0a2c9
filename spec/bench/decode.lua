-- decode-1.5k and decode-1m: a response to a table, typed: timestamps are
-- parsed, unknown members left out, UTF-8 and grammar checked.

local Bench = require "bench"
local cjson = require "cjson"
local core = require "cloudjobs.core"
local Model = require "cloudjobs.model"
local execution = require "spec.support.execution"

-- As long as the service's longest pages never are: 4,800 rows.
local function list_executions()
  local rows = {}
  for i = 1, 4800 do
    local minute, second = math.floor(i / 60) % 60, i % 60
    rows[i] = (([[{"ExecutionId":"%08x-8b58-4311-9ab8-%012x","ExecutionStatus":{"StatusCode":"DELIVERY_SUCCESS",
"CreatedAt":"2026-11-20T06:%02d:%02d.000Z","LastUpdatedAt":"2026-11-20T07:%02d:%02d.400Z",
"CompletedAt":"2026-11-20T07:%02d:%02d.400Z"}}]]):gsub("\n", ""))
      :format(i * 40503, i * 2654435, minute, second, minute, second, minute, second)
  end
  return '{"Executions":[' .. table.concat(rows, ",") .. "]}"
end

local model = Model.load "bcm_data_exports"

local function compare(name, operation, text)
  local shape = model:operation(operation).output
  Bench.compare(name, function()
    return core.decode(shape, text)
  end, function()
    return cjson.decode(text)
  end, "lua-cjson's untyped decode")
end

compare("decode-1.5k", "get_execution", execution.answer)
compare("decode-1m", "list_executions", list_executions())
