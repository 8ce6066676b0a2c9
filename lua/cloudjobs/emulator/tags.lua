--- The tags of one resource: a list of `{ Key, Value }`, a key once.

local function drop(tags, keys)
  for _, key in ipairs(keys) do
    for i = #tags, 1, -1 do
      if tags[i].Key == key then
        table.remove(tags, i)
      end
    end
  end
end

local function put(tags, added)
  for _, tag in ipairs(added or {}) do
    drop(tags, { tag.Key })
    tags[#tags + 1] = { Key = tag.Key, Value = tag.Value }
  end
  return tags
end

return { put = put, drop = drop }
