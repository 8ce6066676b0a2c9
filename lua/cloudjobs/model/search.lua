--- The search for service descriptions: in the folders of CLOUDJOBS_MODELS, and
--- in those that other AWS tools have installed. Folders have botocore's layout:
--- NAME/API-VERSION/service-2.json, or service-2.json.gz.

local ascii = require "cloudjobs.base.ascii"
local gzip = require "cloudjobs.base.gzip"
local os_ = require "cloudjobs.os"
local quote = require "cloudjobs.base.quote"
local suggest = require "cloudjobs.base.suggest"

local BEGINNING = 8192 -- bytes of a file in which its metadata stands

-- The folders of Python's packages, the user's own first. Names in braces are environment variables.
local PACKAGES = {
  "{VIRTUAL_ENV}/lib/python3*/site-packages",
  "{HOME}/.local/lib/python3*/site-packages",
  "{PYENV_ROOT}/versions/*/lib/python3*/site-packages",
  "{HOME}/.pyenv/versions/*/lib/python3*/site-packages",
  "{HOME}/.local/share/pipx/venvs/*/lib/python3*/site-packages",
  "{HOME}/.local/pipx/venvs/*/lib/python3*/site-packages",
  "/opt/pipx/venvs/*/lib/python3*/site-packages",
  "/usr/local/lib/python3*/site-packages",
  "/usr/local/lib/python3*/dist-packages",
  "/usr/lib/python3*/dist-packages",
  "/usr/lib/python3*/site-packages",
  "/usr/lib64/python3*/site-packages",
  "/opt/homebrew/lib/python3*/site-packages",
  "/opt/homebrew/opt/awscli/libexec/lib/python3*/site-packages",
}

-- Version 2 of the AWS command line brings its own Python.
local BUNDLES = {
  "{HOME}/.local/aws-cli/v2/current/dist",
  "{HOME}/aws-cli/v2/current/dist",
  "/usr/local/aws-cli/v2/current/dist",
  "/usr/local/aws-cli/v2/*/dist",
  "/opt/aws-cli/v2/current/dist",
}

local function escape(path)
  return (path:gsub("[%*%?%[%]\\{}~]", "\\%0"))
end

-- The paths that a pattern matches, the last by name first: newer versions before older ones.
local function glob(pattern)
  local found = os_.glob(pattern)
  table.sort(found, function(a, b)
    return a > b
  end)
  return found
end

-- Calls `f` with the existing folders of a list of patterns, each followed by one of `tails`.
local function each_folder(patterns, tails, get, f)
  for _, pattern in ipairs(patterns) do
    local name = pattern:match("^{([%u_]+)}")
    local value = name and get(name)
    if not name or (value and value:find("^/")) then
      local whole = name and escape(value) .. pattern:sub(#name + 3) or pattern
      for _, tail in ipairs(tails) do
        for _, path in ipairs(glob(whole .. tail)) do
          f(path)
        end
      end
    end
  end
end

---@class cloudjobs.Search
---@field skipped string[] why folders were not searched
local Search = {}
local search_mt = { __name = "cloudjobs.model.search", __index = Search }

--- The folders that the user named.
---@return string[]
function Search:named_folders()
  local folders = {}
  for path in (self._get("CLOUDJOBS_MODELS") or ""):gmatch("[^:]+") do
    folders[#folders + 1] = path
  end
  return folders
end

--- The folders of installed tools. Only those that no other user may change are used, since the user did
--- not name them.
---@return string[]
function Search:installed_folders()
  if self._installed then
    return self._installed
  end
  local folders, seen = {}, {}
  local function add(path)
    local resolved, message = os_.trusted(path)
    if not resolved then
      self.skipped[#self.skipped + 1] = quote.clean(message)
    elseif not seen[resolved] then
      seen[resolved] = true
      folders[#folders + 1] = resolved
    end
  end
  each_folder({ "{HOME}" }, { "/.aws/models" }, self._get, add)
  each_folder(PACKAGES, { "/botocore/data", "/awscli/botocore/data" }, self._get, add)
  each_folder(BUNDLES, { "/awscli/botocore/data", "/botocore/data" }, self._get, add)
  self._installed = folders
  return folders
end

-- A name as folders have it: "work_groups" and "Work Groups" are "work-groups".
local function dashed(name)
  return (ascii.lower(name):gsub("[_ ]", "-"))
end

--- A name without the characters in which spellings differ.
---@param name string
---@return string
local function squashed(name)
  return (ascii.lower(name):gsub("[^%w]", ""))
end

-- The description of a service in its folder: of the newest version, or the one that is named.
local function newest(folder, version)
  for _, path in ipairs(glob(escape(folder) .. "/" .. (version or "*") .. "/service-2.json*")) do
    local base = path:match("^(.*/service%-2%.json)%.gz$")
    local plain = base and os_.glob(escape(base))[1]
    if base or path:find("/service%-2%.json$") then
      return plain or path -- botocore's order: the uncompressed file first
    end
  end
end

-- The service id in the beginning of a description.
local function service_id(path)
  local text = os_.read_file(path, BEGINNING, true)
  if text and gzip.is_compressed(text) then
    text = gzip.beginning(text, BEGINNING)
  end
  return text and text:match('"serviceId"%s*:%s*"([^"\\]*)"')
end

local function service_folders(folder)
  local found = os_.glob(escape(folder) .. "/*/")
  table.sort(found)
  return found
end

-- The folder of a service by its name, by the same name in another spelling, or by the service's id.
local function folder_of(folder, name)
  local exact = os_.glob(escape(folder) .. "/" .. escape(dashed(name)) .. "/")[1]
  if exact and newest(exact:sub(1, -2)) then
    return exact:sub(1, -2)
  end
  local wanted = squashed(name)
  local services = service_folders(folder)
  for _, path in ipairs(services) do
    if squashed(path:match("([^/]*)/$")) == wanted and newest(path:sub(1, -2)) then
      return path:sub(1, -2)
    end
  end
  for _, path in ipairs(services) do
    local description = newest(path:sub(1, -2))
    local id = description and service_id(description)
    if id and squashed(id) == wanted then
      return path:sub(1, -2)
    end
  end
end

local function split(name)
  local service, version = name:match("^([^/]+)/(%d%d%d%d%-%d%d%-%d%d)$")
  return service or name, version
end

-- Whether a service's name can name no other folder.
local function is_name(name)
  return #name <= 128 and name:find("^[%w][%w%-_ ]*$") ~= nil
end

local function find_in(folders, name)
  local service, version = split(name)
  for _, folder in ipairs(is_name(service) and folders or {}) do
    local path = folder_of(folder, service)
    path = path and newest(path, version)
    if path then
      return path
    end
  end
end

--- The description of a service in the folders that the user named.
---@param name string `athena`, `Cost Explorer`, `ec2/2016-11-15`
---@return string|nil path
function Search:named(name)
  return find_in(self:named_folders(), name)
end

--- The description of a service among those of installed tools.
---@param name string
---@return string|nil path
function Search:installed(name)
  for _, folder in ipairs(self:installed_folders()) do
    local path = find_in({ folder }, name)
    local is_trusted = path ~= nil
    -- The documents beside the description are read, too.
    for _, file in ipairs(path and os_.glob(escape(path:match("^(.*)/")) .. "/*.json*") or {}) do
      local resolved, message = os_.trusted(file)
      if not resolved then
        is_trusted = false
        self.skipped[#self.skipped + 1] = quote.clean(message)
      end
    end
    if is_trusted then
      return path
    end
  end
end

--- Whether a text names a file or a folder rather than a service.
---@param text string
---@return boolean
local function is_path(text)
  return text:find("^[./~]") ~= nil or text:find("%.json$") ~= nil or text:find("%.json%.gz$") ~= nil
    or (text:find("/", 1, true) ~= nil and select(2, split(text)) == nil)
end

--- The description that a path means: a file, or the folder of a version, of a service, or of services of which `name`
--- is one.
---@param path string
---@param name string|nil
---@return string
local function at(path, name)
  local folder = path:gsub("(.)/+$", "%1")
  local found = path:find("%.json") == nil
    and (newest(folder:match("^(.*)/") or ".", folder:match("[^/]*$")) or newest(folder)
      or name and find_in({ folder }, name))
  return found or path
end

--- The names of all services that have a description, sorted.
---@return string[]
function Search:names()
  local names, seen = {}, {}
  for _, folders in ipairs { self:named_folders(), self:installed_folders() } do
    for _, folder in ipairs(folders) do
      for _, path in ipairs(os_.glob(escape(folder) .. "/*/*/service-2.json*")) do
        local name = path:match("([^/]+)/[^/]+/[^/]+$")
        if not seen[name] and is_name(name) then
          seen[name] = true
          names[#names + 1] = name
        end
      end
    end
  end
  table.sort(names)
  return names
end

local function list(folders)
  local texts = {}
  for i, folder in ipairs(folders) do
    texts[i] = quote.path(folder)
  end
  return table.concat(texts, ", ")
end

--- The places of the search, for the error of a service or an operation that was not found.
---@return string
function Search:places()
  local named, installed = self:named_folders(), self:installed_folders()
  local parts = {
    #named > 0 and "CLOUDJOBS_MODELS (" .. list(named) .. ")" or "CLOUDJOBS_MODELS (not set)",
    "the descriptions shipped with cloudjobs (a part of AWS's services and operations)",
    #installed > 0 and "installed AWS tools (" .. list(installed) .. ")" or "installed AWS tools (none found)",
  }
  local skipped = #self.skipped > 0 and "; skipped: " .. table.concat(self.skipped, ", ") or ""
  return "searched in " .. table.concat(parts, ", ") .. skipped
end

--- " (did you mean athena?)", or nothing.
---@param name string
---@param more string[]|nil further names
---@return string
function Search:suggest(name, more)
  local names = self:names()
  for _, other in ipairs(more or {}) do
    names[#names + 1] = other
  end
  return suggest(dashed(name), names)
end

--- A search of one process or client.
---@param get fun(name: string): string|nil the value of an environment variable
---@return cloudjobs.Search
local function new(get)
  return setmetatable({ _get = get, skipped = {} }, search_mt)
end

return { at = at, dashed = dashed, is_path = is_path, new = new, squashed = squashed }
