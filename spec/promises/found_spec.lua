local files = require "spec.support.files"
local process = require "spec.support.process"

-- tools/found is the first step of `make build`.
describe("make, before it compiles,", function()
  local folder

  before_each(function()
    folder = files.temporary()
  end)

  after_each(function()
    files.remove(folder)
  end)

  local LUA = { ["lua.h"] = "#define LUA_VERSION_NUM 504" }
  local CASES = {
    { "a LUA that it does not know", "lua5.4", {}, "LUA=lua5.4: expected 5.1, 5.3, 5.4, 5.5 or jit" },
    { "another Lua's headers", "5.4", { ["lua.h"] = "#define LUA_VERSION_NUM 503" },
      "LUA=5.4 was asked for, but FOLDER/lua.h is Lua 5.3's: on Debian, apt-get install liblua5.4-dev" },
    { "a libcurl that is too old", "5.4",
      { ["lua.h"] = LUA["lua.h"],
        ["curl/curlver.h"] = '#define LIBCURL_VERSION "7.58.0"\n#define LIBCURL_VERSION_NUM 0x073A00' },
      "libcurl 7.58.0 is too old: 7.68 or later" },
    { "OpenSSL's headers of another version than its library", "5.4",
      { ["lua.h"] = LUA["lua.h"],
        ["openssl/opensslv.h"] = '#include_next <openssl/opensslv.h>\n#undef OPENSSL_VERSION_NUMBER\n'
          .. '#undef OPENSSL_VERSION_TEXT\n#define OPENSSL_VERSION_NUMBER 0x90000000L\n#define OPENSSL_VERSION_TEXT "OpenSSL 9"' },
      "OpenSSL's headers are OpenSSL 9, its library is OpenSSL " },
  }
  for _, case in ipairs(CASES) do
    it("names " .. case[1], function()
      for name, text in pairs(case[3]) do
        process.run(("mkdir -p %s/%s"):format(folder, name:match("^.*/") or ""))
        files.write(folder .. "/" .. name, text .. "\n")
      end
      local status, _, err = process.run(process.command { "tools/found", case[2], "cc -I" .. folder })
      assert.is_true(status ~= 0)
      assert.is_truthy(err:find("make: " .. case[4]:gsub("FOLDER", folder), 1, true), err)
    end)
  end

  it("names a compiler that does not work", function()
    local status, _, err = process.run(process.command { "tools/found", "5.4", folder .. "/cc" })
    assert.is_true(status ~= 0)
    assert.matches("^make: the C compiler does not work: .*: on Debian, apt%-get install gcc", err)
  end)
end)
