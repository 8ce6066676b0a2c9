--- docs/faults.md, as text, from spec/data/faults.lua.

local faults = require "spec.data.faults"

local INTRODUCTION = [[
# Faults of a server

Written by `make faults` from spec/data/faults.lua. Do not edit.

Each transport is run against %d faults (spec/promises/faults_spec.lua): the curl and the multi transport with HTTP of our
own and of libcurl, and nginx's transport; faults of timing and closing also under TLS. A call meets the fault on a
connection that has carried another call, where the fault allows. The time limit of a call holds against every fault,
and the two calls after it get their own responses.

The tables name the result of the faulty call: its own response, the status of the response that the fault consists of,
or the code of the error. Where libcurl speaks HTTP (compressed responses, HTTP proxies, large bodies) its own grammar
decides about faults of framing.
]]

local GROUPS = {
  { "framing", "The bytes of a response that are not as they should be, and some that only look so." },
  { "timing", "Silence, drops and floods." },
  { "closing", "Connections that end too early, and bytes after the end of a response." },
  { "TLS", "Handshakes and certificates." },
  { "proxies", "The response of an HTTP proxy to CONNECT." },
}

local function result(expected)
  local parts = {}
  for word in expected:gmatch "[^|]+" do
    if word == "own" then
      parts[#parts + 1] = "its own response"
    elseif word == "stray" then
      parts[#parts + 1] = "the earlier response"
    else
      parts[#parts + 1] = word:find "^%d" and word or "`" .. word .. "`"
    end
  end
  return table.concat(parts, ", ")
end

local function write()
  local lines = { INTRODUCTION:format(#faults) }
  for _, group in ipairs(GROUPS) do
    lines[#lines + 1] = ("## %s\n\n%s\n\n| fault | result |\n|---|---|"):format(
      group[1]:gsub("^%l", string.upper), group[2])
    for _, case in ipairs(faults) do
      if case.group == group[1] then
        lines[#lines + 1] = ("| %s | %s |"):format(case.title, result(case.expected))
      end
    end
    lines[#lines + 1] = ""
  end
  return table.concat(lines, "\n")
end

return write
