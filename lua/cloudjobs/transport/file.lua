--- A file that replaces the one at a path when it is complete. Until then its bytes are in a file beside it, which only
--- its owner can read; so a reader of the path gets the old file or the whole new one. In nginx the steps run in a
--- thread, since a worker must not wait for a disk.

local Error = require "cloudjobs.base.error"
local os_ = require "cloudjobs.os"
local quote = require "cloudjobs.base.quote"

local BLOCK = 64 * 1024 -- bytes that are written at once, or more

---@class cloudjobs.File
local File = {}
local file_mt = { __name = "cloudjobs.file", __index = File }

-- The operations on files. Each returns a value, or nil and a message.
local STEPS = {
  create_beside = os_.create_beside,
  write_at = os_.write_at,
  rename = os.rename,
  remove = os.remove,
}

local function run_step(name, ...)
  return STEPS[name](...)
end

local function refuse(path, problem)
  -- The message begins with the path of the file beside it.
  local reason = tostring(problem):match("[^:]*$"):gsub("^ +", "")
  local shown = path == "" and '""' or quote.path(path)
  return nil, Error.new {
    kind = "transport", code = "file", message = ("%s cannot be written: %s"):format(shown, reason),
  }
end

-- Writes the pending bytes. Where there are none, the file is cut at its size.
local function flush(self)
  local pending = self._pending
  local bytes = #pending == 1 and pending[1] or table.concat(pending) -- of one it would make a copy
  local ok, problem = self._run("write_at", self._temporary, bytes, self._size)
  if not ok then
    return refuse(self._path, problem)
  end
  self._size, self._pending, self._bytes = self._size + #bytes, {}, 0
  return true
end

--- Appends bytes, of which small ones are written together.
---@param bytes string
---@return true|nil
---@return cloudjobs.Error|nil err code "file", for a full disk and other failures
function File:write(bytes)
  self._pending[#self._pending + 1], self._bytes = bytes, self._bytes + #bytes
  return self._bytes < BLOCK or flush(self)
end

--- Begins again: the next bytes are the first.
function File:rewind()
  self._size, self._pending, self._bytes = 0, {}, 0
  return true
end

--- Puts the file at its path, in place of one that is there.
---@return true|nil
---@return cloudjobs.Error|nil err
function File:commit()
  local ok, err = flush(self)
  if not ok then
    return nil, err
  end
  local renamed, problem = self._run("rename", self._temporary, self._path)
  if not renamed then
    return refuse(self._path, problem)
  end
  self._temporary = nil
  return true
end

--- Removes what was written, unless it was put at its path.
function File:discard()
  if self._temporary then
    self._run("remove", self._temporary)
    self._temporary = nil
  end
end

--- A new file for `path`, whose folder exists. Its mode is 0600, whatever the mode of a file that it replaces.
---@param path string
---@param run (fun(step: string, ...): any, string|nil)|nil runs a step, in place of this thread
---@return cloudjobs.File|nil
---@return cloudjobs.Error|nil err code "file"
local function create(path, run)
  run = run or run_step
  local temporary, problem = run("create_beside", path)
  if not temporary then
    return refuse(path, problem)
  end
  return setmetatable({
    _path = path, _temporary = temporary, _run = run, _size = 0, _pending = {}, _bytes = 0,
  }, file_mt)
end

return { create = create, run_step = run_step }
