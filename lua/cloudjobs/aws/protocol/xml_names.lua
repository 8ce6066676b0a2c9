--- What a member's lists and maps are called in XML and in forms, which its
--- text in the model has: `string(as=item)[] flattened`.

local function read_flags(node, text)
  node.as = text:match("as=([^%s)}]+)")
  node.flattened = text:find("flattened", 1, true) ~= nil
end

--- `as` is the name of an item, `key` of a map's keys; a flattened list or map
--- has no element of its own around its items.
---@param text string|nil core.members' `xml`
---@return { as: string|nil, key: string|nil, flattened: boolean|nil, item: table|nil }
local function parse(text)
  text = text or ""
  local node, at = {}, text:find("[%[%](){} ]") or #text + 1
  while true do
    local part = text:match("^%b()", at) or text:match("^%b[]", at) or text:match("^%b{}", at)
    if not part then
      break
    elseif part:sub(1, 1) == "(" then
      read_flags(node, part)
    else
      node = { item = node, key = part:match("as=([^%s}]+)") }
    end
    at = at + #part
  end
  node.flattened = node.flattened or text:find("flattened", at, true) ~= nil
  return node
end

local PLAIN = {} -- without names of their own

--- The naming of what a list or map holds.
local function item_of(node)
  return node.item or PLAIN
end

return { parse = parse, item_of = item_of }
