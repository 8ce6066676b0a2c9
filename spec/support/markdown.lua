--- A Markdown file's fenced blocks, links and headings.

-- A comment directly above a block says why the block is not run.
local MARKER = "^<!%-%- not run: (.-) %-%->$"

--- The fenced blocks of `text`, in order.
---@param text string
---@return { language: string, line: integer, text: string, skipped: string|nil }[] blocks line: the first one inside;
---   skipped: the reason of a block that is not run
local function blocks(text)
  local found, block, before, line = {}, nil, "", 0
  for content in text:gmatch("([^\n]*)\n") do
    line = line + 1
    if block and content == "```" then
      block.text, block = table.concat(block, "\n") .. "\n", nil
    elseif block then
      block[#block + 1] = content
    elseif content:find("^```") then
      block = { language = content:sub(4), line = line + 1, skipped = before:match(MARKER) }
      found[#found + 1] = block
    end
    before = content
  end
  return found
end

-- Everything outside of the fenced blocks and of code spans.
local function prose(text)
  local lines, inside = {}, false
  for content in text:gmatch("([^\n]*)\n") do
    if content:find("^```") then
      inside = not inside
    elseif not inside then
      lines[#lines + 1] = content
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The targets of the links and pictures of `text`.
---@param text string
---@return string[]
local function links(text)
  local found = {}
  for target in prose(text):gsub("`[^`\n]*`", ""):gmatch("%]%(([^)%s]+)%)") do
    found[#found + 1] = target
  end
  return found
end

--- The anchors that the headings of `text` give, as GitHub names them.
---@param text string
---@return table<string, boolean>
local function anchors(text)
  local found = {}
  for heading in ("\n" .. prose(text)):gmatch("\n#+ ([^\n]+)") do
    found[heading:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-")] = true
  end
  return found
end

--- The tables of `text`, each a list of rows, the heading first; a row is a list of its cells.
---@param text string
---@return string[][][]
local function tables(text)
  local found, rows = {}, nil
  for line in prose(text):gmatch("([^\n]*)\n") do
    local cells = {}
    for cell in line:gmatch("|%s*([^|]-)%s*%f[|]") do
      cells[#cells + 1] = cell
    end
    if #cells == 0 then
      rows = nil
    elseif not rows then
      rows = { cells }
      found[#found + 1] = rows
    elseif not line:find("^|%-") then
      rows[#rows + 1] = cells
    end
  end
  return found
end

return { blocks = blocks, links = links, anchors = anchors, tables = tables }
