local Search = require "cloudjobs.model.search"
local files = require "spec.support.files"
local os_ = require "cloudjobs.os"

local function write(path, text)
  os.execute(("mkdir -p '%s'"):format(path:match("^(.*)/")))
  files.write(path, text or '{ "metadata": { "serviceId": "Nothing" } }')
end

local function search(variables)
  return Search.new(function(name)
    return variables[name]
  end)
end

describe("a search for a description in the folders that are named", function()
  local folder, found

  files.for_specs(function(made)
    folder = made
    for _, path in ipairs {
      "one/jobs/2029-01-01/service-2.json", "one/jobs/2031-01-01/service-2.json.gz", "one/jobs/2030-01-01/service-2.json",
      "one/jobs/2032-01-01/paginators-1.json", "one/_retry.json", "one/partitions.json",
      "two/jobs/2040-01-01/service-2.json", "two/both-forms/2030-01-01/service-2.json",
      "two/both-forms/2030-01-01/service-2.json.gz", "two/empty/2030-01-01/waiters-2.json",
    } do
      write(folder .. "/" .. path)
    end
    write(folder .. "/two/ce/2017-10-25/service-2.json", '{ "metadata": { "serviceId": "Cost Explorer" } }')
    os.execute(("gzip -nc '%s/two/ce/2017-10-25/service-2.json' >'%s/zipped.gz'"):format(folder, folder))
    write(folder .. "/two/cf/2017-10-25/service-2.json.gz",
      files.read(folder .. "/zipped.gz"))
    found = search { CLOUDJOBS_MODELS = folder .. "/one:" .. folder .. "/nowhere:" .. folder .. "/two" }
  end)

  local FOUND = {
    { "jobs", "one/jobs/2031-01-01/service-2.json.gz" }, -- the newest version of the first folder
    { "JOBS", "one/jobs/2031-01-01/service-2.json.gz" },
    { "jobs/2029-01-01", "one/jobs/2029-01-01/service-2.json" },
    { "both-forms", "two/both-forms/2030-01-01/service-2.json" },
    { "both_forms", "two/both-forms/2030-01-01/service-2.json" },
    { "BothForms", "two/both-forms/2030-01-01/service-2.json" },
    { "Cost Explorer", "two/ce/2017-10-25/service-2.json" },
    { "cost_explorer", "two/ce/2017-10-25/service-2.json" },
  }
  for _, case in ipairs(FOUND) do
    it("finds " .. case[1], function()
      assert.equal(folder .. "/" .. case[2], found:named(case[1]))
    end)
  end

  for _, name in ipairs { "empty", "none", "jobs/2050-01-01", "../one/jobs", "jo*", "", ".", "jobs\0", ("x"):rep(1000) } do
    it("finds nothing for " .. ("%q"):format(name:sub(1, 20)), function()
      assert.is_nil(found:named(name))
    end)
  end

  it("reads the id of a compressed description", function()
    os.execute(("rm -r '%s/two/ce'"):format(folder))
    assert.equal(folder .. "/two/cf/2017-10-25/service-2.json.gz", found:named("cost-explorer"))
  end)

  it("finds what a path means", function()
    local jobs = folder .. "/one/jobs/2031-01-01/service-2.json.gz"
    for _, path in ipairs { jobs, folder .. "/one/jobs/2031-01-01", folder .. "/one/jobs/", folder .. "/one" } do
      assert.equal(jobs, Search.at(path, "jobs"))
    end
    assert.equal("/nowhere/x.json", Search.at("/nowhere/x.json", "jobs"))
  end)

  it("distinguishes paths from names", function()
    for text, expected in pairs {
      jobs = false, ["Cost Explorer"] = false, ["ec2/2016-11-15"] = false,
      ["./jobs"] = true, ["/jobs"] = true, ["service-2.json"] = true, ["x.json.gz"] = true, ["a/b"] = true,
    } do
      assert.equal(expected, Search.is_path(text), text)
    end
  end)

  it("suggests near names", function()
    assert.equal(" (did you mean both-forms?)", found:suggest("both-form"))
    assert.equal(" (did you mean athena?)", found:suggest("athna", { "athena" }))
  end)
end)

describe("a search among installed tools", function()
  -- Folders in /tmp are never trusted: anybody may write there.
  local home = os_.trusted(os.getenv("HOME"))
  if not home then
    pending("needs a home folder that no other user may write")
    return
  end

  local folder, packages

  before_each(function()
    local pipe = io.popen(("mktemp -d '%s/.cloudjobs-spec-XXXXXX'"):format(home))
    folder = pipe:read("*l")
    pipe:close()
    packages = folder .. "/.local/lib/python3.11/site-packages"
    write(packages .. "/botocore/data/my-jobs/2031-01-01/service-2.json")
    write(packages .. "/botocore/data/my-jobs/2031-01-01/waiters-2.json")
  end)

  after_each(function()
    files.remove(folder)
  end)

  local function installed()
    local made = search { HOME = folder }
    return made:installed("my-jobs"), made
  end

  it("finds botocore without a setting", function()
    local path, made = installed()
    assert.equal(packages .. "/botocore/data/my-jobs/2031-01-01/service-2.json", path)
    assert.is_nil(made:named("my-jobs"))
    assert.matches("CLOUDJOBS_MODELS (not set)", made:places(), 1, true)
    assert.matches("installed AWS tools (" .. packages .. "/botocore/data", made:places(), 1, true)
  end)

  local PLACES = {
    ".aws/models", ".pyenv/versions/3.9.1/lib/python3.9/site-packages/botocore/data",
    ".local/share/pipx/venvs/awscli/lib/python3.12/site-packages/awscli/botocore/data",
    ".local/aws-cli/v2/current/dist/awscli/botocore/data",
  }
  for _, place in ipairs(PLACES) do
    it("searches " .. place, function()
      write(("%s/%s/other-jobs/2031-01-01/service-2.json.gz"):format(folder, place))
      assert.equal(("%s/%s/other-jobs/2031-01-01/service-2.json.gz"):format(folder, place),
        search({ HOME = folder }):installed("other-jobs"))
    end)
  end

  it("resolves links", function()
    os.execute(("mv '%s/botocore' '%s/elsewhere' && ln -s '%s/elsewhere' '%s/botocore'"):format(
      packages, folder, folder, packages))
    assert.equal(folder .. "/elsewhere/data/my-jobs/2031-01-01/service-2.json", (installed()))
  end)

  local OPENED = {
    "/.local/lib/python3.11/site-packages/botocore/data/my-jobs/2031-01-01/waiters-2.json",
    "/.local/lib/python3.11/site-packages/botocore/data/my-jobs/2031-01-01",
    "/.local/lib/python3.11/site-packages/botocore", "/.local/lib", "",
  }
  for _, path in ipairs(OPENED) do
    for _, mode in ipairs { "g+w", "o+w" } do
      it(("skips what others may write: ~%s with %s"):format(path, mode), function()
        os.execute(("chmod %s '%s%s'"):format(mode, folder, path))
        local found, made = installed()
        assert.is_nil(found)
        assert.matches(folder .. path .. " may be written by others", made:places(), 1, true)
      end)
    end
  end

  it("reads the same folder where it is named", function()
    os.execute(("chmod o+w '%s'"):format(packages))
    assert.equal(packages .. "/botocore/data/my-jobs/2031-01-01/service-2.json",
      search({ CLOUDJOBS_MODELS = packages .. "/botocore/data" }):named("my-jobs"))
  end)
end)
