--- `make rooms`: which rooms require which, by the requires of lua/cloudjobs and the includes of csrc. Fails when rooms
--- require each other, directly or by way of others.

local files = require "spec.support.files"
local layers = require "spec.support.layers"
local sorted = require("cloudjobs.base.options").sorted_keys

local FOLDERS = {
  { path = "lua/cloudjobs", ending = ".lua", is_lua = true, left_out = "^meta/" },
  { path = "csrc", ending = ".[ch]", left_out = "^[ft][ue][zs][zt]/" },
}

-- nginx's transport has a row of its own in the law, and its folder in the room of all transports.
local SAME = { nginx = "transport" }

-- room -> the rooms that its files require
local function graph_of(folder)
  local graph = {}
  for _, path in ipairs(files.list(folder.path, folder.ending)) do
    local name = path:sub(#folder.path + 2):match("^(.*)%.[^.]*$")
    if not name:find(folder.left_out) then
      local room, others = layers.edges(name, files.read(path), folder.is_lua)
      room = SAME[room] or room
      graph[room] = graph[room] or {}
      for other in pairs(others) do
        graph[room][SAME[other] or other] = (SAME[other] or other) ~= room or nil
      end
    end
  end
  return graph
end

-- A way from `room` back to itself, or nil.
local function cycle_from(graph, room, path, seen)
  path[#path + 1] = room
  if room == path[1] and #path > 1 then
    return path
  end
  for _, other in ipairs(seen[room] and {} or sorted(graph[room] or {})) do
    seen[room] = true
    local found = cycle_from(graph, other, path, seen)
    if found then
      return found
    end
  end
  path[#path] = nil
end

local failed = false
for _, folder in ipairs(FOLDERS) do
  local graph = graph_of(folder)
  print(folder.path)
  for _, room in ipairs(sorted(graph)) do
    print(("  %-10s -> %s"):format(room, table.concat(sorted(graph[room]), " ")))
  end
  for _, room in ipairs(sorted(graph)) do
    local cycle = cycle_from(graph, room, {}, {})
    if cycle then
      io.stderr:write("a cycle: ", table.concat(cycle, " -> "), "\n")
      failed = true
    end
  end
end
os.exit(failed and 1 or 0, true)
