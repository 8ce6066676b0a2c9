--- Faults of a server within a body that streams: { title, expected, script, … }. The script answers each request of the
--- call (spec/support/scripted_server.lua); before it stands PRELUDE, which has
---
---   thing   the content, SIZE bytes, none of which can be taken for another
---   from    the first byte that a Range asks for, or nil
---   tries   the number of this request among those for the same key
---   put(status, fields, body)   sends a head and a body
---   read()  reads the request's body to its end; gives its size, or nil
---
--- `upload` marks a request with a body of SIZE bytes; `once` one that cannot be read again; `sink` is "rewinds" for one
--- that can begin again; `operation` another than the usual; `timeout` the seconds without progress. What is expected
--- is "whole" (the sink got each byte once, or the server all of the body) or the error's code, apart by "|".

local PRELUDE = [[
  if not count.thing then
    local parts = {}
    for i = 1, 50000 do parts[i] = ("%07d\n"):format(i) end
    count.thing = table.concat(parts)
  end
  local thing = count.thing
  local key = head:match("/things/(%w+)")
  count[key] = (count[key] or 0) + 1
  local tries = count[key]
  local from = tonumber(head:lower():match("\nrange: bytes=(%d+)%-"))
  local function put(status, fields, text)
    s:write("HTTP/1.1 ", status, "\r\n", fields, "\r\n", text)
    s:flush()
  end
  local function read()
    local left = tonumber(head:lower():match("\ncontent%-length: (%d+)"))
    local size = left
    while left > 0 do
      local piece = s:read(-math.min(left, 65536))
      if not piece then return nil end
      left = left - #piece
    end
    return size
  end
  local function range(first, last)
    put("206 Part", ("ETag: \"a\"\r\nContent-Range: bytes %d-%d/400000\r\nContent-Length: %d\r\n"):format(
      first, last or 399999, (last or 399999) - first + 1), thing:sub(first + 1, (last or 399999) + 1))
  end
  local whole = "ETag: \"a\"\r\nAccept-Ranges: bytes\r\nContent-Length: 400000\r\n"
  local bare = "Content-Length: 400000\r\n"
]]

local cases = {}

local function add(title, expected, script, options)
  local case = { title = title, expected = expected, script = (PRELUDE .. script):gsub("%s*\n%s*", " ") }
  for name, value in pairs(options or {}) do
    case[name] = value
  end
  cases[#cases + 1] = case
end

-- Downloads

add("a body cut off, without ranges", "closed", [[
  put("200 OK", bare, thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("a body cut off, into a sink that can begin again", "whole", [[
  if tries == 1 then put("200 OK", bare, thing:sub(1, 200000)) sleep(0.02) return "close" end
  put("200 OK", bare, thing) ]], { sink = "rewinds" })
add("a body cut off, and continued", "whole", [[
  if from then return range(from) end
  put("200 OK", whole, thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("a body cut off three times, and continued", "whole", [[
  if not from then put("200 OK", whole, thing:sub(1, 100000)) sleep(0.02) return "close" end
  if tries == 4 then return range(from) end
  put("206 Part", ("ETag: \"a\"\r\nContent-Range: bytes %d-399999/400000\r\nContent-Length: %d\r\n"):format(
    from, 400000 - from), thing:sub(from + 1, from + 100000))
  sleep(0.02) return "close" ]])
add("a body cut off each time", "closed", [[
  if from and from >= 400000 then return "close" end
  put(from and "206 Part" or "200 OK", from and ("ETag: \"a\"\r\nContent-Range: bytes %d-399999/400000\r\n"
    .. "Content-Length: %d\r\n"):format(from, 400000 - from) or whole,
    thing:sub((from or 0) + 1, (from or 0) + 10000)) sleep(0.02) return "close" ]])
add("a body cut off within its chunks", "closed", [[
  put("200 OK", "Transfer-Encoding: chunked\r\n", "61a80\r\n" .. thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("a body without its last chunk", "closed", [[
  put("200 OK", "Transfer-Encoding: chunked\r\n", "61a80\r\n" .. thing .. "\r\n") sleep(0.02) return "close" ]])
add("a malformed chunk behind others", "protocol|closed", [[
  put("200 OK", "Transfer-Encoding: chunked\r\n", "61a80\r\n" .. thing .. "\r\nhello\r\n") sleep(0.02) return "close" ]])
add("bytes behind the body", "whole", [[
  put("200 OK", bare, thing .. "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") sleep(0.02) return "close" ]])
add("silence within the body", "timeout", [[
  put("200 OK", bare, thing:sub(1, 200000)) sleep(4) return "close" ]], { timeout = 2 })
add("silence within the body, and continued", "whole", [[
  if from then return range(from) end
  put("200 OK", whole, thing:sub(1, 200000)) sleep(4) return "close" ]], { timeout = 2 })
add("a slow body", "whole", [[
  put("200 OK", bare, "")
  for i = 1, 20 do s:write(thing:sub(i * 20000 - 19999, i * 20000)) s:flush() sleep(0.15) end ]], { timeout = 2.5 })
add("another range than the one asked for", "range", [[
  if from then return range(from - 8) end
  put("200 OK", whole, thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("a shorter range than the one asked for", "range", [[
  if from then return range(from, 399990) end
  put("200 OK", whole, thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("a range that is not named", "range", [[
  if from then return put("206 Part", ("ETag: \"a\"\r\nContent-Length: %d\r\n"):format(400000 - from), thing:sub(from + 1)) end
  put("200 OK", whole, thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("the whole in place of a range", "range", [[
  put("200 OK", whole, from and thing or thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("another entity tag between two ranges", "range", [[
  if from then return put("206 Part", ("ETag: \"b\"\r\nContent-Range: bytes %d-399999/400000\r\nContent-Length: %d\r\n"):format(
    from, 400000 - from), thing:sub(from + 1)) end
  put("200 OK", whole, thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("a changed content that the service refuses to continue", "412", [[
  if from then return put("412 No", "Content-Length: 0\r\n", "") end
  put("200 OK", whole, thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("a range that the service cannot satisfy", "416", [[
  if from then return put("416 No", "Content-Length: 0\r\n", "") end
  put("200 OK", whole, thing:sub(1, 200000)) sleep(0.02) return "close" ]])
add("a checksum that does not fit", "checksum", [[
  put("200 OK", whole .. "x-amz-checksum-crc32: AAAAAA==\r\n", thing) ]], { operation = "load_thing" })
add("a checksum that does not fit once", "whole", [[
  put("200 OK", whole .. (tries == 1 and "x-amz-checksum-crc32: AAAAAA==\r\n" or ""), thing) ]],
  { operation = "load_thing", sink = "rewinds" })
add("an error in place of a body", "503|500", [[
  put("500 No", "Content-Length: 2\r\n", "{}") ]])
add("an error, and then the body", "whole", [[
  if tries == 1 then return put("500 No", "Content-Length: 2\r\n", "{}") end
  put("200 OK", bare, thing) ]])

-- Uploads

local function upload(title, expected, script, options)
  options = options or {}
  options.upload = true
  add(title, expected, script, options)
end

upload("a body that is read", "whole", [[ answer(('{"Got":"%d"}'):format(read())) ]])
upload("a refusal before the body, and closed", "403|closed", [[
  put("403 No", "Connection: close\r\nContent-Length: 2\r\n", "{}") sleep(0.05) return "close" ]])
upload("a refusal within the body, which is no longer read", "403", [[
  s:read(-65536) put("403 No", "Content-Length: 2\r\n", "{}") sleep(0.3) return "close" ]])
upload("a refusal before the body, which is read all the same", "403", [[
  put("403 No", "Content-Length: 2\r\n", "{}") read() ]])
upload("a success before the body, which is read all the same", "whole", [[
  put("200 OK", "Content-Length: 16\r\n", '{"Got":"400000"}') read() ]])
upload("closed within the body", "closed", [[ s:read(-65536) return "close" ]])
upload("closed within the body once", "whole", [[
  if tries == 1 then s:read(-65536) return "close" end
  answer(('{"Got":"%d"}'):format(read())) ]])
upload("closed within a body that cannot be read again", "closed", [[
  if tries == 1 then s:read(-65536) return "close" end
  answer(('{"Got":"%d"}'):format(read())) ]], { once = true, operation = "drop_thing" })
upload("an error to a body that cannot be read again", "503", [[
  read() put("503 No", "Content-Length: 2\r\n", "{}") ]], { once = true, operation = "drop_thing" })
upload("an interim response within the body", "whole", [[
  s:read(-65536) s:write("HTTP/1.1 102 Processing\r\n\r\n") s:flush()
  local left = 400000 - 65536
  while left > 0 do local piece = s:read(-65536) if not piece then return "close" end left = left - #piece end
  answer('{"Got":"400000"}') ]])
upload("silence in place of a response", "timeout", [[ read() sleep(4) return "close" ]], { timeout = 2 })
upload("no response, and closed", "closed", [[ read() return "close" ]])

return cases
