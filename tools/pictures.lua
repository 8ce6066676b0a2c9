--- Draws the pictures of README.md and docs/ from what the command writes to a real terminal, over the emulator:
---   lua tools/pictures.lua FOLDER

local Command = require "spec.support.command"
local Screen = require "spec.support.screen"

local COLUMNS = 112
local CHAR_WIDTH, LINE_HEIGHT, MARGIN = 8.4, 20, 16
local COLORS = {
  [""] = "#d8dee9", ["2"] = "#7b8494", ["31"] = "#e06c75", ["32"] = "#98c379", ["33"] = "#e5c07b", ["34"] = "#61afef",
}

local function escape(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

-- The words of one colour that a single space parts, each group an element at its own place: fonts differ, and browsers
-- collapse longer spaces.
local function line_of(cells, y)
  local parts, at = {}, 1
  local function is_space(i)
    return not cells[i] or cells[i].char == " "
  end
  while at <= #cells do
    local style, from, chars = cells[at].style, at, {}
    while at <= #cells and cells[at].style == style and not (is_space(at) and is_space(at + 1)) do
      chars[#chars + 1] = cells[at].char
      at = at + 1
    end
    local text = table.concat(chars)
    local left, words = text:match("^( *)(.-) *$")
    if words ~= "" then
      local count = #chars - #left - (#text - #left - #words)
      parts[#parts + 1] = ('<text x="%.1f" y="%d" fill="%s" textLength="%.1f">%s</text>'):format(
        MARGIN + (from - 1 + #left) * CHAR_WIDTH, y, COLORS[style], count * CHAR_WIDTH, escape(words))
    end
    at = math.max(at, from + 1)
  end
  return table.concat(parts, "\n")
end

local function picture(screen, title)
  local parts = {}
  local width, height = COLUMNS * CHAR_WIDTH + 2 * MARGIN, #screen.rows * LINE_HEIGHT + MARGIN
  parts[1] = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" role="img" '
    .. 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">')
    :format(width, height, width)
  parts[2] = ("<title>%s</title>"):format(escape(title))
  parts[3] = '<rect width="100%" height="100%" rx="8" fill="#1f2430"/>'
  for i, cells in ipairs(screen.rows) do
    parts[#parts + 1] = line_of(cells, i * LINE_HEIGHT + 4)
  end
  parts[#parts + 1] = "</svg>"
  return (table.concat(parts, "\n"):gsub("\n\n+", "\n")) .. "\n"
end

-- The screen after a command was typed and has written `bytes`.
local function screen_of(typed, bytes)
  local screen = Screen.new():feed("$ " .. typed .. "\r\n" .. bytes)
  while #screen.rows > 0 and #screen.rows[#screen.rows] == 0 do
    screen.rows[#screen.rows] = nil
  end
  return screen
end

local function save(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local function draw_status(cli, folder)
  local fleet = cli:seed()
  cli:export("hourly-team-a", 200)
  local _, bytes = cli:in_terminal(COLUMNS, { "status", fleet })
  save(folder .. "/status.svg", picture(screen_of("cloudjobs status fleet.lua", bytes), "cloudjobs status"))
end

-- The live table while two of its jobs are under way: their clock stands still.
local function draw_watch(cli, folder)
  cli:reset()
  cli.server:clock { set = "2026-11-22T06:00:00Z", speed = 0 }
  local refs = {
    cli:last_run(cli:export("nightly", 3600)), cli:last_run(cli:export("hourly-team-a", 120)),
    cli:last_run(cli:export("broken", 3600)),
  }
  cli:azure_export("costs-by-tag", 7200, 60)
  refs[4] = cli:last_run("costs-by-tag", "--scope", cli.scope, "--endpoint-url", cli.url)
  local words = { "watch", refs[1], refs[2], refs[3], refs[4], "--endpoint-url", cli.url, "--utc" }
  local _, bytes = cli:in_terminal(COLUMNS, words, {
    -- The jobs are polled at once, and each may be the last that is shown.
    { "DELIVERY_SUCCESS", "" }, { "QUERY_QUEUED", "" }, { "QUERY_FAILURE", "" }, { "InProgress", "\\003" },
    { "Interrupted", "" },
  })
  local shown = bytes:match("^(.-)%^C") or bytes:match("^(.-)\r\27%[KInterrupted")
  save(folder .. "/watch.svg", picture(screen_of("cloudjobs watch $REFS", shown), "cloudjobs watch"))
end

local cli = Command.new()
local ok, message = pcall(function()
  draw_status(cli, arg[1])
  draw_watch(cli, arg[1])
end)
cli:stop()
assert(ok, message)
