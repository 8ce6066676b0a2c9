local files = require "spec.support.files"
local os_module = require "cloudjobs.os"
local process = require "spec.support.process"

local lua, program = process.lua, process.program
local run = os_module.run

local function shell(script, options)
  return run({ "sh", "-c", script }, options or { timeout = 30 })
end

local self_pid = files.read("/proc/self/stat"):match("^%d+")

-- Whether that process exists and is more than a zombie.
local function runs(pid)
  local file = io.open(("/proc/%d/stat"):format(pid))
  local state = file and file:read("*a"):match("%) (%a)")
  if file then
    file:close()
  end
  return state ~= nil and state ~= "Z"
end

describe("cloudjobs.os.run", function()
  it("returns the status and both outputs", function()
    assert.same({ status = 3, stdout = "out\n", stderr = "err\n" }, (shell("echo out; echo err >&2; exit 3")))
  end)

  it("passes arguments unchanged, without a shell", function()
    local result = run { "printf", "%s|", "a b", "$HOME", "*", "'\";\n", "" }
    assert.equal("a b|$HOME|*|'\";\n||", result.stdout)
  end)

  it("returns the signal that ended the child", function()
    assert.same({ signal = 9, stdout = "", stderr = "" }, (shell("kill -9 $$")))
  end)

  it("names the program that could not be run", function()
    local result, code, message = run { "/nowhere/at/all" }
    assert.same({ nil, "start", "cannot run /nowhere/at/all: No such file or directory" }, { result, code, message })
    result, code, message = run({ "true" }, { cwd = "/nowhere" })
    assert.same({ nil, "start", "cannot run true in /nowhere: No such file or directory" }, { result, code, message })
  end)

  it("writes stdin while it reads the output, larger than any pipe", function()
    local text = ("0123456789abcdef"):rep(40000)
    assert.equal(text, run({ "cat" }, { stdin = text }).stdout)
  end)

  it("survives a child that does not read its stdin", function()
    assert.equal(0, run({ "true" }, { stdin = ("x"):rep(1000000) }).status)
  end)

  it("passes an empty stdin and not the terminal", function()
    assert.equal("", run({ "cat" }).stdout)
  end)

  it("passes exactly the given environment, and searches in its PATH", function()
    local result = run({ "env" }, { env = { PATH = os.getenv("PATH"), A = "1=2 3" } })
    local lines = {}
    for line in result.stdout:gmatch("[^\n]+") do
      lines[#lines + 1] = line
    end
    table.sort(lines)
    assert.same({ "A=1=2 3", "PATH=" .. os.getenv("PATH") }, lines)
    local _, code = run({ "env" }, { env = { PATH = "/nowhere" } })
    assert.equal("start", code)
  end)

  it("runs in the given folder", function()
    assert.equal("/\n", run({ "pwd" }, { cwd = "/" }).stdout)
  end)

  it("ends the child and its own children at the deadline", function()
    local folder = files.temporary()
    local started = os_module.clock()
    local result, code = shell("(sleep 60; touch " .. folder .. "/late) & echo $! >" .. folder .. "/pid; wait",
      { timeout = 0.2 })
    assert.same({ nil, "timeout" }, { result, code })
    assert.is_true(os_module.clock() - started < 5)
    local grandchild = files.read(folder .. "/pid"):match("%d+")
    -- It has no parent any more, so its end is polled for.
    local deadline = os_module.clock() + 10
    while runs(grandchild) and os_module.clock() < deadline do
      os_module.sleep(0.01)
    end
    assert.is_false(runs(grandchild))
    files.remove(folder)
  end)

  it("lets a child that may use the terminal read our standard input, and prompt on our standard error", function()
    local script = [[
      local asks = { "sh", "-c", "echo code? >&2; cat" }
      io.write(require("cloudjobs.os").run(asks, { terminal = true }).stdout)
    ]]
    local _, out, err = process.run("echo typed | " .. process.command { program, "-e", script })
    assert.same({ "typed\n", "code?\n" }, { out, err })
  end)

  it("ends a child that has left its process group at the deadline", function()
    local leaver = { "perl", "-e", "use POSIX; POSIX::setpgid(0, getpgrp(getppid())) or die; $| = 1;"
      .. "print qq(left\\n); select(undef, undef, undef, 20)" }
    for _, terminal in ipairs { false, true } do
      local started = os_module.clock()
      local result, code = run(leaver, { timeout = 0.3, terminal = terminal or nil })
      assert.same({ nil, "timeout" }, { result, code })
      assert.is_true(os_module.clock() - started < 5)
    end
    local child = assert(os_module.spawn(leaver))
    assert.equal("left", child:line(5))
    local started = os_module.clock()
    child:stop(0.1)
    assert.is_true(os_module.clock() - started < 5)
  end)

  it("ends such a child, which is in our process group, alone at the deadline", function()
    local folder = files.temporary()
    local result, code = shell("sleep 60 & echo $! >" .. folder .. "/pid; wait", { timeout = 0.2, terminal = true })
    assert.same({ nil, "timeout" }, { result, code })
    local grandchild = files.read(folder .. "/pid"):match("%d+")
    assert.is_true(runs(grandchild))
    run { "kill", grandchild }
    files.remove(folder)
  end)

  it("does not wait for a grandchild that holds the output open", function()
    local started = os_module.clock()
    local result = shell("sleep 30 & echo $!")
    assert.is_true(os_module.clock() - started < 5)
    run { "kill", result.stdout:match("%d+") }
  end)

  it("refuses more output than the limit", function()
    local result, code, message = shell("yes", { max_output = 10000 })
    assert.same({ nil, "too_large", "it printed more than 10000 bytes" }, { result, code, message })
  end)

  it("passes no other descriptor on", function()
    local held = io.open("/dev/null")
    assert.equal("0\n1\n2\n", shell("for f in /proc/$$/fd/*; do case ${f##*/} in [0-2]) echo ${f##*/};; "
      .. "*) readlink $f | grep null;; esac; done").stdout)
    held:close()
  end)

  it("resets signals that this process blocks or ignores", function()
    local script = [[
      local run = require("cloudjobs.os").run
      for _, name in ipairs { "TERM", "PIPE" } do
        io.write(tostring(run({ "sh", "-c", "kill -" .. name .. " $$; echo survived" }).signal), " ")
      end
    ]]
    local deaf = [[use POSIX; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM)); $SIG{PIPE} = "IGNORE"; exec @ARGV]]
    local _, out = process.run(process.command { "perl", "-e", deaf, program, "-e", script })
    assert.equal("15 13 ", out)
  end)

  it("raises for a caller's mistakes", function()
    local cases = {
      { {}, nil, "expected a program" },
      { { "a\0b" }, nil, "without NUL" },
      { { 1 }, nil, "expected string, got number" },
      { { "true" }, { timeout = "1" }, "timeout: expected number, got string" },
      { { "true" }, { env = { ["A=B"] = "x" } }, "names without =" },
      { { "true" }, { stdin = {} }, "stdin: expected string, got table" },
      { { "true" }, { stdin = "", terminal = true }, "stdin: the terminal is read instead" },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(run, case[1], case[2])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[3], 1, true), message)
    end
  end)

  it("leaves no descriptor and no zombie behind", function()
    -- Counted at the end of standard input: by then the child's ends of the pipes are closed here.
    local function descriptors()
      return tonumber(shell("cat; ls /proc/" .. self_pid .. "/fd | wc -l", { stdin = "\n" }).stdout)
    end
    local function many()
      for _ = 1, 20 do
        shell("true")
        run { "/nowhere" }
        shell("yes", { max_output = 1 })
      end
    end
    collectgarbage()
    local before = descriptors()
    many()
    assert.is_true(descriptors() <= before)
    assert.equal("", files.read(("/proc/%s/task/%s/children"):format(self_pid, self_pid)))
  end)
end)

describe("cloudjobs.os.spawn", function()
  it("returns the lines that a child prints, with a deadline, and stops it", function()
    local child = assert(os_module.spawn { "sh", "-c", "echo port 1; echo port 2; exec sleep 60" })
    assert.equal("port 1", child:line(5))
    assert.equal("port 2", child:line(5))
    assert.same({ nil, "timeout" }, { child:line(0.01) })
    local pid = child:pid()
    child:stop()
    assert.is_nil(child:pid())
    assert.is_false(runs(pid))
    assert.same({ nil, "closed" }, { child:line(5) })
    child:stop()
  end)

  it("ends a child that ignores SIGTERM", function()
    local child = assert(os_module.spawn { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done" })
    assert.equal("ready", child:line(5))
    local pid = child:pid()
    child:stop(0.05)
    assert.is_false(runs(pid))
  end)

  it("ends a child that was collected as garbage", function()
    local child = assert(os_module.spawn { "sleep", "60" })
    local pid = child:pid()
    child = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
    assert.is_false(runs(pid))
  end)

  it("waits for the end of a child", function()
    local child = assert(os_module.spawn { "sh", "-c", "exit 7" })
    assert.equal(7, (child:wait(5)))
    assert.equal(7, (child:wait(5)))
    child = assert(os_module.spawn { "sleep", "60" })
    assert.same({ nil, "timeout" }, { child:wait(0.01) })
    child:stop()
  end)
end)

describe("cloudjobs.os files", function()
  local folder
  before_each(function()
    folder = files.temporary()
  end)
  after_each(function()
    files.remove(folder)
  end)

  local function mode(path)
    return run({ "stat", "-c", "%a", path }).stdout
  end

  it("are replaced in one step and readable by their owner alone", function()
    local path = folder .. "/token"
    files.write(path, "old")
    run { "chmod", "644", path }
    assert.is_true(os_module.write_private(path, "new\0bytes"))
    assert.equal("new\0bytes", files.read(path))
    assert.equal("600\n", mode(path))
    assert.same({ path }, files.list(folder, ""))
  end)

  it("never replace a link or a folder", function()
    files.write(folder .. "/other", "mine")
    run { "ln", "-s", folder .. "/other", folder .. "/link" }
    local ok, message = os_module.write_private(folder .. "/link", "secret")
    assert.same({ nil, folder .. "/link: not a plain file" }, { ok, message })
    assert.equal("mine", files.read(folder .. "/other"))
    ok, message = os_module.write_private(folder, "secret")
    assert.same({ nil, folder .. ": not a plain file" }, { ok, message })
  end)

  it("leave nothing behind when writing fails", function()
    local ok, message = os_module.write_private(folder .. "/none/token", "secret")
    assert.same({ nil, folder .. "/none/token: No such file or directory" }, { ok, message })
    assert.same({}, files.list(folder, ""))
  end)

  it("creates a file beside a path, for its owner alone, and writes at an offset, which ends it", function()
    local beside = assert(os_module.create_beside(folder .. "/thing"))
    assert.truthy(beside:find("^" .. folder:gsub("%p", "%%%0") .. "/thing%.%w+$"))
    assert.equal("600\n", mode(beside))
    assert.is_true(os_module.write_at(beside, "hello world", 0))
    assert.is_true(os_module.write_at(beside, "!", 5))
    assert.equal("hello!", files.read(beside))
    assert.is_true(os_module.write_at(beside, "", 0))
    assert.equal("", files.read(beside))
    assert.is_true(os.remove(beside))
  end)

  it("creates no file beside a path that is no plain file, and writes through no link", function()
    local beside, message = os_module.create_beside(folder)
    assert.is_nil(beside)
    assert.equal(folder .. ": not a plain file", message)
    assert(os.execute(("ln -s %s/target %s/pointer"):format(folder, folder)))
    files.write(folder .. "/target", "old")
    assert.is_nil((os_module.create_beside(folder .. "/pointer")))
    assert.is_nil((os_module.write_at(folder .. "/pointer", "new", 0)))
    assert.equal("old", files.read(folder .. "/target"))
    assert.is_nil((os_module.write_at(folder .. "/none", "new", 0)))
  end)

  it("are in folders for their owner alone", function()
    assert.is_true(os_module.make_folder(folder .. "/a/b/c"))
    assert.is_true(os_module.make_folder(folder .. "/a/b/c"))
    assert.equal("700\n", mode(folder .. "/a/b"))
    files.write(folder .. "/file", "")
    local ok, message = os_module.make_folder(folder .. "/file/x")
    assert.same({ nil, folder .. "/file: File exists" }, { ok, message })
  end)
end)

describe("cloudjobs.os interrupts", function()
  after_each(os_module.restore_interrupt)

  local function interrupt_in(seconds)
    return os_module.spawn { "sh", "-c", ("sleep %s; kill -INT %s"):format(seconds, self_pid) }
  end

  it("set a flag and end a sleep", function()
    os_module.catch_interrupt()
    assert.is_false(os_module.interrupted())
    local child = interrupt_in("0.05")
    os_module.sleep(10)
    assert.is_true(os_module.interrupted())
    child:stop()
  end)

  it("end the wait for a child, its line or its end", function()
    local sleeper = assert(os_module.spawn { "sleep", "60" })
    for _, wait in ipairs {
      function() return run { "sleep", "60" } end,
      function() return sleeper:line(60) end,
      function() return sleeper:wait(60) end,
    } do
      os_module.catch_interrupt()
      local child = interrupt_in("0.05")
      local started = os_module.clock()
      local result, code = wait()
      assert.same({ nil, "interrupted" }, { result, code })
      assert.is_true(os_module.clock() - started < 5)
      -- What is run afterwards is not ended by the same interrupt.
      assert.equal(0, run({ "true" }).status)
      child:stop()
      os_module.restore_interrupt()
    end
    sleeper:stop()
  end)

  it("end a program of an interpreter that waits for a child", function()
    local script = "io.write('ready\\n') io.flush() require('cloudjobs.os').run { 'sleep', '60' }"
    local child = assert(os_module.spawn { "sh", "-c", 'exec "$0" -e "$1" 2>/dev/null', program, script })
    assert.equal("ready", child:line(20))
    os_module.sleep(0.1)
    run { "kill", "-INT", ("%d"):format(child:pid()) }
    assert.equal(1, (child:wait(20)))
  end)

  it("end the program the second time, and have the former handler when restored", function()
    local script = [[
      local os_module = require "cloudjobs.os"
      os_module.catch_interrupt()
      %s
      local pid = io.open("/proc/self/stat"):read("*a"):match("^%%d+")
      os_module.run { "kill", "-INT", pid }
      os_module.run { "kill", "-INT", pid }
      io.write(tostring(os_module.interrupted()))
    ]]
    assert.equal(128 + 2, (lua(script:format(""))))
    assert.equal(128 + 2, (lua(script:format("os_module.default_interrupt()"))))
    local _, _, err = lua(script:format("os_module.restore_interrupt()"))
    assert.is_truthy(err:find("interrupted!", 1, true), err)
  end)
end)

describe("cloudjobs.os", function()
  it("reads the clocks", function()
    assert.is_true(math.abs(os_module.now() - os.time()) < 2)
    local started = os_module.clock()
    os_module.sleep(0.01)
    local took = os_module.clock() - started
    assert.is_true(took >= 0.01 and took < 5, took)
  end)

  it("recognizes a terminal and its size", function()
    local script = [[ local m = require "cloudjobs.os" print(m.isatty(1), m.terminal_size(1)) ]]
    local _, out = lua(script)
    assert.equal("false\n", out)
    local terminal = [[
      local m = require "cloudjobs.os"
      io.write(m.run({ "script", "-qec", %q, "/dev/null" }).stdout)
    ]]
    local command = ("stty cols 93 rows 41; %s -e '%s'"):format(program, script)
    _, out = lua(terminal:format(command), { SHELL = "/bin/sh" })
    assert.equal("true\t93\t41", out:match("^[^\r\n]*"))
  end)
end)

describe("reading a file", function()
  local Home = require "spec.support.home"
  local home

  setup(function()
    home = Home.new { file = "0123456789", empty = "" }
    assert(os.execute("mkfifo " .. home.path .. "/pipe"))
  end)

  teardown(function()
    home:remove()
  end)

  local function read(name, max)
    return os_module.read_file(home.path .. "/" .. name, max)
  end

  it("gives its whole text, up to a limit", function()
    assert.equal("0123456789", read("file", 10))
    assert.equal("", read("empty", 0))
    assert.same({ nil, "expected at most 9 bytes", false }, { read("file", 9) })
  end)

  it("gives its beginning where that is enough", function()
    assert.equal("012", os_module.read_file(home.path .. "/file", 3, true))
    assert.equal("0123456789", os_module.read_file(home.path .. "/file", 10000, true))
  end)

  it("tells a missing file from one that cannot be read", function()
    assert.same({ nil, "No such file or directory", true }, { read("none", 9) })
    assert.same({ nil, "Not a directory", true }, { read("file/none", 9) })
    assert.same({ nil, "Is a directory", false }, { read("", 9) })
  end)

  it("does not wait for a pipe without a writer, and reads one that has one to its end", function()
    assert.equal("", read("pipe", 9))
    os.execute(("sh -c '(printf ab; sleep 0.1; printf cd) > %s/pipe' &"):format(home.path))
    local text
    repeat
      text = read("pipe", 9)
    until text ~= ""
    assert.equal("abcd", text)
  end)
end)

describe("the names of files", function()
  local folder

  files.for_specs(function(made)
    folder = made
    for _, name in ipairs { "a.json", "b.json", "c*", "d" } do
      files.write(folder .. "/" .. name, "")
    end
  end)

  local function glob(pattern)
    local names = os_module.glob(folder .. "/" .. pattern)
    for i, path in ipairs(names) do
      names[i] = path:match("[^/]*$")
    end
    table.sort(names)
    return names
  end

  it("are those that a pattern matches", function()
    assert.same({ "a.json", "b.json" }, glob "*.json")
    assert.same({ "c*" }, glob "c\\*")
    assert.same({}, glob "x*")
    assert.same({}, glob "a.json/*")
  end)
end)

describe("a path that no other user may change", function()
  it("is the system's", function()
    assert.equal("/usr", os_module.trusted("/usr/bin/.."))
  end)

  it("is nothing in /tmp", function()
    local folder = files.temporary()
    finally(function() files.remove(folder) end)
    assert.same({ nil, "/tmp may be written by others" }, { os_module.trusted(folder) })
  end)

  it("has to be there", function()
    assert.same({ nil, "/nowhere/x: No such file or directory" }, { os_module.trusted("/nowhere/x") })
  end)

  it("belongs to the user or to root", function()
    local made = os_module.run { "sh", "-c", "[ $(id -u) = 0 ] && mkdir -p /run/cloudjobs-spec && chown 12345 /run/cloudjobs-spec" }
    if made.status ~= 0 then
      return pending("only root can make a folder of another user")
    end
    finally(function() os.execute("rmdir /run/cloudjobs-spec") end)
    assert.matches("/run/cloudjobs%-spec belongs to another user", (select(2, os_module.trusted("/run/cloudjobs-spec"))))
  end)
end)
