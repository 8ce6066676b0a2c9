local file = require "cloudjobs.cli.file"
local files = require "spec.support.files"

describe("a file that the command line names", function()
  local folder

  setup(function()
    folder = files.temporary()
  end)

  teardown(function()
    files.remove(folder)
  end)

  it("is read whole, be it empty or of many pieces", function()
    for _, text in ipairs { "", "x", ("abc\n"):rep(50000) } do
      files.write(folder .. "/file", text)
      assert.equal(text, file.read(folder .. "/file"))
    end
  end)

  it("is refused where it is missing, a folder or without end", function()
    for path, expected in pairs {
      [folder .. "/none"] = "none: No such file or directory", [folder] = ": Is a directory",
      ["/dev/zero"] = "/dev/zero: larger than 64 MiB",
    } do
      local text, message = file.read(path)
      assert.is_nil(text)
      assert.matches(expected, message, 1, true)
    end
  end)
end)
