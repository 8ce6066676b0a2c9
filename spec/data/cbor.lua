--- CBOR (RFC 8949), and how Smithy's RPC v2 writes members in it
--- (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html). Bytes are hexadecimal; blanks are for the eye.

local core = require "cloudjobs.core"

local null = core.null
local huge = math.huge
local nan = 0 / 0

local Cases = {}

--- What core.cbor_decode reads: { bytes, value }.
Cases.items = {
  -- Integers: in the first byte up to 23, then in the 1, 2, 4 or 8 bytes behind it.
  { "00", 0 }, { "17", 23 }, { "18 18", 24 }, { "18 ff", 255 }, { "19 0100", 256 }, { "19 ffff", 65535 },
  { "1a 00010000", 65536 }, { "1a ffffffff", 4294967295 }, { "1b 0000000100000000", 4294967296 },
  { "1b 0020000000000000", 2 ^ 53 },
  { "20", -1 }, { "37", -24 }, { "38 18", -25 }, { "38 ff", -256 }, { "39 0100", -257 }, { "39 ffff", -65536 },
  { "3a 00010000", -65537 }, { "3b 0000000100000000", -4294967297 }, { "3b 001fffffffffffff", -2 ^ 53 },
  -- A longer form than is needed is well-formed.
  { "18 00", 0 }, { "19 0001", 1 }, { "1a 00000000", 0 }, { "1b 0000000000000017", 23 }, { "3b 0000000000000000", -1 },
  -- What no number holds is text.
  { "1b 8000000000000000", "9223372036854775808" }, { "1b ffffffffffffffff", "18446744073709551615" },
  { "3b 8000000000000000", "-9223372036854775809" }, { "3b fffffffffffffffe", "-18446744073709551615" },
  { "3b ffffffffffffffff", "-18446744073709551616" },
  -- Half precision: zero, subnormal, normal, the largest, not finite.
  { "f9 0000", 0 }, { "f9 0001", 2 ^ -24 }, { "f9 03ff", 1023 * 2 ^ -24 }, { "f9 0400", 2 ^ -14 }, { "f9 3c00", 1 },
  { "f9 3c01", 1 + 2 ^ -10 }, { "f9 c400", -4 }, { "f9 7bff", 65504 }, { "f9 7c00", huge }, { "f9 fc00", -huge },
  { "f9 7c01", nan }, { "f9 7e00", nan }, { "f9 fe00", nan },
  -- Single and double precision.
  { "fa 00000001", 2 ^ -149 }, { "fa 3f800000", 1 }, { "fa 40f40000", 7.625 }, { "fa ff800000", -huge },
  { "fa 7f7fffff", (2 - 2 ^ -23) * 2 ^ 127 }, { "fa 7fc00000", nan }, { "fa 7f800001", nan },
  { "fb 3ff8000000000000", 1.5 }, { "fb 0000000000000001", 2 ^ -1074 }, { "fb c010666666666666", -4.1 },
  { "fb 7fefffffffffffff", (2 - 2 ^ -52) * 2 ^ 1023 }, { "fb 7ff0000000000000", huge }, { "fb 7ff8000000000000", nan },
  -- Simple values; undefined is null.
  { "f4", false }, { "f5", true }, { "f6", null }, { "f7", null },
  -- Texts and bytes, whole and in chunks.
  { "60", "" }, { "61 41", "A" }, { "63 e6b0b4", "水" }, { "64 f0908591", "𐅑" }, { "62 225c", "\"\\" }, { "61 00", "\0" },
  { "78 03 616263", "abc" }, { "79 0001 61", "a" }, { "7a 00000001 61", "a" }, { "7b 0000000000000001 61", "a" },
  { "40", "" }, { "44 00ff0a22", "\0\255\n\"" }, { "58 01 ff", "\255" },
  { "7f ff", "" }, { "7f 62 6162 60 61 63 ff", "abc" }, { "5f ff", "" }, { "5f 42 00ff 41 01 ff", "\0\255\1" },
  -- Bytes of a text that are no UTF-8 are replaced, in each chunk on its own.
  { "62 c328", "\239\191\189(" }, { "63 eda080", ("\239\191\189"):rep(3) }, { "64 61ff62ff", "a\239\191\189b\239\191\189" },
  { "7f 62 e6b0 61 b4 ff", "\239\191\189\239\191\189" }, { "62 c080", "\239\191\189\239\191\189" },
  -- Lists and maps, whose length is definite or ends with a break.
  { "80", {} }, { "9f ff", {} }, { "83 01 02 03", { 1, 2, 3 } }, { "9f 01 82 02 03 9f 04 ff ff", { 1, { 2, 3 }, { 4 } } },
  { "82 f6 f7", { null, null } }, { "98 02 61 61 61 62", { "a", "b" } },
  { "a0", {} }, { "bf ff", {} }, { "a2 61 61 01 61 62 82 02 03", { a = 1, b = { 2, 3 } } },
  { "bf 61 61 01 61 62 9f 02 ff ff", { a = 1, b = { 2 } } }, { "a1 7f 61 61 61 62 ff f6", { ab = null } },
  { "b8 01 60 a0", { [""] = {} } },
  -- Of a key that comes twice the last value counts, as in JSON.
  { "a2 61 61 01 61 61 02", { a = 2 } },
  -- A tag does not change the item behind it.
  { "c1 1a 514b67b0", 1363896240 }, { "c0 61 78", "x" }, { "d9 d9f7 01", 1 }, { "d8 20 61 78", "x" }, { "d8 18 41 00", "\0" },
  { "db ffffffffffffffff 01", 1 }, { "c1 c1 c1 f4", false }, { "d7 81 c6 01", { 1 } },
}

--- What is refused: { bytes, message }.
Cases.refused = {
  { "", "unexpected end at byte 1" },
  -- The input ends within an item.
  { "18", "unexpected end at byte 2" }, { "19 00", "unexpected end at byte 3" }, { "1b 00000000000000", "unexpected end at byte 9" },
  { "f9 00", "unexpected end at byte 3" }, { "fb 00000000000000", "unexpected end at byte 9" },
  { "c1", "unexpected end at byte 2" }, { "82 01", "more items than bytes are left at byte 1" },
  { "82 01 18", "unexpected end at byte 4" }, { "9f 01", "unexpected end at byte 3" }, { "bf 61 61", "unexpected end at byte 4" },
  { "a1 61 61", "unexpected end at byte 4" }, { "7f 61 61", "unexpected end at byte 4" }, { "5f", "unexpected end at byte 2" },
  -- Lengths and counts that the input cannot hold.
  { "61", "longer than the bytes that are left at byte 1" }, { "42 00", "longer than the bytes that are left at byte 1" },
  { "81 7b ffffffffffffffff", "longer than the bytes that are left at byte 2" },
  { "7f 62 61", "longer than the bytes that are left at byte 2" },
  { "9b ffffffffffffffff", "more items than bytes are left at byte 1" },
  { "9a 3b9aca00 00", "more items than bytes are left at byte 1" },
  { "bb 8000000000000000 00", "more items than bytes are left at byte 1" },
  { "a2 60 00 60", "more items than bytes are left at byte 1" },
  -- Reserved information, and lengths where there can be none.
  { "1c", "expected an item, got reserved information at byte 1" }, { "3d", "expected an item, got reserved information at byte 1" },
  { "5e", "expected an item, got reserved information at byte 1" }, { "81 fc", "expected an item, got reserved information at byte 2" },
  { "1f", "expected a number of definite length at byte 1" }, { "3f", "expected a number of definite length at byte 1" },
  { "df 00", "expected a number of definite length at byte 1" },
  -- A break where no item of indefinite length ends.
  { "ff", "expected an item, got a break at byte 1" }, { "81 ff", "expected an item, got a break at byte 2" },
  { "bf 61 61 ff", "expected an item, got a break at byte 4" }, { "a1 ff 00", "expected an item, got a break at byte 2" },
  { "9f c1 ff", "expected an item, got a break at byte 3" },
  -- Chunks of another kind, of indefinite length, behind a tag.
  { "7f 41 61 ff", "expected a chunk of the text or a break at byte 2" },
  { "5f 61 61 ff", "expected a chunk of the bytes or a break at byte 2" },
  { "7f 7f 61 61 ff ff", "expected a chunk of the text or a break at byte 2" },
  { "5f c0 41 00 ff", "expected a chunk of the bytes or a break at byte 2" },
  { "7f 00 ff", "expected a chunk of the text or a break at byte 2" },
  -- Simple values: those in two bytes begin with 32, and most have no meaning.
  { "f8 00", "expected a simple value above 31 at byte 1" }, { "f8 1f", "expected a simple value above 31 at byte 1" },
  { "f8 20", "expected a value, got simple value at byte 1" }, { "e0", "expected a value, got simple value at byte 1" },
  -- Keys are texts.
  { "a1 01 02", "expected a text for a member's name at byte 2" }, { "a1 41 61 02", "expected a text for a member's name at byte 2" },
  { "a1 f6 02", "expected a text for a member's name at byte 2" },
  -- Numbers of any size, decimal fractions, binary ones.
  { "c2 49 010000000000000000", "expected a value, got big number at byte 1" },
  { "81 c3 40", "[1]: expected a value, got big number at byte 2" },
  { "a1 61 61 c4 82 21 19 6ab3", "a: expected a value, got big number at byte 4" },
  { "c5 82 20 03", "expected a value, got big number at byte 1" },
  -- More than one item.
  { "00 00", "bytes after the document at byte 2" }, { "a0 ff", "bytes after the document at byte 2" },
}

--- Members as they are written and read: { title, type, value, bytes, read = other bytes of the same value }.
Cases.members = {
  { "a string", "string", "é", "62 c3a9", read = { "7f 62 c3a9 ff", "78 02 c3a9", "d8 20 62 c3a9" } },
  { "an empty string", "string", "", "60", read = { "7f ff" } },
  { "a string of 24 bytes", "string", ("x"):rep(24), "78 18" .. ("78"):rep(24) },
  { "a string of 256 bytes", "string", ("x"):rep(256), "79 0100" .. ("78"):rep(256) },
  { "a string with what JSON escapes", "string", "\"\\\n\1\127", "65 225c0a017f" },
  { "zero", "integer", 0, "00", read = { "18 00", "f9 0000", "fb 8000000000000000" } },
  { "an integer", "integer", 256, "19 0100", read = { "1a 00000100", "fa 43800000" } },
  { "a negative integer", "integer", -25, "38 18" },
  { "a long", "long", 2 ^ 40, "1b 0000010000000000" },
  { "the largest exact long", "long", 2 ^ 53, "1b 0020000000000000" },
  { "the smallest long of 32 bits", "long", -2 ^ 32, "3a ffffffff" },
  { "a double", "number", 1.889, "fb 3ffe395810624dd3" },
  { "a double that is whole", "number", 3, "fb 4008000000000000", read = { "03", "f9 4200", "fa 40400000" } },
  { "a double that is minus zero", "number", -0.0, "fb 8000000000000000" },
  { "a double that single precision holds", "number", 7.625, "fb 401e800000000000", read = { "fa 40f40000", "f9 47a0" } },
  { "a float", "number single", 7.625, "fa 40f40000", read = { "f9 47a0", "fb 401e800000000000" } },
  { "a float that is whole", "number single", -2, "fa c0000000", read = { "21" } },
  { "NaN", "number", nan, "f9 7e00", read = { "fa 7fc00000", "fb 7ff8000000000000" } },
  { "infinity", "number", huge, "f9 7c00", read = { "fa 7f800000", "fb 7ff0000000000000" } },
  { "minus infinity as a float", "number single", -huge, "f9 fc00" },
  { "true", "boolean", true, "f5" },
  { "false", "boolean", false, "f4" },
  { "a blob", "blob", "\0\255", "42 00ff", read = { "5f 41 00 41 ff ff" } },
  { "an empty blob", "blob", "", "40" },
  { "a blob of one byte", "blob", "a", "41 61" },
  { "a blob of three bytes", "blob", "abc", "43 616263" },
  { "a time", "time", 1398796238, "c1 1a 535fefce", read = { "c1 fb 41d4d7fbf3800000", "1a 535fefce", "c0 74 323031342d30342d32395431383a33303a33385a" } },
  { "a time with a fraction", "time", 946845296.123, "c1 fb 41cc37db380fbe77" },
  { "a time before 1970", "time", -1, "c1 20" },
  { "a list", "string[]", { "a", "b" }, "82 61 61 61 62", read = { "9f 61 61 61 62 ff", "84 f6 61 61 f6 61 62" } },
  { "an empty list", "string[]", {}, "80", read = { "9f ff", "81 f6" } },
  { "a list of 24", "integer[]", { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
    "98 18" .. ("01"):rep(24), read = { "9f" .. ("01"):rep(24) .. "ff" } },
  { "a sparse list", "string[] sparse", { "a", null }, "82 61 61 f6", read = { "9f 61 61 f7 ff" } },
  { "a list of lists", "integer[][]", { { 1 }, {} }, "82 81 01 80" },
  { "a map", "integer{}", { a = 1, b = 2 }, "a2 61 61 01 61 62 02", read = { "bf 61 62 02 61 61 01 ff", "a3 61 61 01 61 63 f6 61 62 02" } },
  { "an empty map", "string{}", {}, "a0", read = { "bf ff" } },
  { "a sparse map", "string{} sparse", { a = null, b = "" }, "a2 61 61 f6 61 62 60" },
  { "a map of lists", "blob[]{}", { k = { "\0", "" } }, "a1 61 6b 82 41 00 40" },
  { "a structure", "Row", { Id = "1", N = 2 }, "a2 62 4964 61 31 61 4e 02",
    read = { "bf 61 4e 02 62 4964 61 31 ff", "a3 62 4964 61 31 61 58 a1 01 f6 61 4e 02", "a3 62 4964 61 31 61 4f f6 61 4e 02" } },
  { "an empty structure", "Row", {}, "a0", read = { "bf ff", "a1 62 4964 f6", "a1 61 58 c2 41 01" } },
  { "a structure of a structure", "Tree", { Tree = { Tree = {} } }, "a1 64 54726565 a1 64 54726565 a0" },
  { "a union", "Choice", { B = { Id = "x" } }, "a1 61 42 a1 62 4964 61 78",
    read = { "a2 66 5f5f74797065 61 42 61 42 a1 62 4964 61 78", "a2 61 41 f6 61 42 a1 62 4964 61 78" } },
}

--- The shapes of their types.
Cases.shapes = {
  Row = "Id string\n N integer\n Other string",
  Tree = "Tree Tree",
  Choice = "union\n A string\n B Row",
}

--- Members that are not of their type: { type, bytes, message }.
Cases.mismatches = {
  { "string", "01", "M: expected text, got integer at byte 4" },
  { "string", "41 61", "M: expected text, got bytes at byte 4" },
  { "integer", "61 31", "M: expected integer, got text at byte 4" },
  { "integer", "fb 3ff8000000000000", "M: expected a whole number within 64 bits at byte 4" },
  { "integer", "f9 7e00", "M: expected a whole number within 64 bits at byte 4" },
  { "long", "c2 41 01", "M: expected integer, got big number at byte 4" },
  { "number", "61 31", "M: expected number, got text at byte 4" },
  { "number", "f5", "M: expected number, got boolean at byte 4" },
  { "boolean", "01", "M: expected boolean, got integer at byte 4" },
  { "boolean", "f8 ff", "M: expected boolean, got simple value at byte 4" },
  { "blob", "61 61", "M: expected bytes, got text at byte 4" },
  { "time", "f4", "M: expected a time, got boolean at byte 4" },
  { "time", "c1 f9 7e00", "M: expected a time at byte 4" },
  { "time", "c0 61 78", "M: expected a time at byte 4" },
  { "string[]", "a0", "M: expected list, got map at byte 4" },
  { "string[]", "82 61 61 02", "M[2]: expected text, got integer at byte 7" },
  { "string{}", "80", "M: expected map, got list at byte 4" },
  { "string{}", "a1 61 6b 80", "M.k: expected text, got list at byte 7" },
  { "Row", "81 01", "M: expected map, got list at byte 4" },
  { "Row[]", "81 a1 61 4e 61 31", "M[1].N: expected integer, got text at byte 8" },
}

--- The bytes of hexadecimal text.
---@param hex string
---@return string
function Cases.bytes(hex)
  return (hex:gsub("%s", ""):gsub("%x%x", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

return Cases
