--- A home directory for a spec: files by their path under it.

local Home = {}
Home.__index = Home

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Writes or replaces a file; "{HOME}" in its text becomes the directory's path.
function Home:write(path, text)
  local full = self.path .. "/" .. path
  assert(os.execute("mkdir -p " .. quote(full:match("^(.*)/"))))
  local file = assert(io.open(full, "wb"))
  file:write((text:gsub("{HOME}", function()
    return self.path
  end)))
  file:close()
  return full
end

function Home:read(path)
  local file = io.open(self.path .. "/" .. path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

function Home:remove()
  os.execute("rm -rf " .. quote(self.path))
end

local function new(files)
  local path = os.tmpname()
  os.remove(path)
  local home = setmetatable({ path = path }, Home)
  assert(os.execute("mkdir " .. quote(path)))
  for name, text in pairs(files or {}) do
    home:write(name, text)
  end
  return home
end

return { new = new }
