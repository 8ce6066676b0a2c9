--- The examples of a Markdown file: its fenced blocks, in order.

--- Lists the blocks of `text` in one language.
---@param text string
---@param language string
---@return { line: integer, text: string }[]
local function blocks(text, language)
  local found, at, line = {}, nil, 0
  for content in text:gmatch("([^\n]*)\n") do
    line = line + 1
    if at and content == "```" then
      found[#found + 1] = { line = at.line, text = table.concat(at.lines, "\n") .. "\n" }
      at = nil
    elseif at then
      at.lines[#at.lines + 1] = content
    elseif content == "```" .. language then
      at = { line = line + 1, lines = {} }
    end
  end
  return found
end

return { blocks = blocks }
