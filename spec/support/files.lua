--- Files and folders for specs: what the tree holds, whole files, temporary folders.

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = assert(file:read("*a"))
  file:close()
  return text
end

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close()
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

--- Lists the files below `folder` whose names end in `ending`, sorted.
local function list(folder, ending)
  local paths = {}
  local pipe = assert(io.popen(("find '%s' -type f -name '*%s' | LC_ALL=C sort"):format(folder, ending)))
  for path in pipe:lines() do
    paths[#paths + 1] = path
  end
  pipe:close()
  return paths
end

--- Makes an empty folder that `remove` takes away again. Any user can read in it,
--- as workers of an nginx that root started have to.
local function temporary()
  local pipe = assert(io.popen('folder=$(mktemp -d) && chmod 755 "$folder" && echo "$folder"'))
  local path = assert(pipe:read("*l"))
  pipe:close()
  return path
end

local function remove(folder)
  os.execute(("rm -rf '%s'"):format(folder))
end

--- Makes a temporary folder for the specs of a block, and removes it after them.
---@param assign fun(folder: string)
local function for_specs(assign)
  local busted = require "busted"
  local folder
  busted.setup(function()
    folder = temporary()
    assign(folder)
  end)
  busted.teardown(function()
    remove(folder)
  end)
end

return { exists = exists, for_specs = for_specs, read = read, write = write, list = list, temporary = temporary, remove = remove }
