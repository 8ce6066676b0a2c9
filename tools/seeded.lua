--- Shows that each fuzz target finds a bug: into a copy of csrc a mistake that a
--- person could make is put, and the target must fall over it within SECONDS.
---     lua5.4 tools/seeded.lua build/seeded 60

local folder, seconds = arg[1], tonumber(arg[2])

--- Target, file, what is right, what is wrong. No sanitizer finds the first five: they break what the target checks.
local MISTAKES = {
  { "scalar", "base/scalar.c", "s + 4 < end || s[3] != '='", "s[3] != '='" },
  { "sigv4", "sign/uri.c", "i > 0 && precedes(", "i > 1 && precedes(" },
  { "response_parser", "http/response_parser.c", "line = r->head.s + r->line;", "line = s;" },
  { "field", "http/field.c", "end > p && is_outer(end[-1])", "end > p && is_blank(end[-1])" },
  { "request_head", "http/request_head.c", 'cj_field_is(f.name, "content-length") || ', "" },
  { "json", "codec/json.c", "if (end - p < 4)", "if (end - p < 3)" },
  { "xml", "codec/xml.c", "r->p + 1 < r->end && r->p[1] == '\\n'", "r->p[1] == '\\n'" },
  { "cbor", "codec/cbor.c", "if (n > (size_t)(r->end - r->p))", "if (n > (size_t)(r->end - r->start))" },
  { "transcode", "codec/xml_writer.c", "!in_attribute && (c == '\\n' || c == '\\t')", "!in_attribute" },
  { "shape", "codec/shape.c", "types += text[i] == '{';", "types += 0;" },
}

--- The same for what is Lua, and for tools/fuzz_TARGET.lua.
local MISTAKES_IN_LUA = {
  { "description", "model/import/service.lua", "if name and metadata[name] == nil then", "if name == nil then" },
}

local function run(...)
  return os.execute((...):format(select(2, ...)))
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function plant(path, right, wrong)
  local text = read(path)
  local first, last = text:find(right, 1, true)
  assert(first and not text:find(right, last, true), path .. " does not hold this once: " .. right)
  local file = assert(io.open(path, "wb"))
  file:write(text:sub(1, first - 1), wrong, text:sub(last + 1))
  file:close()
end

local missed = 0
for _, mistake in ipairs(MISTAKES) do
  local target, source, right, wrong = mistake[1], mistake[2], mistake[3], mistake[4]
  local copy = folder .. "/" .. target
  assert(run("rm -rf %s && mkdir -p %s && cp -r csrc tools Makefile %s", copy, copy, copy))
  plant(copy .. "/csrc/" .. source, right, wrong)
  assert(run("make -s -C %s BUILD=build build/fuzz/%s", copy, target))
  local started = os.time()
  local survived = run("cd %s && build/fuzz/%s -max_total_time=%d -max_len=4096 >log 2>&1", copy, target, seconds)
  missed = missed + (survived and 1 or 0)
  print(("%s: %s for %s: %s"):format(target, wrong, right,
    survived and "NOT found" or ("found within %d s"):format(os.time() - started + 1)))
end
for _, mistake in ipairs(MISTAKES_IN_LUA) do
  local target, source, right, wrong = mistake[1], mistake[2], mistake[3], mistake[4]
  local copy = folder .. "/" .. target
  assert(run("rm -rf %s && mkdir -p %s && cp -r lua %s", copy, copy, copy))
  plant(copy .. "/lua/cloudjobs/" .. source, right, wrong)
  local started = os.time()
  local survived = run("LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;' lua5.4 tools/fuzz_%s.lua %d >%s/log",
    copy, copy, target, seconds, copy)
  missed = missed + (survived and 1 or 0)
  print(("%s: %s for %s: %s"):format(target, wrong, right,
    survived and "NOT found" or ("found within %d s"):format(os.time() - started + 1)))
end
os.exit(missed == 0)
