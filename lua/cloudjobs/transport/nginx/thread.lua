--- Operations on files in a thread of nginx, so that no worker waits for a
--- disk.

local Error = require "cloudjobs.base.error"
local File = require "cloudjobs.transport.file"

local ngx = ngx

local SENTENCE = "in nginx a sink is a function: a path works only where ngx.run_worker_thread and a thread_pool exist"

local function refuse(reason)
  return nil, Error.new {
    kind = "config", code = "config", message = SENTENCE,
    hint = ("Here %s. Write `thread_pool default threads=2;` outside of the http block"):format(reason),
  }
end

--- A new file that replaces `path` when it is complete.
---@param path string
---@param pool string the name of the thread_pool
---@return cloudjobs.File|nil
---@return cloudjobs.Error|nil err kind "config" where there is no thread
local function create(path, pool)
  if not ngx.run_worker_thread then
    return refuse "is no ngx.run_worker_thread, of nginx's Lua module for HTTP 0.10.23 and nginx's --with-threads"
  end
  local refused
  local function run(step, ...)
    local ran, ok, value, problem = pcall(
      ngx.run_worker_thread, pool, "cloudjobs.transport.file", "run_step", step, ...)
    if not ran or not ok then
      refused = tostring(ran and value or ok)
      return nil, refused
    end
    return value, problem
  end
  local file, err = File.create(path, run)
  if refused then
    return refuse(refused)
  end
  return file, err
end

return { create = create }
