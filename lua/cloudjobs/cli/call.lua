--- `cloudjobs call SERVICE OPERATION [JSON|@FILE] [--Member VALUE …]`: any operation of any service whose description
--- is shipped or found.

local Description = require "cloudjobs.aws.description"
local Env = require "cloudjobs.cloud.env"
local Error = require "cloudjobs.base.error"
local Model = require "cloudjobs.model"
local Search = require "cloudjobs.model.search"
local access = require "cloudjobs.cli.access"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local file = require "cloudjobs.cli.file"
local index = require "cloudjobs.models.index"
local notice = require "cloudjobs.cli.notice"
local out = require "cloudjobs.cli.out"
local rows = require "cloudjobs.cli.rows"
local suggest = require "cloudjobs.base.suggest"
local when = require "cloudjobs.cli.when"

local EXAMPLES = [[
   cloudjobs call bcm-data-exports list-exports
   cloudjobs call ssm describe-maintenance-windows '{"MaxResults": 10}' --output table
   cloudjobs call athena list-work-groups --output table
   cloudjobs call cost-exports get --scope subscriptions/ID --exportName nightly
   cloudjobs call bcm-data-exports create-export @export.json --dry-run]]

-- The services that have clients, and their names as this command has them.
local services, names = {}, {}
for _, entry in ipairs(index) do
  if entry.name then
    names[#names + 1] = entry.name:gsub("_", "-")
    services[names[#names]] = entry
  end
end
table.sort(names)

local NUMERIC = { integer = true, long = true, number = true, time = true, ["time.iso"] = true, ["time.http"] = true }
local TEXT = { string = true, blob = true }

local function dashed(name)
  return (Model.snake(name):gsub("_", "-"))
end

-- Each member is an option under its own name, and dashed as the AWS command line has it. Azure's scope is an option
-- of every subcommand already.
local function add_members(command, members)
  local taken = access.option_names()
  for _, name in ipairs { "--output", "--no-color", "--utc", "--dry-run", "--model" } do
    taken[name] = true
  end
  for _, member in ipairs(members) do
    local forms = {}
    for _, name in ipairs { "--" .. member.name, "--" .. dashed(member.name) } do
      if not taken[name] then
        forms[#forms + 1], taken[name] = name, true
      end
    end
    if #forms > 0 then
      command:option(table.concat(forms, " ")):target("member " .. member.name):argname("<" .. member.type .. ">")
        :description(member.required and "Required." or "")
    end
  end
end

local function get_variable(name)
  return Env.new():get(name)
end

-- The description of a service.
local function find_model(service, given)
  local entry = services[Search.dashed(service)]
  if entry and entry.cloud == "azure" and not given then
    return Model.load(entry.model)
  end
  local model, message = Description.find({ service = service, model = given }, get_variable)
  return model, message
end

local function find_operation(model, name)
  local op, reason, note = model:operation((name:gsub("-", "_")))
  if op then
    return op
  elseif reason then
    return nil, ("%s: %s cannot be called: %s"):format(model.service.id, name, reason)
  end
  return nil, ("%s has no operation '%s'%s%s"):format(
    model.service.id, name, suggest(name, model:operations()), note and "; " .. note or "")
end

-- SERVICE and OPERATION, which are in front of all options but --model, and its value.
local function scan(args)
  local words, given, i, is_over = {}, nil, 2, false
  while i <= #args do
    local value = args[i]:match("^%-%-model=(.*)$")
    if args[i] == "--model" then
      i = i + 1
      given = args[i]
    elseif value then
      given = value
    elseif is_over or args[i]:find("^%-") then
      is_over = true
    else
      words[#words + 1] = args[i]
    end
    i = i + 1
  end
  return words[1], words[2], given
end

-- The services to complete: shipped ones and found ones.
local function all_names()
  local all, seen = Search.new(get_variable):names(), {}
  for _, name in ipairs(all) do
    seen[name] = true
  end
  for _, name in ipairs(names) do
    all[#all + 1] = not seen[name] and name or nil
  end
  table.sort(all)
  return all
end

--- Adds what SERVICE and OPERATION, the first two words, allow. Returns a message when they name nothing.
local function define(command, args)
  local argument = command:argument("service")
    :description("One of " .. table.concat(names, ", ") .. ", or any AWS service whose description is found.")
  argument.offers = args[1] and names or all_names()
  command:argument("operation"):description("Such as get-execution or GetExecution.")
  command:argument("json"):target("params"):args("?"):argname("<json>")
    :description("Parameters as JSON, or @FILE to read them from one.")
  command:option("--model"):argname("<name|path>")
    :description("Description of the service: a name, or the path of a service-2.json.")
  command:flag("--dry-run"):description("Print the request and send nothing; it is not signed and holds no keys.")
  access.define(command)
  rows.define(command, "json")

  local service, operation, given = scan(args)
  if not service then
    return nil
  end
  local model, message = find_model(service, given)
  if not model then
    return message
  elseif not operation then
    command:epilog("Operations:\n   " .. table.concat(model:operations(), "\n   "):gsub("_", "-"))
    return nil
  end
  command.op, message = find_operation(model, operation)
  if command.op and command.op.input then
    command.members = core.members(command.op.input)
    add_members(command, command.members)
  end
  return message
end

-- What a member's words on the command line mean: text, a number, true or false; all else is JSON. `@FILE` reads them.
local function value_of(member, word)
  local kind = member.type:match("^[%w.]+$") or "json"
  local path = word:match("^@(.+)")
  if not TEXT[kind] and not NUMERIC[kind] then
    return file.json(word)
  elseif path and kind == "blob" then
    return file.read(path)
  elseif path then
    local message
    word, message = file.read_text(path)
    if not word then
      return nil, message
    end
  elseif file.url_mistake(word) then
    return nil, file.url_mistake(word)
  end
  if NUMERIC[kind] and word:find("^%-?[%d.]+$") then
    return core.json_decode(word)
  end
  return word
end

local function read_params(parsed, members)
  local params = {}
  if parsed.params then
    local message
    params, message = file.json(parsed.params)
    if type(params) ~= "table" then
      return nil, "parameters: " .. (message or "expected a JSON object")
    end
  end
  for _, member in ipairs(members) do
    local word = parsed["member " .. member.name]
    if word then
      local value, message = value_of(member, word)
      if value == nil then
        return nil, ("--%s: %s"):format(member.name, message)
      end
      params[member.name] = value
    end
  end
  return params
end

-- Prints a response by the operation's shape.
local function print_rows(output, model, shape, parsed)
  local result = require "cloudjobs.cli.result"
  output = shape and result.with_times(model, shape, output, function(time)
    return parsed.output == "csv" and core.iso(math.floor(time)) or when.moment(time, parsed.utc)
  end) or output
  rows.print(result.rows(output), result.shape(output), parsed)
end

-- The request as it would be sent, unsigned.
local function show_request(client, operation, params)
  local request, err = client:request(operation, params)
  if not request then
    return out.fail(err)
  end
  request.body = request.body and core.json_decode(request.body) or request.body
  return out.json(request)
end

local function first_of(value)
  return type(value) == "table" and value[1] or value
end

-- Whether all pages of a listing are one result: for rows, unless the parameters ask for a page.
local function takes_all_pages(op, params, parsed)
  local pages = op.pages
  return pages and parsed.output ~= "json" and type(pages.items) == "string" and pages.items:find("^%w+$")
    and params[first_of(pages.token)] == nil and (not pages.limit or params[pages.limit] == nil)
end

-- The first page with the items of all.
local function call_all(client, op, params)
  local output, items
  local ok, err = pcall(function()
    for page in client:pages(op.method_name, params) do
      if not output then
        output, items = page, page[op.pages.items]
      end
      for _, item in ipairs(page ~= output and page[op.pages.items] or {}) do
        items[#items + 1] = item
      end
    end
  end)
  if ok then
    output[first_of(op.pages.next)] = nil
    return output
  elseif not Error.is(err) then
    error(err, 0)
  end
  return nil, err
end

local function call_once(client, op, params)
  return client[op.method_name](client, params)
end

-- Reports that the output is one page of several.
local function report_more(op, output)
  local token = op.pages and output[first_of(op.pages.next)]
  if type(token) == "string" and token ~= "" then
    local option = first_of(op.pages.token)
    notice.report(("this is one page; the next one: --%s %s"):format(option, access.shell_word(token)))
  end
end

-- The client of the service whose operation it is, or nil and a message for a mistake on the command line.
local function new_client(op, parsed)
  local reach = access.new(parsed)
  for _, entry in pairs(services) do
    if entry.model == op.model:shipped_name() then
      local options = reach[entry.cloud](reach)
      if entry.name == "blobs" then -- of a storage account, not of a scope
        options.scope = nil
        if not options.endpoint then
          return nil, "--endpoint-url: expected a storage account, such as https://NAME.blob.core.windows.net"
        end
      end
      return cloudjobs[entry.cloud][entry.name](options)
    end
  end
  local options = reach:aws()
  options.model = op.model
  return cloudjobs.aws.client(options)
end

--- Makes the call. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed, command)
  local params, message = read_params(parsed, command.members or {})
  if not params then
    return nil, message
  end
  local op = command.op
  if not op then -- options stood in front of SERVICE
    local model
    model, message = find_model(parsed.service, parsed.model)
    if model then
      op, message = find_operation(model, parsed.operation)
    end
    if not op then
      return nil, message
    end
  end
  local client
  client, message = new_client(op, parsed)
  if not client then
    return nil, message
  elseif parsed.dry_run then
    return show_request(client, op.method_name, params)
  end
  local make = takes_all_pages(op, params, parsed) and call_all or call_once
  local output, err = make(client, op, params)
  if not output then
    return out.fail(err)
  elseif parsed.output == "json" then
    out.json(output)
  else
    print_rows(output, op.model, op.output, parsed)
  end
  report_more(op, output)
  return out.EXIT.succeeded
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
