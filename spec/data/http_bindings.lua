--- Where Smithy's HTTP bindings put members, both ways: a line of the notation, a value, and what stands on the wire.
--- Written from smithy.io's specification of the HTTP binding traits and AWS's of rest-json.

local NAN, INFINITY = 0 / 0, math.huge
local T = 1767225600.5 -- 2026-01-01T00:00:00.5Z

return {
  -- { line, value, path } under /x/{M}
  labels = {
    { "string", "a b/é", "/x/a%20b%2F%C3%A9" },
    { "string", "..a", "/x/..a" },
    { "integer", -5, "/x/-5" },
    { "number", 1.5, "/x/1.5" },
    { "number", NAN, "/x/NaN" },
    { "number", INFINITY, "/x/Infinity" },
    { "number", -INFINITY, "/x/-Infinity" },
    { "boolean", false, "/x/false" },
    { "time.iso", T, "/x/2026-01-01T00%3A00%3A00.5Z" },
    { "time.http", T - 0.5, "/x/Thu%2C%2001%20Jan%202026%2000%3A00%3A00%20GMT" },
    { "time", T - 0.5, "/x/1767225600" },
    { "time", "2026-01-01T00:00:00Z", "/x/1767225600" },
  },
  -- { line, value, query } behind ?fixed=1&sync
  queries = {
    { "string as=q", "a&b=c", "q=a%26b%3Dc" },
    { "string as=q", "", "q=" },
    { "string[] as=q", { "b", "a", "b" }, "q=b&q=a&q=b" },
    { "string[] as=q", {}, nil },
    { "integer[] as=q", { 0, -1 }, "q=0&q=-1" },
    { "number as=q", NAN, "q=NaN" },
    { "number[] as=q", { INFINITY, -INFINITY }, "q=Infinity&q=-Infinity" },
    { "boolean as=q", false, "q=false" },
    { "boolean[] as=q", { true, false }, "q=true&q=false" },
    { "time as=q", T - 0.5, "q=1767225600" },
    { "time.iso as=q", T, "q=2026-01-01T00%3A00%3A00.5Z" },
    { "time.iso[] as=q", { T - 0.5, 0 }, "q=2026-01-01T00%3A00%3A00Z&q=1970-01-01T00%3A00%3A00Z" },
    { "string{}", { b = "2", a = "1" }, "a=1&b=2" },
    { "string{}", { ["a b"] = "1" }, "a%20b=1" },
    { "string{}", {}, nil },
    { "string{}", { fixed = "2", sync = "", x = "1" }, "x=1" }, -- the path's constants win
    { "string[]{}", { a = { "1", "2" }, b = {} }, "a=1&a=2" },
  },
  -- { line, value, header m } both ways, or to the wire alone with `write`, from it with `read`
  headers = {
    { "string", "text, with \"marks\"", 'text, with "marks"' },
    { "string", "", "" },
    { "string[]", { "a", "b" }, "a,b" },
    { "string[]", { "a,b", 'say "x"', "c\\d" }, '"a,b","say \\"x\\"",c\\d' },
    { "string[]", {}, "" },
    { "integer", 0, "0" },
    { "integer[]", { 1, -2 }, "1,-2" },
    { "long", 4294967296, "4294967296" },
    { "number", 1.5, "1.5" },
    { "number", NAN, "NaN" },
    { "number", -INFINITY, "-Infinity" },
    { "number[]", { 1.5, INFINITY }, "1.5,Infinity" },
    { "boolean", true, "true" },
    { "boolean[]", { true, false }, "true,false" },
    { "blob", '{"a":1}', "eyJhIjoxfQ==" }, -- a jsonvalue
    { "time", T - 0.5, "1767225600" },
    { "time.iso", T - 0.5, "2026-01-01T00:00:00Z" },
    { "time.http", T - 0.5, "Thu, 01 Jan 2026 00:00:00 GMT" },
    { "time.http[]", { T - 0.5, 0 }, "Thu, 01 Jan 2026 00:00:00 GMT,Thu, 01 Jan 1970 00:00:00 GMT" },
    { "time.iso[]", { T - 0.5, 0 }, "2026-01-01T00:00:00Z,1970-01-01T00:00:00Z" },
    { "time[]", { 1, 2 }, "1,2" },
    { "string[]", { "a", "b c", "d,e" }, ' a , b c ,, "d,e"', only = "read" },
    { "time.http", T - 0.5, "2026-01-01T00:00:00Z", only = "read" },
    { "boolean", true, "True", only = "read" },
    { "integer", 7, "007", only = "read" },
  },
  -- { line, text of the header, the error }
  misfits = {
    { "integer", "x", 'header m: expected a whole number, got "x"' },
    { "integer", "1.5", 'header m: expected a whole number, got "1.5"' },
    { "long", "", 'header m: expected a whole number, got ""' },
    { "number", "1,5", 'header m: expected a number, got "1,5"' },
    { "number[]", "1,x", 'header m: expected a number, got "x"' },
    { "boolean", "yes", 'header m: expected true or false, got "yes"' },
    { "time.http", "soon", 'header m: expected a time, got "soon"' },
    { "blob", "a*", 'header m: expected base64, got "a*"' },
  },
}
