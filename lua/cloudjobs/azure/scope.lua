--- The nine forms of scope that cost exports live under. A scope goes into the
--- URL as it stands, so what is not one of these forms never gets there.

local ascii = require "cloudjobs.base.ascii"
local quote = require "cloudjobs.base.quote"
local suggest = require "cloudjobs.base.suggest"

local MAX_BYTES = 1024 -- the longest form with the longest ids has fewer

-- A piece in braces is an id, the others are words; ARM compares words
-- without regard to case.
local FORMS = {
  "subscriptions/{subscription}",
  "subscriptions/{subscription}/resourceGroups/{resource group}",
  "providers/Microsoft.Management/managementGroups/{management group}",
  "providers/Microsoft.Billing/billingAccounts/{billing account}",
  "providers/Microsoft.Billing/billingAccounts/{billing account}/departments/{department}",
  "providers/Microsoft.Billing/billingAccounts/{billing account}/enrollmentAccounts/{enrollment account}",
  "providers/Microsoft.Billing/billingAccounts/{billing account}/billingProfiles/{billing profile}",
  "providers/Microsoft.Billing/billingAccounts/{billing account}/billingProfiles/{billing profile}"
    .. "/invoiceSections/{invoice section}",
  "providers/Microsoft.Billing/billingAccounts/{billing account}/customers/{customer}",
}

local HEX = "%x"
local GUID = "^" .. HEX:rep(8) .. ("%-" .. HEX:rep(4)):rep(3) .. "%-" .. HEX:rep(12) .. "$"

local function is_guid(segment)
  return segment:find(GUID) ~= nil
end

-- Letters beyond ASCII are allowed in names of groups; they are percent-encoded.
local function is_group_name(segment)
  return segment:find("^[A-Za-z0-9_.()\128-\255%-]+$") ~= nil and #segment <= 360 and segment:sub(-1) ~= "."
end

local function is_id(segment)
  return segment:find("^[A-Za-z0-9_.:()\128-\255%-]+$") ~= nil
end

local IDS = {
  ["{subscription}"] = { fits = is_guid, expected = "a subscription id (8-4-4-4-12 hexadecimal digits)" },
  ["{resource group}"] = {
    fits = is_group_name,
    expected = "the name of a resource group (letters, digits, _ - . ( ), no dot at its end)",
  },
}

local function pieces_of(text)
  local pieces = {}
  for piece in (text .. "/"):gmatch("([^/]*)/") do
    pieces[#pieces + 1] = piece
  end
  return pieces
end

local function fits(piece, segment)
  if piece:sub(1, 1) ~= "{" then
    return ascii.lower(piece) == ascii.lower(segment)
  end
  return (IDS[piece] and IDS[piece].fits or is_id)(segment)
end

-- The pieces that `forms` expect at place `i`, as text.
local function expected_at(forms, i)
  local words, seen = {}, {}
  for _, form in ipairs(forms) do
    local piece = form[i]
    if piece and not seen[piece] then
      seen[piece] = true
      words[#words + 1] = IDS[piece] and IDS[piece].expected
        or piece:sub(1, 1) == "{" and ("the id of a %s"):format(piece:sub(2, -2))
        or ("%q"):format(piece)
    end
  end
  return table.concat(words, " or "), words
end

-- A description of what no id or word may hold, or nil.
local function hostile(segment)
  if segment == "" then
    return "an empty segment (two slashes in a row)"
  elseif segment == "." or segment == ".." then
    return ("the segment %q"):format(segment)
  elseif segment:find("[ \t-\r]") then
    return ("a blank in %s"):format(quote.value(segment))
  elseif segment:find("[%z\1-\31\127]") then
    return "a control character"
  elseif segment:find("%", 1, true) then
    return ("percent-encoding in %s: write ids as they are"):format(quote.value(segment))
  end
  local mark = segment:match("[?#\\]")
  return mark and ("%q in %s"):format(mark, quote.value(segment))
end

local forms

local function load_forms()
  forms = {}
  for i, text in ipairs(FORMS) do
    forms[i] = pieces_of(text)
  end
  return forms
end

--- Checks a scope. Slashes around it do not count; the rest is kept as given.
---@param scope string
---@return string|nil scope without slashes at its ends
---@return string|nil message names the segment and what was expected there
local function check(scope)
  if #scope > MAX_BYTES then
    return nil, ("expected at most %d bytes, got %d"):format(MAX_BYTES, #scope)
  end
  local text = ascii.without_slashes(scope):gsub("^/+", "")
  local segments = pieces_of(text)
  if text == "" then
    return nil, "expected a scope such as " .. FORMS[1]
  end
  for _, segment in ipairs(segments) do
    local found = hostile(segment)
    if found then
      return nil, ("%s holds %s"):format(quote.value(scope), found)
    end
  end

  local candidates = forms or load_forms()
  for i, segment in ipairs(segments) do
    local fitting = {}
    for _, form in ipairs(candidates) do
      if form[i] and fits(form[i], segment) then
        fitting[#fitting + 1] = form
      end
    end
    if #fitting == 0 then
      local expected, words = expected_at(candidates, i)
      return nil, expected == "" and ("%s goes on after its end: unexpected segment %s"):format(
        quote.value(scope), quote.value(segment))
        or ("segment %s of %s: expected %s%s"):format(
          quote.value(segment), quote.value(scope), expected, suggest(segment, words))
    end
    candidates = fitting
  end
  for _, form in ipairs(candidates) do
    if #form == #segments then
      return text
    end
  end
  return nil, ("%s ends early: expected %s after %s"):format(
    quote.value(scope), (expected_at(candidates, #segments + 1)), quote.value(segments[#segments]))
end

return { check = check }
