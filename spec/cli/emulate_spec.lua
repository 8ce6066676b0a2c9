local emulator = require "cloudjobs.emulator"
local process = require "spec.support.process"

describe("cloudjobs emulate", function()
  local PORT = "expected a whole number from 0 to 65535, got "
  local MISTAKES = {
    { { "--port", "99999" }, PORT .. "'99999'" },
    { { "--port", "80.5" }, PORT .. "'80.5'" },
    { { "--port", "http" }, PORT .. "'http'" },
    { { "--speed", "0" }, "expected a number above 0, got '0'" },
    { { "--speed=-1" }, "expected a number above 0, got '-1'" },
    { { "--port", "0", "--tls", "/nowhere/certificate.pem" }, "--tls: /nowhere/certificate.pem: No such file or directory" },
  }
  for _, case in ipairs(MISTAKES) do
    it("ends with 64 before it announces anything: " .. table.concat(case[1], " "), function()
      require(case[1][3] == "--tls" and "openssl.x509" or "cloudjobs.emulator") -- which the command needs
      local status, out, err = process.cloudjobs { "emulate", case[1][1], case[1][2], case[1][3], case[1][4] }
      assert.same({ 64, "", ("cloudjobs: %s\nTry: cloudjobs emulate --help\n"):format(case[2]) }, { status, out, err })
    end)
  end

  it("ends with 64 where it cannot write what is delivered", function()
    require "cqueues" -- which the command needs
    local status, _, err = process.cloudjobs { "emulate", "--port", "0", "--folder", "/proc/nowhere" }
    assert.equal(64, status)
    assert.matches("^cloudjobs: cannot write to the folder: ", err)
  end)

  it("ends with 2 where the port is taken", function()
    local other = assert(emulator.start())
    local status, out, err = process.cloudjobs { "emulate", "--port", ("%d"):format(other.port) }
    other:stop()
    assert.same({ 2, "", ("cloudjobs: cannot listen on 127.0.0.1:%d: Address already in use\n"):format(other.port) },
      { status, out, err })
  end)
end)
