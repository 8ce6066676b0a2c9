--- Modules in memory, as text, until they are required: workers read no
--- files for them, and a text is one string to a worker's collector, which would
--- visit every function and table of a loaded module again and again.

-- The names of our modules in a module's text: it may require them.
local NAME = '"(cloudjobs[%w_.]*)"'

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = assert(file:read("*a"))
  file:close()
  return text
end

local function keep(name, seen)
  local path = not seen[name] and package.searchpath(name, package.path)
  seen[name] = true
  if not path then
    return -- written in C, or no module
  end
  local text = read(path)
  if not (package.loaded[name] or package.preload[name]) then
    package.preload[name] = function(...)
      return assert(load(text, "@" .. path))(...)
    end
  end
  for needed in text:gmatch(NAME) do
    keep(needed, seen)
  end
end

--- Keeps these modules, and those that they may require.
---@param names string[]
local function all(names)
  local seen = {}
  for _, name in ipairs(names) do
    keep(name, seen)
  end
end

return { all = all }
