local options = require "cloudjobs.base.options"

describe("an options check", function()
  local function f(given)
    local checked = options.check(given, { region = "string", sink = "function|table", timeout = "number" }, "f")
    return checked
  end

  it("hands good options through and makes nothing an empty table", function()
    local given = { region = "eu-west-1", sink = print }
    assert.equal(given, f(given))
    assert.same({}, f(nil))
  end)

  local mistakes = {
    { { reigon = "x" }, "f: unknown option reigon %(did you mean region%?%)$" },
    { { region = 5 }, "f: option region: expected string, got number$" },
    { { sink = "x" }, "f: option sink: expected function or table, got string$" },
    { { timeout = 0 / 0 }, "f: option timeout: expected number, got nan$" },
    { "x", "f: options: expected table, got string$" },
  }
  for _, case in ipairs(mistakes) do
    it("raises at the caller's line: " .. case[2], function()
      local ok, message = pcall(function()
        local checked = f(case[1])
        return checked
      end)
      assert.is_false(ok)
      assert.matches("^.*options_spec%.lua:%d+: " .. case[2], message)
    end)
  end
end)

describe("a caller's mistake", function()
  local FOLDER = debug.getinfo(options.check, "S").source:match("^(.*)base/options%.lua$")
  local MESSAGE = "f: unknown option unknown"

  local function chunk(source, text)
    return assert(load(text, source))
  end

  -- A function of cloudjobs that finds a mistake.
  local function library(check, folder)
    return chunk(folder .. "call/client.lua", "local check = ...\nreturn function() check({ unknown = 1 }, {}, 'f') end")(check)
  end

  local function program(source)
    return chunk(source, "local f = ...\nf()\nreturn nil")
  end

  local function raised(...)
    return select(2, pcall(...))
  end

  local function place(f)
    return debug.getinfo(f, "S").short_src .. ":2: "
  end

  local PROGRAMS = {
    "@/opt/cloudjobs/app.lua", "@app.lua", "=content_by_lua(nginx.conf:5)",
    (FOLDER:gsub("cloudjobs/$", "app.lua")), (FOLDER:gsub("/$", "_app.lua")), (FOLDER:gsub("^@", "@/other")) .. "app.lua",
  }
  for _, source in ipairs(PROGRAMS) do
    it("is at the line that called cloudjobs, in " .. source:gsub("^@/.*/", "@…/"), function()
      local user = program(source)
      assert.equal(place(user) .. MESSAGE, raised(user, library(options.check, FOLDER)))
    end)
  end

  it("is at that line under pcall and in a coroutine", function()
    local user, ours = program("@app.lua"), library(options.check, FOLDER)
    local protected = chunk("@app.lua", "local f = ...\nlocal _, message = pcall(f)\nreturn message")
    assert.equal(place(user) .. MESSAGE, protected(ours))
    assert.equal(place(user) .. MESSAGE, raised(coroutine.wrap(user), ours))
  end)

  it("is at the caller's caller where a tail call took the line", function()
    local outer = chunk("@outer.lua", "local f, g = ...\nf(g)\nreturn nil")
    local tail = chunk("@app.lua", "local f = ...\nreturn f()")
    assert.equal(place(outer) .. MESSAGE, raised(outer, tail, library(options.check, FOLDER)))
  end)

  it("has no place where no line of a program called", function()
    assert.equal(MESSAGE, raised(coroutine.wrap(library(options.check, FOLDER))))
  end)

  it("knows its own files by their names, wherever their texts were loaded from", function()
    local file = assert(io.open(FOLDER:sub(2) .. "base/options.lua"))
    local text = file:read("*a")
    file:close()
    local folder = "@/opt/cloudjobs/share/cloudjobs/"
    local preloaded = chunk(folder .. "base/options.lua", text)()
    local user = program("@/opt/cloudjobs/share/app.lua")
    assert.equal(place(user) .. MESSAGE, raised(user, library(preloaded.check, folder)))
  end)
end)
