--- Whether every description of a folder in botocore's layout can be used: it loads, each of its operations compiles,
--- its endpoint rules resolve, its paginators and waiters compile.

local Import = require "cloudjobs.model.import"
local Model = require "cloudjobs.model"
local core = require "cloudjobs.core"
local jmespath = require "cloudjobs.base.jmespath"
local os_ = require "cloudjobs.os"
local rule_set = require "cloudjobs.aws.endpoint.rule_set"

-- What the rules of some services require, by its name.
local VALUES = {
  Region = "us-east-1",
  ApiType = "ControlPlane",
  KvsARN = "arn:aws:cloudfront::111122223333:key-value-store/00000000-0000-4000-8000-000000000000",
}

local function count(report, what)
  report.counts[what] = (report.counts[what] or 0) + 1
end

local function fail(report, where, problem)
  report.failures[#report.failures + 1] = where .. ": " .. tostring(problem):sub(1, 300)
end

local function check_operations(report, where, model)
  for _, name in ipairs(model:operations()) do
    local ok, op, reason = pcall(model.operation, model, name)
    if not ok then
      fail(report, where, name .. " raised " .. tostring(op))
    elseif op then
      count(report, "operations")
      for _, shape in ipairs { op.input or false, op.output or false } do
        local _ = shape and core.members(shape)
      end
    elseif reason and reason:find("^it needs") then
      count(report, "operations refused: " .. reason:match("^it needs ([^,]*)"))
    else
      fail(report, where, ("%s: %s"):format(name, reason))
    end
  end
end

local function parameters(rules)
  local params = {}
  for name, parameter in pairs(rules.parameters) do
    params[name] = VALUES[name] or (parameter.required and parameter.default == nil and "value" or nil)
  end
  return params
end

local function check_endpoints(report, where, model)
  local rules = model:endpoints()
  if not rules then
    return count(report, "descriptions without endpoint rules")
  end
  local answer, err = rule_set.resolve(rules, parameters(rules))
  if answer and answer.url:find("^https://[%w.-]+") then
    return count(report, "rule sets resolved")
  end
  fail(report, where, "endpoint: " .. tostring(err or answer.url))
end

local function each(value, f)
  for _, item in ipairs(type(value) == "table" and value or { value }) do
    f(item)
  end
end

local function check_paginators(report, where, model)
  for name, pages in pairs(model:paginators()) do
    local op, reason = model:operation(name)
    local ok, problem = pcall(function()
      each(pages.next, jmespath.compile)
      each(pages.items, jmespath.compile)
    end)
    if not (op or reason) then
      fail(report, where, "paginator of no operation: " .. name)
    elseif not ok then
      fail(report, where, ("paginator %s: %s"):format(name, problem))
    else
      count(report, "paginators")
    end
  end
end

local function check_waiters(report, where, model)
  for name, waiter in pairs(model:waiters()) do
    local op, reason = model:operation(waiter.operation)
    local ok, problem = pcall(function()
      for _, acceptor in ipairs(waiter.acceptors) do
        if acceptor.argument then
          jmespath.compile(acceptor.argument)
        end
      end
    end)
    if not (op or reason) then
      fail(report, where, "waiter of no operation: " .. name)
    elseif not ok then
      fail(report, where, ("waiter %s: %s"):format(name, problem))
    else
      count(report, "waiters")
    end
  end
end

--- Checks the descriptions of a folder, each version of them.
---@param folder string
---@param step integer|nil every so many of them
---@return { counts: table<string, integer>, failures: string[] }
local function check(folder, step)
  local report = { counts = {}, failures = {} }
  local paths = os_.glob(folder .. "/*/*/service-2.json*")
  table.sort(paths)
  for i = 1, #paths, step or 1 do
    local path = paths[i]
    local where = path:sub(#folder + 2):match("^(.*)/")
    local data, message = Import.open(path)
    if data then
      count(report, "descriptions")
      local model = Model.new(data)
      check_operations(report, where, model)
      check_endpoints(report, where, model)
      check_paginators(report, where, model)
      check_waiters(report, where, model)
    else
      fail(report, where, message)
    end
  end
  return report
end

return { check = check }
