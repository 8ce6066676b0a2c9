--- Text from outside on its way into an error or a log: bounded in length, on one line, without control characters and
--- without secrets. Every setting, URL, path, header and document that a message repeats goes through one of these
--- functions, by what the text is expected to be.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"

local HIDDEN = "[hidden]"

local MAX_VALUE = 128 -- bytes of a name or value that are shown
local MAX_WORD = 24 -- of a number, a region or one of a few words; what is longer is none of these
local MAX_URL = 256
local MAX_PATH = 4096 -- as Linux has it
local MAX_LINE = 1024 -- of a sentence
local MAX_SCAN = 4 * 1024 -- of a text that are searched for secrets

-- Members and settings that hold secrets, by the end of their names in lower case without punctuation. Models leave
-- out AWS's session tokens, and Azure's have no flags.
local SECRET_ENDS = {
  "secret", "secretaccesskey", "secretkey", "password", "passphrase", "sessiontoken", "securitytoken", "accesstoken",
  "refreshtoken", "idtoken", "identitytoken", "authorizationtoken", "tokencode", "tokenvalue", "devicecode",
  "activationcode", "codeverifier", "assertion", "accountkey", "sharedaccesskey", "privatekey", "connectionstring",
  "sastoken", "signature", "authorization",
}
-- Those that are secrets by their whole name, such as the signature of a shared access signature.
local SECRET_NAMES = { sig = true, token = true }

--- Whether a member, parameter or setting of that name holds a secret.
---@param name any
---@return boolean
local function is_secret(name)
  if type(name) ~= "string" or #name > 256 then
    return false
  end
  name = ascii.lower(name):gsub("[^0-9a-z]", "")
  for _, tail in ipairs(SECRET_ENDS) do
    if name:sub(-#tail) == tail then
      return true
    end
  end
  return SECRET_NAMES[name] or false
end

-- Control characters of C0 and C1, and those that turn the direction of a line or break it.
local CONTROLS = {
  { "[\t-\r]+", " " },
  { "[%z\1-\31\127]", "?" },
  { "\194[\128-\159]", "?" },
  { "\226\128[\168-\174]", "?" },
  { "\226\129[\166-\169]", "?" },
}

--- `text` on one line, without control characters and as UTF-8. Most texts are so already, and come back as they are.
---@param text string
---@return string
local function clean(text)
  if not text:find("[%z\1-\31\127-\255]") then
    return text
  end
  for _, rule in ipairs(CONTROLS) do
    text = text:gsub(rule[1], rule[2])
  end
  if text:find("[\128-\255]") and not core.json_encode(text) then
    text = text:gsub("[\128-\255]", "?")
  end
  return text
end

-- The first `max` bytes, never a part of a character.
local function cut(text, max)
  if #text <= max then
    return text
  end
  local last = max
  while last > 0 and (text:byte(last + 1) or 0) >= 128 and text:byte(last + 1) < 192 do
    last = last - 1
  end
  return text:sub(1, last) .. "…"
end

local MIN_KEY = 20 -- bytes; shorter ones that look like keys are names

local function class_of(byte)
  return byte >= 48 and byte <= 57 and "digit" or byte >= 65 and byte <= 90 and "upper"
    or byte >= 97 and byte <= 122 and "lower" or nil
end

local GUID = ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12)

-- Whether a run of letters and digits is a key or token: in random text three of five letters are followed by one of
-- another kind, in names one of five.
local function is_key(run)
  if #run < MIN_KEY then
    return false
  elseif run:sub(1, 3) == "eyJ" then -- the start of each JSON Web Token
    return true
  end
  run = run:gsub(GUID, "")
  local changes, count, seen, last = 0, 0, {}, nil
  for i = 1, #run do
    local class = class_of(run:byte(i))
    if class then
      count = count + 1
      changes = changes + ((last and last ~= class) and 1 or 0)
      seen[class], last = true, class
    end
  end
  return seen.upper and seen.lower and seen.digit and changes >= count * 0.35 or false
end

-- Where a plain word stands between slashes, each part of a path is a run of its own; base64 has slashes, too.
local function hide_key(run)
  if ("/" .. run .. "/"):find("/[a-z][a-z][a-z][a-z]+/") then
    return (run:gsub("[^/]+", function(part)
      return is_key(part) and HIDDEN or nil
    end))
  end
  return is_key(run) and HIDDEN or nil
end

-- "Token: expired" is no secret, "token=…" is one, and "code=…" may be OAuth's.
local function hide_assignment(key, mark, value)
  local name = ascii.lower(key)
  local is_short = SECRET_NAMES[name] or name == "code"
  if value ~= "" and (is_short or is_secret(name)) and (mark:find("=", 1, true) or not is_short) then
    return key .. mark .. HIDDEN
  end
end

-- `text` without PEM and the values behind the names of secrets.
local function hide_named(text)
  if text:find("-----BEGIN", 1, true) then
    return HIDDEN
  end
  -- The frontier keeps a long run without a mark from being read again from each of its letters.
  text = text:gsub("%f[A-Za-z0-9_%-]([A-Za-z0-9_%-]+)(\"?[=:] ?\"?)([^ \t&;,\"']*)", hide_assignment)
  text = text:gsub("%f[A-Za-z]([Bb]e?a[rs][ei][rc]? +)[A-Za-z0-9+/=_~.%-]+", "%1" .. HIDDEN) -- Bearer, Basic
  return text
end

-- The same, and without keys and tokens by their looks.
local function hide(text)
  return (hide_named(text):gsub("[A-Za-z0-9+/=_~.%-]+", hide_key))
end

local HOST = "^([A-Za-z0-9.%-%[%]:_]+)(.*)$"

--- A URL as a message may show it: without user name, password, query and fragment; of what is no URL the scheme alone.
---@param text string
---@return string
local function url(text)
  local scheme = text:match("^([A-Za-z][A-Za-z0-9+.%-]*)://")
  local host, path = nil, nil
  if #text <= MAX_URL then
    local rest = text:gsub("^.*@", "") -- a password may hold any mark, and no host holds an @
    host, path = rest:match(HOST)
    if rest == text and scheme then
      host, path = text:sub(#scheme + 4):match(HOST)
    end
    -- Behind the last colon stands a port; anything else may be a password.
    local address, port = (host or ""):match("^(.*):([^:%]]*)$")
    if port and (not port:find("^[0-9]*$") or #port > 5 or address == "") then
      host = nil
    end
  end
  if not host then
    return scheme and scheme .. "://…" or "…"
  end
  local has_tail = path:find("[?#]")
  path = path:match("^[^?#]*")
  if not scheme and not text:find("@", 1, true) and not host:find("[.:]") then
    return "…" -- one word is no address
  end
  local mark = text:find("@", 1, true) and "…@" or ""
  local tail = has_tail and "?…" or ""
  return (scheme and scheme .. "://" or "") .. mark .. hide(host) .. hide(clean(path)) .. tail
end

-- The first line, and whether more follow.
local function first_line(text)
  local last = text:find("[\r\n]")
  return last and text:sub(1, last - 1) or text, last ~= nil
end

-- What is shown of a value, and whether it has more lines.
local function shown_of(value)
  local text, more = first_line(cut(tostring(value), MAX_SCAN))
  if text:find("://", 1, true) or (text:find("@", 1, true) and text:find(":", 1, true)) then
    return url(text), more
  end
  return cut(hide(clean(text)), MAX_VALUE), more
end

--- A name: its first line, at most 128 bytes of it, nothing of what looks like a secret.
---@param value any
---@return string
local function name(value)
  return (shown_of(value))
end

--- The same in quotes, for values that may have blanks or further lines.
---@param value any
---@return string
local function value_of(value)
  local text, more = shown_of(value)
  return '"' .. text:gsub('["\\]', "\\%0") .. '"' .. (more and " and more lines" or "")
end

--- A value where a number, a region or one of a few words belongs, in quotes. A longer one is no such word, and only
--- its length is shown: it may be a secret in the wrong place.
---@param value any
---@return string
local function word(value)
  local text = first_line(tostring(value))
  if #text > MAX_WORD then
    return ("[%d bytes]"):format(#tostring(value))
  end
  return value_of(value)
end

--- A path, as it is; a URL as `url` shows it; a text that is neither, such as a key, by its length.
---@param text string
---@return string
local function path(text)
  local is_absolute = text:find("^[/~$.]") ~= nil
  if not is_absolute and text:find("://", 1, true) then
    return url(text)
  end
  local parts = is_absolute and text:gsub("/", " / ") or text
  local is_path = #text <= MAX_PATH and not text:find("[\r\n]") and hide(parts) == parts
    and (is_absolute or #text <= MAX_VALUE)
  if not is_path then
    return ("[a text of %d bytes, which is no path]"):format(#text)
  end
  return cut(clean(text), MAX_LINE)
end

--- A sentence of another program or of a service: one line, without control characters, URLs' queries and secrets.
---@param text string
---@return string
local function line(text)
  text = clean(cut(text, MAX_SCAN))
  text = text:gsub("%f[A-Za-z0-9+.%-][A-Za-z0-9+.%-]+://[^ \"'<>]+", url)
  return cut(hide(text), MAX_LINE)
end

local MARKS = { "sig=", "Signature=", "sessiontoken=", "AccountKey=", "SharedAccessKey=", "-----BEGIN" }

-- Whether a text carries a signature or a key with its name.
local function has_mark(text)
  for _, mark in ipairs(MARKS) do
    if text:find(mark, 1, true) then
      return true
    end
  end
  return false
end

--- A text in a document that an event shows: as it is, unless it carries a signature or a key with its name.
---@param text string
---@return string
local function document(text)
  if has_mark(text) then
    return text:find("://", 1, true) and url(text) or hide_named(text)
  end
  return text
end

--- A service's message: on one line, and without the queries of URLs where one of them is signed.
---@param text string
---@return string
local function message(text)
  return has_mark(text) and line(text) or clean(text)
end

local MIN_SECRET = 8 -- bytes; shorter ones would blot out ordinary words

--- `text` without any of these secrets, where a service repeats what it was sent.
---@param text string
---@param secrets string[]
---@return string
local function without(text, secrets)
  for _, secret in ipairs(secrets) do
    if type(secret) == "string" and #secret >= MIN_SECRET and text:find(secret, 1, true) then
      text = text:gsub(secret:gsub("[^A-Za-z0-9]", "%%%0"), HIDDEN)
    end
  end
  return text
end

return {
  HIDDEN = HIDDEN,
  clean = clean,
  cut = cut,
  document = document,
  is_secret = is_secret,
  line = line,
  message = message,
  name = name,
  path = path,
  url = url,
  value = value_of,
  without = without,
  word = word,
}
