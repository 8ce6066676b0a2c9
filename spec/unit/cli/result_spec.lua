local Model = require "cloudjobs.model"
local result = require "cloudjobs.cli.result"

describe("what a call answered", function()
  local function tell(time)
    return "at " .. time
  end

  it("has texts for its times, wherever they stand", function()
    local model = Model.load "bcm_data_exports"
    local output = {
      Executions = {
        { ExecutionId = "12345678", ExecutionStatus = { StatusCode = "QUERY_QUEUED", CreatedAt = 1795962673.5 } },
        { ExecutionId = "23456789" },
      },
      NextToken = "more",
    }
    local shape = model:operation("list_executions").output
    assert.same({
      Executions = {
        { ExecutionId = "12345678", ExecutionStatus = { StatusCode = "QUERY_QUEUED", CreatedAt = "at 1795962673.5" } },
        { ExecutionId = "23456789" },
      },
      NextToken = "more",
    }, result.with_times(model, shape, output, tell))
    assert.equal(1795962673.5, output.Executions[1].ExecutionStatus.CreatedAt)
  end)

  it("calls its columns by the ends of their names, where these differ", function()
    local shape = result.shape { Name = "a", Status = { Code = "b", Name = "c" } }
    local titles = {}
    for i, column in ipairs(shape.columns) do
      titles[i] = column.title
    end
    assert.same({ { "Name", "Status.Code", "Status.Name" }, { "Name", "Code", "Status.Name" } }, { shape.fields, titles })
  end)

  it("keeps an Azure document as it is", function()
    local model = Model.load "azure_cost_exports"
    local output = { value = { { name = "nightly", properties = { nextRunTimeEstimate = "2026-11-22T00:00:00Z" } } } }
    assert.same(output, result.with_times(model, model:operation("list").output, output, tell))
  end)
end)
