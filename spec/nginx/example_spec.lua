local Nginx = require "spec.support.nginx"
local core = require "cloudjobs.core"
local curl = require "cloudjobs.curl"
local files = require "spec.support.files"
local process = require "cloudjobs.os"
local socket = require "cqueues.socket"
local support = require "spec.support.process"

describe("the nginx example", function()
  local demo, port, url, emulator, refs, log

  local function ask(method, address, body)
    local multi = curl.multi()
    local status, _, text = multi:perform(method, address, {}, body, 20)
    multi:close()
    return status, text
  end

  setup(function()
    port = Nginx.free_port()
    local command = support.command { support.program, "examples/nginx/demo.lua", port }
    log = os.tmpname()
    demo = assert(process.spawn { "sh", "-c", ("exec %s 2>%s"):format(command, log) })
    url, refs = "http://127.0.0.1:" .. port, {}
    repeat
      local line = assert(demo:line(60), "the demo did not start: " .. files.read(log))
      emulator = emulator or line:match("^the emulator +(%S+)")
      refs[#refs + 1] = line:match("/jobs/(%S+)")
    until line:find("Ctrl-C", 1, true)
    Nginx.eventually("nginx answers", function()
      return ask("GET", url .. "/webhook")
    end)
  end)

  teardown(function()
    demo:stop(5)
    os.remove(log)
    files.remove((os.getenv("BUILD") or "build") .. "/nginx-demo-" .. port)
  end)

  it("answers a job's state as JSON", function()
    local status, text = ask("GET", url .. "/jobs/" .. refs[1])
    assert.equal(200, status)
    assert.equal("export_execution", core.json_decode(text).kind)
  end)

  it("says what is wrong with a reference, and what is not there", function()
    assert.equal(400, (ask("GET", url .. "/jobs/nonsense")))
    assert.equal(404, (ask("GET", url .. "/jobs/" .. refs[1]:gsub("ExecutionId=%x%x", "ExecutionId=zz"))))
  end)

  it("lets no visitor choose whose keys are used", function()
    local status, text = ask("GET", url .. "/jobs/" .. refs[1] .. ",profile=secret")
    assert.equal(400, status)
    assert.matches("names a profile that is none of this server's", text)
  end)

  it("calls the webhook once for a job that failed, without another request", function()
    ask("POST", emulator .. "/_emulator/clock", '{"advance": 7200}')
    local _, text = ask("GET", url .. "/jobs/" .. refs[2])
    local seen = core.json_decode(text)
    assert.same({ "failed", true, "INSUFFICIENT_PERMISSION" }, { seen.state, seen.final, seen.reason })
    local told = Nginx.eventually("the webhook is told", function()
      local status, what = ask("GET", url .. "/webhook")
      return status == 200 and what ~= "nil" and what
    end)
    assert.equal(refs[2] .. " " .. text:gsub("\n", ""), told)
  end)

  it("shows every export of both clouds", function()
    local _, page = ask("GET", url .. "/")
    for _, name in ipairs { "nightly", "weekly", "monthly" } do
      assert.matches(">" .. name .. "</a>", page)
    end
    for link in page:gmatch('href="([^"]+)"') do
      assert.equal(200, (ask("GET", url .. link)))
    end
  end)
end)

describe("the nginx example's demo", function()
  local port, folder

  before_each(function()
    port = Nginx.free_port()
    folder = (os.getenv("BUILD") or "build") .. "/nginx-demo-"
  end)

  it("ends nginx and the emulator when it is interrupted", function()
    local demo = assert(process.spawn { support.program, "examples/nginx/demo.lua", port })
    local urls = {}
    repeat
      local line = assert(demo:line(60))
      urls[#urls + 1] = line:match("http://127%.0%.0%.1:%d+")
    until line == "Ctrl-C ends it"
    local multi = curl.multi()
    for _, url in ipairs(urls) do
      assert.truthy(multi:perform("GET", url .. "/webhook", {}, nil, 20))
    end
    process.run { "kill", "-INT", ("%d"):format(demo:pid()) }
    assert.equal(0, (demo:wait(20)))
    for _, url in ipairs(urls) do
      assert.is_nil((multi:perform("GET", url .. "/webhook", {}, nil, 20)))
    end
    multi:close()
    files.remove(folder .. port)
  end)

  it("ends as nginx ends where the port is taken, and shows no addresses", function()
    local taken = socket.listen("127.0.0.1", tonumber(port))
    taken:listen()
    local ended = process.run({ support.program, "examples/nginx/demo.lua", port }, { timeout = 60 })
    taken:close()
    assert.same({ 1, "" }, { ended.status, ended.stdout })
    assert.matches("Address already in use", ended.stderr)
    files.remove(folder .. port)
  end)

  it("ends as nginx ends where the port is none", function()
    local ended = process.run({ support.program, "examples/nginx/demo.lua", "abc" }, { timeout = 60 })
    assert.same({ 1, "" }, { ended.status, ended.stdout })
    files.remove(folder .. "abc")
  end)
end)

describe("the example's Dockerfile", function()
  local text = files.read("examples/nginx/Dockerfile")

  it("copies what there is", function()
    local sources = 0
    for line in text:gmatch("\nCOPY ([^\n]+)") do
      local words = {}
      for word in line:gmatch("%S+") do
        words[#words + 1] = word
      end
      for i = 1, line:find("^%-%-from") and 0 or #words - 1 do
        sources = sources + 1
        assert.equal(0, process.run({ "test", "-e", words[i] }).status, words[i])
      end
    end
    assert.equal(6, sources)
  end)

  it("builds what the Makefile knows how to build, and nothing that needs libcurl", function()
    local command = text:match("\nRUN (make .-[^\\])\n"):gsub("\\\n", " ")
    local status, out = support.run(command .. " BUILD=build -n -B")
    assert.equal(0, status)
    assert.is_nil(out:find("-lcurl", 1, true))
    assert.matches("core.so", out)
  end)
end)
