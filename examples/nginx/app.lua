--- The example's application: a job's state as JSON, a page of all exports, and
--- a timer that follows every job that anybody has asked for.

local cloudjobs = require "cloudjobs"

local DAY = 86400
local ROUND = 15 -- seconds; then the timer looks whether there are more jobs to follow
local PAGE = 15 -- seconds for which the page is kept
local STATUS_OF = { validation = 400, credentials = 500, config = 500, timeout = 504 }

local seen = ngx.shared.jobs
local settings
local profiles = { [""] = true } -- whose keys a reference may name; it need not name any

local function allow(profile)
  if profile then
    profiles[profile] = true
  end
end

--- Reads the settings; called by the master.
local function load()
  local path = os.getenv("CLOUDJOBS_EXAMPLE")
  settings = path and dofile(path) or require "settings"
  allow(os.getenv("AWS_PROFILE") or os.getenv("AWS_DEFAULT_PROFILE"))
  allow((settings.options.aws or {}).profile)
  for _, place in ipairs(settings.fleet) do
    allow(place.profile)
  end
end

-- What is kept of a job ---------------------------------------------------

local function document(status)
  return cloudjobs.json.encode {
    state = status.state, ok = status.ok, final = status.final, code = status.code, reason = status.reason,
    started_at = status.started_at, ended_at = status.ended_at, kind = status.kind, id = status.id,
    seen_at = ngx.time(),
  }
end

local function tell(ref, text)
  local ok, err = cloudjobs.transport.default():send {
    method = "POST",
    url = settings.webhook,
    headers = { ["content-type"] = "application/json", ["x-job"] = ref },
    body = text,
    timeout = 10,
  }
  if not ok then
    ngx.log(ngx.ERR, "webhook: ", tostring(err))
  end
end

-- Jobs are followed until they end. `add` lets one worker alone tell of a failure.
local function keep(ref, status)
  local text = document(status)
  seen:set("state " .. ref, text, DAY)
  if not status.final then
    seen:set("watch " .. ref, true)
    return text
  end
  seen:delete("watch " .. ref)
  if not status.ok and settings.webhook and seen:add("told " .. ref, true, DAY) then
    ngx.timer.at(0, function() tell(ref, text) end)
  end
  return text
end

-- Visitors choose the job, not whose keys ask for it.
local function is_allowed(ref)
  local profile = ref:match(",profile=([^,]*)") or ""
  return profiles[(profile:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))]
end

local function open(ref)
  local cloud = ref:find("^export_run,") and "azure" or "aws"
  return cloudjobs.jobs.open(ref, settings.options[cloud])
end

-- The timer ---------------------------------------------------------------

local function watched()
  local jobs, refs = {}, {}
  for _, key in ipairs(seen:get_keys(0)) do
    local ref = key:match("^watch (.*)$")
    local job = ref and open(ref)
    if job then
      jobs[#jobs + 1] = job
      refs[job] = ref
    end
  end
  return jobs, refs
end

local function follow(premature)
  if premature then
    return
  end
  local ok, message = pcall(function()
    local jobs, refs = watched()
    cloudjobs.watch(jobs, {
      timeout = ROUND,
      on_poll = function(status, job) keep(refs[job], status) end,
    })
  end)
  if not ok then
    ngx.log(ngx.ERR, "the timer: ", tostring(message))
  end
  ngx.timer.at(1, follow) -- refused in a worker that is to end: its successor has its own
end

--- Starts the timer, in one worker of all.
local function start()
  if ngx.worker.id() == 0 then
    assert(ngx.timer.at(0, follow))
  end
end

-- What visitors see -------------------------------------------------------

local function answer(status, text)
  ngx.status = status
  ngx.header["content-type"] = "application/json"
  ngx.say(text)
end

--- GET /jobs/<ref>: what was last seen of the job. Who asks first makes us look, and follow it.
local function job()
  local ref = ngx.unescape_uri(ngx.var.request_uri:match("^/jobs/([^?]*)"))
  if not is_allowed(ref) then
    return answer(400, cloudjobs.json.encode {
      error = "the reference names a profile that is none of this server's", kind = "validation", code = "ref",
    })
  end
  local text = seen:get("state " .. ref)
  if text then
    return answer(200, text)
  end
  local found, err = open(ref)
  local status
  if found then
    status, err = found:status()
  end
  if status then
    return answer(200, keep(ref, status))
  end
  local missing = found and found:is_missing(err)
  answer(missing and 404 or STATUS_OF[err.kind] or 502, cloudjobs.json.encode {
    error = tostring(err), kind = err.kind, code = err.code,
  })
end

local ESCAPED = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function html(text)
  return (tostring(text or ""):gsub('[&<>"]', ESCAPED))
end

local function row_of(row)
  local name = html(row.export)
  if row.ref then
    name = ('<a href="/jobs/%s">%s</a>'):format(html(ngx.escape_uri(row.ref)), name)
  end
  local cells = { html(row.cloud), html(row.account or row.scope), name, html(row.health), html(row.state),
    html(row.reason or row.err) }
  return ('<tr class="%s"><td>%s</td></tr>'):format(html(row.health), table.concat(cells, "</td><td>"))
end

local PAGE_TEXT = [[
<!doctype html>
<meta charset="utf-8"><meta http-equiv="refresh" content="15"><title>Exports</title>
<style>body { font: 15px sans-serif } td, th { padding: .3em 1em; text-align: left }
.failing { background: #fdd } .stale { background: #ffd } .ok { background: #dfd }</style>
<h1>Exports</h1>
<table><tr><th>cloud<th>account<th>export<th>health<th>last run<th>why</tr>
%s
</table>
]]

--- GET /: every export of the fleet.
local function page()
  local text = seen:get("page")
  if not text then
    local rows = cloudjobs.inventory(settings.fleet)
    for i, row in ipairs(rows) do
      rows[i] = row_of(row)
    end
    text = PAGE_TEXT:format(table.concat(rows, "\n"))
    seen:set("page", text, PAGE)
  end
  ngx.header["content-type"] = "text/html; charset=utf-8"
  ngx.print(text)
end

return { load = load, start = start, job = job, page = page }
