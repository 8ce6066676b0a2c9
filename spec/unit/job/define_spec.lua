local clients = require "spec.support.clients"
local cloudjobs = require "cloudjobs"

-- Run Command as a user would define it.
local function definition(changes)
  local kind = {
    kind = "my_command",
    cloud = "aws",
    service = "ssm",
    params = { "CommandId" },
    operation = "list_commands",
    record = "Commands[0]",
    members = { code = "Status", reason = { "StatusDetails", "Comment" }, started_at = "RequestedDateTime" },
    states = {
      Pending = "queued", InProgress = "running", Cancelling = "running", Success = "succeeded", Failed = "failed",
    },
    hints = { Pending = "an agent has to come online" },
    missing = { InvalidCommandId = true },
    interval = { start = 2 },
    cancel = "cancel_command",
    run = { operation = "send_command", ids = { CommandId = "Command.CommandId" } },
  }
  for name, value in pairs(changes or {}) do
    kind[name] = value ~= "absent" and value or nil
  end
  return kind
end

local ID = "3f9a2b1c-0d4e-4f5a-8b6c-7d8e9f0a1b2c"

-- Each specification defines kinds of its own: a name is taken for good.
local function defined(name, changes)
  changes = changes or {}
  changes.kind = name
  return cloudjobs.jobs.define(definition(changes))
end

local function command(fields)
  fields.CommandId = ID
  return { body = { Commands = { fields } } }
end

describe("a kind of job that a user defines", function()
  it("is polled, with its reason, its hint and its times", function()
    local make = defined "my_command_a"
    local client, stub = clients.ssm {
      command { Status = "Pending", RequestedDateTime = 1767225600 },
      command { Status = "Failed", StatusDetails = "AccessDenied", Comment = "by hand" },
    }
    local job = make(client, { CommandId = ID })
    local status = assert(job:status())
    assert.same({ "queued", false, "an agent has to come online", 1767225600 },
      { status.state, status.final, status.hint, status.started_at })
    status = assert(job:status())
    assert.same({ "failed", true, "AccessDenied: by hand" }, { status.state, status.final, status.reason })
    assert.is_nil(status.hint)
    assert.equal('{"CommandId":"' .. ID .. '"}', stub.requests[1].body)
  end)

  it("is started, followed to its end and cancelled", function()
    defined "my_command_b"
    local client, stub = clients.ssm {
      { body = { Command = { CommandId = ID } } },
      { body = { Commands = {} } },
      command { Status = "InProgress" },
      command { Status = "Success" },
      { body = {} },
    }
    local job = assert(cloudjobs.jobs.start_my_command_b(client, { DocumentName = "AWS-RunShellScript" }))
    assert.equal(ID, job.id)
    assert.equal("succeeded", assert(job:wait()).state)
    assert.is_true(job:cancel())
    assert.equal('{"CommandId":"' .. ID .. '"}', stub.requests[5].body)
  end)

  it("is not found when its record is absent, and when the error has a code of missing", function()
    local make = defined "my_command_c"
    for _, answer in ipairs { { body = { Commands = {} } }, clients.failure "InvalidCommandId" } do
      local job = make(clients.ssm { answer }, { CommandId = ID })
      local status, err = job:wait { not_found_grace = 0 }
      assert.is_nil(status)
      assert.is_true(job:is_missing(err))
    end
  end)

  it("has references that open it again, in which its name is needed", function()
    local make = defined "my_command_d"
    local ref = assert(make(clients.ssm {}, { CommandId = ID }):ref())
    assert.equal(("my_command_d,v=1,CommandId=%s,region=us-east-1"):format(ID), ref)
    local client = clients.ssm { command { Status = "Success" } }
    local opened = assert(cloudjobs.jobs.open(ref, function()
      return client
    end))
    assert.equal("succeeded", assert(opened:status()).state)
    local job, err = cloudjobs.jobs.open("my_comand_d,CommandId=x")
    assert.is_nil(job)
    assert.matches("unknown kind my_comand_d (did you mean my_command_d?)", err.message, 1, true)
  end)

  it("has no reference where no other process can follow it", function()
    local make = defined("my_command_e", { not_resumable = "its address is known to this process alone" })
    local ref, err = make(clients.ssm {}, { CommandId = ID }):ref()
    assert.is_nil(ref)
    assert.equal("not_resumable", err.code)
    assert.matches("its address is known to this process alone", err.message, 1, true)
  end)

  it("changes a state by its record, and has a result at the end", function()
    local make = defined("my_command_f", {
      state = function(record, params, state)
        if state == "succeeded" and record.TargetCount == 0 then
          return "no_data", "no target for " .. params.CommandId
        end
      end,
      result = function(record)
        return { targets = record.TargetCount }
      end,
    })
    local client = clients.ssm { command { Status = "InProgress" }, command { Status = "Success", TargetCount = 0 } }
    local job = make(client, { CommandId = ID })
    assert.is_nil(assert(job:status()).result)
    local status = assert(job:status())
    assert.same({ "no_data", "no target for " .. ID, { targets = 0 } }, { status.state, status.reason, status.result })
  end)

  it("fills its parameters into the template of a request, and reads milliseconds", function()
    local make = defined("my_command_g", {
      request = { CommandId = "{CommandId}", Filters = { { key = "Status", value = "Success" } } },
      milliseconds = true,
    })
    local client, stub = clients.ssm { command { Status = "Success", RequestedDateTime = 1767225600000 } }
    local status = assert(make(client, { CommandId = ID }):status())
    assert.equal(1767225600, status.started_at)
    assert.equal(('{"CommandId":"%s","Filters":[{"key":"Status","value":"Success"}]}'):format(ID), stub.requests[1].body)
  end)

  it("that was started before is followed, where its name is its token", function()
    defined("my_command_h", {
      run = {
        operation = "send_command", ids = { CommandId = "Command.CommandId" }, already = { DuplicateInstanceId = true },
      },
    })
    local client = clients.ssm { clients.failure "DuplicateInstanceId", clients.failure "InvalidDocument" }
    local job, err = cloudjobs.jobs.start_my_command_h(client, { DocumentName = "x" })
    assert.is_nil(job)
    assert.equal("no_id", err.code) -- the service's error does not name the command, and nor did the caller
    job, err = cloudjobs.jobs.start_my_command_h(client, { DocumentName = "x" })
    assert.is_nil(job)
    assert.equal("InvalidDocument", err.code)
  end)

  it("refuses parameters that the service cannot describe, also in a reference", function()
    local make = defined("my_command_i", {
      refuse = function(params)
        return params.CommandId:find("^x") and "CommandId: expected a UUID" or nil
      end,
    })
    local ok, problem = pcall(function()
      local job = make(clients.ssm {}, { CommandId = "x" })
      return job
    end)
    assert.is_false(ok)
    assert.matches("define_spec%.lua:%d+: cloudjobs%.jobs%.my_command_i: CommandId: expected a UUID", problem)
    local job, err = cloudjobs.jobs.open("my_command_i,CommandId=x")
    assert.is_nil(job)
    assert.matches("CommandId: expected a UUID", err.message, 1, true)
  end)

  it("is watched together with shipped kinds", function()
    local make = defined "my_command_j"
    local client = clients.ssm { command { Status = "Success" } }
    local windows = clients.ssm { { body = { Status = "SUCCESS" } } }
    local statuses = cloudjobs.watch {
      make(client, { CommandId = ID }),
      cloudjobs.jobs.maintenance_window_execution(windows, { WindowExecutionId = ID }),
    }
    assert.same({ "succeeded", "succeeded" }, { statuses[1].state, statuses[2].state })
  end)

  -- A request that contains itself, and more tables than could be counted.
  local function endless()
    local filters = {}
    for i = 1, 10 do
      filters[i] = filters
    end
    return { Filters = filters }
  end

  local MISTAKES = {
    ["kind: required"] = { kind = "absent" },
    ["kind: expected lower-case letters, digits and underscores"] = { kind = "Run-Command" },
    ["kind: export_execution is taken"] = { kind = "export_execution" },
    ["kind: define is taken"] = { kind = "define" },
    ["opertion: unknown field (did you mean operation?)"] = { opertion = "x" },
    ['params: expected list of different strings, got "CommandId"'] = { params = "CommandId" },
    ["params: expected the name of at least one parameter"] = { params = {}, id = "CommandId" },
    ['id: expected one of params, got "x"'] = { id = "x" },
    ["members.cod: unknown field"] = { members = { cod = "Status" } },
    ["members.code: required"] = { members = {} },
    ["members.code: Commands[0].Stat: the output of ListCommands has no member Stat"] = { members = { code = "Stat" } },
    ["members.code: Commands[0].Status.Code: the output of ListCommands is no structure"] = {
      members = { code = "Status.Code" },
    },
    ["record: Commands.x: the output of ListCommands is a list; [0] is its first element"] = { record = "Commands.x" },
    ["record: Command: the output of ListCommands has no member Command (did you mean Commands?)"] = { record = "Command" },
    ['operation: SSM has no operation "list_comands" (did you mean list_commands?)'] = { operation = "list_comands" },
    ["operation: required, unless a listing or the function fetch reads the job"] = { operation = "absent" },
    ["params: ListCommands has no parameter Id"] = { params = { "Id" } },
    ["request.Name: the job has no parameter \"Nam\""] = { request = { Name = "{Nam}" } },
    ["request: ListCommands has no parameter Commands"] = { request = { Commands = "{CommandId}" } },
    ['states.Done: expected one of cancelled, failed'] = { states = { Done = "done" } },
    ["hints.Done: no such state is in states"] = { hints = { Done = "x" } },
    ["interval.begin: unknown field"] = { interval = { begin = 1 } },
    ['cancel: SSM has no operation "cancel"'] = { cancel = "cancel" },
    ['run.operation: SSM has no operation "send"'] = { run = { operation = "send", ids = {} } },
    ["run.ids.CommandId: Command.Id: the output of SendCommand has no member Id"] = {
      run = { operation = "send_command", ids = { CommandId = "Command.Id" } },
    },
    ["service: unknown service 'sms' (did you mean"] = { service = "sms" },
    ["cloud: expected aws or azure"] = { cloud = "gcp" },
    ["listing.items: CommandList: the output of ListCommands has no member"] = {
      listing = { operation = "list_commands", params = { "CommandId" }, items = "CommandList" }, record_id = tostring,
    },
    ["1: unknown field"] = { [1] = "x" },
    ["true: unknown field (did you mean run?); unkown: unknown field"] = { [true] = "x", unkown = 1 },
    ["params: expected list of different strings"] = { params = { "CommandId", "CommandId" } },
    ["params: expected list of different strings, got another"] = { params = { CommandId = "string" } },
    ["params: expected letters, digits and underscores, and no name that references use, got \"region\""] = {
      params = { "region", "CommandId" },
    },
    ["optional: CommandId stands in params, too"] = { optional = { "CommandId" } },
    ["id: expected one of params, got \"InstanceId\""] = { optional = { "InstanceId" }, id = "InstanceId" },
    ["record: expected path, got \"Commands[\""] = { record = "Commands[" },
    ["record: expected path, got \"Commands..x\""] = { record = "Commands..x" },
    ["members.reason: expected path or table of paths, got another"] = { members = { code = "Status", reason = { {} } } },
    ["members.code: Commands[0].TargetCount: the output of ListCommands has a member of type integer there"] = {
      members = { code = "TargetCount" },
    },
    ["members.started_at: Commands[0].Parameters: the output of ListCommands has a member of type string[]{} there"] = {
      members = { code = "Status", started_at = "Parameters" },
    },
    ["states: expected table of strings, got another"] = { states = { "queued" } },
    ["hints: expected table of strings, got another"] = { hints = { Pending = true } },
    ["missing: expected table of names, each true or function, got another"] = { missing = { "InvalidCommandId" } },
    ["interval.start: expected number above 0, got \"0\""] = { interval = { start = 0 } },
    ["interval.cap: expected number above 0"] = { interval = { cap = 0 / 0 } },
    ["interval.floor: expected number above 0, got \"inf\""] = { interval = { floor = math.huge } },
    ["interval.1: unknown field"] = { interval = { 5 } },
    ["request: expected table with names, at most 32 deep and of 1000 tables, got another"] = { request = endless() },
    ["request: expected table with names, at most 32 deep and of 1000 tables"] = { request = { "{CommandId}" } },
    ["cancel.operation: required"] = { cancel = { request = {} } },
    ["listing.operation: required; listing.params: required; listing.items: required; record_id: required with listing"] = {
      listing = {},
    },
    ["listing.params: the job has no parameter \"InstanceId\""] = {
      listing = { operation = "list_commands", params = { "InstanceId" }, items = "Commands" }, record_id = tostring,
    },
    ["began: Commands[0].Began: the output of ListCommands has no member Began"] = {
      listing = { operation = "list_commands", params = {}, items = "Commands" }, record_id = tostring, began = "Began",
    },
    ["next.finder: required; listing: required with next; began: required with next"] = { next = {} },
    ["next.finder: open is taken"] = {
      listing = { operation = "list_commands", params = {}, items = "Commands" }, record_id = tostring,
      began = "RequestedDateTime", next = { finder = "open" },
    },
    ["baseline: required with outcome"] = { outcome = tostring },
    ["source: unknown field"] = { source = {} },
    ["run.finder: define is taken"] = {
      run = { operation = "send_command", finder = "define", ids = { CommandId = "Command.CommandId" } },
    },
    ["run.ids.CommandId: required, since SendCommand has no parameter of that name"] = {
      run = { operation = "send_command" },
    },
    ["run.ids: expected table of paths, got another"] = { run = { operation = "send_command", ids = { CommandId = 5 } } },
    ["run.ids.Id: the job has no such parameter"] = {
      run = { operation = "send_command", ids = { Id = "Command.CommandId" } },
    },
    ["run.token: SendCommand has no parameter Token"] = {
      run = { operation = "send_command", ids = { CommandId = "Command.CommandId" }, token = "Token" },
    },
    ["run.start: required with run.is_ours; listing: required with run.is_ours"] = { run = { is_ours = tostring } },
  }
  for message, changes in pairs(MISTAKES) do
    it("is refused with " .. message, function()
      local ok, problem = pcall(cloudjobs.jobs.define, definition(changes))
      assert.is_false(ok)
      assert.matches(message, problem, 1, true)
    end)
  end

  it("is not found where the function that reads it returns nothing", function()
    local make = defined("my_command_k", { operation = "absent", fetch = function() end })
    local job = make(clients.ssm {}, { CommandId = ID })
    local status, err = job:wait { not_found_grace = 0 }
    assert.is_nil(status)
    assert.equal("not_found", err.code)
    assert.matches("my_command_k " .. ID .. ": the service names no such job", err.message, 1, true)
  end)

  it("reports what its function of the state returns in place of a state and a reason", function()
    local returns = {}
    local make = defined("my_command_l", { state = function()
      return returns[1], returns[2]
    end })
    for message, values in pairs {
      ['define_spec%.lua:%d+: my_command_l: state: expected one of cancelled, .*, got "done"'] = { "done" },
      ["define_spec%.lua:%d+: my_command_l: state: expected a string as reason, got table"] = { "failed", {} },
    } do
      returns = values
      local ok, problem = pcall(function()
        local status = make(clients.ssm { command { Status = "Success" } }, { CommandId = ID }):status()
        return status
      end)
      assert.is_false(ok)
      assert.matches(message, problem)
    end
  end)

  it("is refused with all its mistakes at once, at the caller's line", function()
    local ok, problem = pcall(function()
      local make = cloudjobs.jobs.define(definition { kind = "my_command_z", record = "x", cancel = "y" })
      return make
    end)
    assert.is_false(ok)
    assert.matches("define_spec%.lua:%d+: cloudjobs%.jobs%.define: my_command_z: record: x: .*; cancel: ", problem)
    assert.is_nil(cloudjobs.jobs.my_command_z)
  end)
end)
