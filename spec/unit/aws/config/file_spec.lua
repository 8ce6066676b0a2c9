local ConfigFile = require "cloudjobs.aws.config.file"
local Home = require "spec.support.home"

local function config(text)
  local file, message = ConfigFile.parse_config(text)
  return file or message
end

local function sections(file)
  return { profiles = file.profiles, sso_sessions = file.sso_sessions, services = file.services }
end

describe("a config file", function()
  it("has profiles, sso-sessions and services", function()
    assert.same({
      profiles = { default = { region = "a" }, dev = { region = "b" } },
      sso_sessions = { corp = { sso_region = "c" } },
      services = { lab = { ssm = { endpoint_url = "http://127.0.0.1:1" } } },
    }, sections(config [[
[default]
region = a
[profile dev]
region = b
[sso-session corp]
sso_region = c
[services lab]
ssm =
  endpoint_url = http://127.0.0.1:1
]]))
  end)

  local names = {
    { "[default]", "default" },
    { "[profile default]", "default" },
    { '[profile "a b"]', "a b" },
    { "[profile 'a b']", "a b" },
    { "[profile a\\ b]", "a b" },
    { "[profile\ta]", "a" },
    { "[ profile a ]", "a" },
    { "[profile a] ; x", "a" },
    { "[a]" },
    { "[profile]" },
    { "[profile a b]" },
    { "[profiles a]" },
    { "[profilea]" },
    { '[profile "a]' },
    { "[DEFAULT]" },
    { "[Default]" },
  }
  for _, case in ipairs(names) do
    it(case[1] .. (case[2] and " is the profile " .. case[2] or " is not a profile"), function()
      local expected = case[2] and { [case[2]] = { k = "v" } } or {}
      assert.same(expected, config(case[1] .. "\nk = v").profiles)
    end)
  end

  local values = {
    { "key = value", { key = "value" } },
    { "KEY=Value", { key = "Value" } },
    { "key: value", { key = "value" } },
    { "key = a=b:c", { key = "a=b:c" } },
    { "key =", { key = "" } },
    { "key = us-east-1 ; tail", { key = "us-east-1 ; tail" } },
    { "key = us-east-1 # tail", { key = "us-east-1 # tail" } },
    { "# a\n; b\n  # c\nkey = value", { key = "value" } },
    { 'key = "quoted"', { key = '"quoted"' } },
    { "key = value\r\n\r\nother = 1\r", { key = "value", other = "1" } },
    { "key = one\n  two\n# note\n  three", { key = "one\ntwo\nthree" } },
    { "  key = value\n  other = 1", { key = "value", other = "1" } },
    { "s3 =\n  a = 1\n  B = 2 = 3\nkey = value", { s3 = { a = "1", B = "2 = 3" }, key = "value" } },
    { "s3 =\n\n  # note\n  a = 1\n\n  b = 2", { s3 = { a = "1", b = "2" } } },
    { "s3 =\n  a = 1\n    b = 2", { s3 = { a = "1", b = "2" } } },
  }
  for _, case in ipairs(values) do
    it(("reads %q"):format(case[1]), function()
      assert.same(case[2], config("[default]\n" .. case[1]).profiles.default)
    end)
  end

  it("may have any letters", function()
    assert.same({ ["ü"] = { k = "日本" } }, config("[profile ü]\nk = 日本").profiles)
  end)

  it("may begin with a byte order mark", function()
    assert.same({ default = { k = "v" } }, config("\239\187\191[default]\nk = v").profiles)
  end)

  it("may end its lines in CR alone, as Python reads them", function()
    assert.same({ default = { k = "v", l = "w" } }, config("[default]\rk = v\rl = w\r").profiles)
    assert.same({ default = { k = "v", l = "w" } }, config("[default]\r\nk = v\r\nl = w").profiles)
    assert.matches("^line 3: ", config "[default]\rk = v\rl\r")
  end)

  it("takes the later of two spellings of one profile", function()
    assert.same({ a = { k = "2" } }, config('[profile a]\nk = 1\n[profile "a"]\nk = 2').profiles)
  end)

  it("gives nothing of default to other profiles, and all of DEFAULT that they do not have", function()
    local file = config("[default]\nk = 1\n[profile a]\nl = 2\n[DEFAULT]\nl = 3\nm = 4\n  5\n[sso-session s]\n")
    assert.same({ default = { k = "1", l = "3", m = "4\n5" }, a = { l = "2", m = "4\n5" } }, file.profiles)
    assert.same({ s = { l = "3", m = "4\n5" } }, file.sso_sessions)
    assert.equal("line 8 is indented: it continues line 7", file:continuation(file.profiles.a, "m"))
  end)

  it("names the line that continues another", function()
    local file = config("[profile a]\nk = 1\n# note\n  l = 2\nm = 3")
    assert.equal("line 4 is indented: it continues line 2", file:continuation(file.profiles.a, "k"))
    assert.is_nil(file:continuation(file.profiles.a, "m"))
    assert.is_nil(file:continuation(file.profiles.a, "none"))
    assert.is_nil(file:continuation({}, "k"))
  end)

  it("lists the sections that are none of a profile", function()
    local file = config("[profile a]\n[b]\n[default]\n")
    assert.same({ false, true, false }, { file:has_other "a", file:has_other "b", file:has_other "default" })
  end)

  it("is read in steps that grow with its length alone", function()
    local blanks, backslashes = "a" .. (" "):rep(1e6) .. "b", ("\\"):rep(1e6)
    assert.equal(blanks, config("[default]\nk = " .. blanks .. "\n").profiles.default.k)
    assert.equal(5e5, #next(config("[profile " .. backslashes .. "]\n").profiles))
    assert.matches("line 2: expected name = value", config("[default]\n" .. ("[ "):rep(5e5)), 1, true)
    assert.equal(1 + 8 * 8191, #config("[default]\nk =x\n" .. (" 2345678\n"):rep(8191)).profiles.default.k)
  end)

  local mistakes = {
    { "key = value", "line 1: expected a [section] before the first key" },
    { "[default]\n\nkey", "line 3: expected name = value, a [section] or a comment" },
    { "[default]\n[]", "line 2: expected name = value, a [section] or a comment" },
    { "[default]\n= value", "line 2: expected a name before the = sign" },
    { "[default]\nk = 1\nK = 2", "line 3: this key is there twice in its section, first in line 2; remove one" },
    { "[default]\n[a]\n[default]", "line 3: this section is there twice, first in line 1; join the two" },
    { "[default]\ns3 =\n  a", "line 3: expected name = value in the sub-section that begins in line 2" },
    { "[default]\nk = \0", "line 2: expected text in UTF-8" },
    { "[default]\nk = \255", "line 2: expected text in UTF-8" },
    { "[default]\nk = 1\n" .. ("  2345678\n"):rep(8200), "line 8194: the value that begins in line 2: expected at most 65536 bytes" },
  }
  for _, case in ipairs(mistakes) do
    it("is refused with " .. case[2], function()
      assert.matches(case[2], config(case[1]), 1, true)
    end)
  end
end)

describe("a credentials file", function()
  it("has a profile a section", function()
    assert.same({
      profiles = { default = { k = "1" }, ["a b"] = { k = "2" }, ["profile c"] = { k = "3" } },
      sso_sessions = {},
      services = {},
    }, sections(ConfigFile.parse_credentials "[default]\nk = 1\n[a b]\nk = 2\n[profile c]\nk = 3"))
  end)
end)

describe("reading a shared file", function()
  local home

  before_each(function()
    home = Home.new {}
  end)

  after_each(function()
    home:remove()
  end)

  local function load(name)
    return ConfigFile.load(home.path .. "/" .. name, ConfigFile.parse_config)
  end

  it("takes a missing one as empty", function()
    local empty = { profiles = {}, sso_sessions = {}, services = {} }
    home:write("file", "")
    for _, name in ipairs { "none", "none/config", "file", "file/config" } do
      local file = load(name)
      assert.same(empty, sections(file))
      assert.is_nil(file:unreadable())
    end
  end)

  local UNREADABLE = {
    { "a folder", "mkdir %s", "Is a directory" },
    { "a link to itself", "ln -s %s %s", "Too many levels of symbolic links" },
    { "a file that is too large to be one", "head -c 4194305 /dev/zero > %s", "expected at most 4194304 bytes" },
    { "a device without an end", "ln -s /dev/zero %s", "expected at most 4194304 bytes" },
  }
  for _, case in ipairs(UNREADABLE) do
    it("takes " .. case[1] .. " as empty, with the reason", function()
      local path = home.path .. "/config"
      assert(os.execute((case[2]:gsub("%%s", path))))
      local file = load "config"
      assert.same({}, file.profiles)
      assert.equal(path .. " cannot be read: " .. case[3], file:unreadable())
    end)
  end

  it("takes a pipe that has no writer as empty", function()
    assert(os.execute("mkfifo " .. home.path .. "/config"))
    assert.same({}, load("config").profiles)
  end)

  it("names file and line, never the text, of one that cannot be understood", function()
    home:write("config", "[default]\naws_secret_access_key hush")
    local file, err = load "config"
    assert.is_nil(file)
    assert.equal("config", err.kind)
    assert.matches("/config: line 2: expected name = value", tostring(err), 1, true)
    assert.not_matches("hush", tostring(err), 1, true)
  end)
end)
