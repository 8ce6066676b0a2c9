--- The published vectors, which lie beside the checkout on development machines and in CI and are never copied into it.
--- Where they are absent, what would run them is pending.

local files = require "spec.support.files"

local ROOT = os.getenv("CONFORMANCE") or "../shared/conformance"

--- Runs `define(path)` for a vector file of the folder, or leaves a pending spec of that name.
---@param name string such as "sigv4/cases.jsonl"
---@param define fun(path: string)
local function with(name, define)
  local path = ROOT .. "/" .. name
  if files.exists(path) then
    return define(path)
  end
  require("busted").pending("runs " .. name .. " (set CONFORMANCE to the folder that has it)")
end

--- Iterates over the lines of a .jsonl file, decoded.
---@param path string
---@return fun(): table|nil, integer|nil
local function cases(path)
  local core = require "cloudjobs.core"
  local lines, number = assert(io.open(path, "rb")):lines(), 0
  return function()
    local line = lines()
    number = number + 1
    if line then
      return assert(core.json_decode(line)), number
    end
  end
end

--- The canned response of a case, for cloudjobs.stub.
---@param case table
---@param folder string
---@return table response
local function response_of(case, folder)
  local headers = {}
  for name, value in pairs(case.headers) do
    headers[name:lower()] = value
  end
  return { status = case.status, headers = headers, body = files.read(folder .. case.file) }
end

return { root = ROOT, with = with, cases = cases, response_of = response_of }
