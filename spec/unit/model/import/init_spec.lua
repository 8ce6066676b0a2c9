local Model = require "cloudjobs.model"
local Import = require "cloudjobs.model.import"
local process = require "cloudjobs.os"
local files = require "spec.support.files"

-- A description of one operation around `parts`.
local function description(parts)
  local made = {
    metadata = {
      protocol = "json",
      jsonVersion = "1.1",
      serviceId = "Jobs",
      endpointPrefix = "jobs",
      targetPrefix = "JobService",
      signatureVersion = "v4",
      apiVersion = "2031-01-01",
    },
    operations = { Start = { name = "Start", http = { method = "POST", requestUri = "/" } } },
    shapes = {
      Text = { type = "string" },
      Count = { type = "integer", min = -1, max = 5 },
      When = { type = "timestamp" },
    },
  }
  for part, entries in pairs(parts or {}) do
    for name, value in pairs(entries) do
      made[part][name] = value
    end
  end
  return made
end

-- The text of a structure with these members, and what else it says.
local function text_of(members, more, parts)
  local shape = { type = "structure", members = members }
  for name, value in pairs(more or {}) do
    shape[name] = value
  end
  parts = parts or {}
  parts.shapes = parts.shapes or {}
  parts.shapes.It = shape
  local model, message = Import.parse(description(parts))
  return model and model.shapes.It, message
end

describe("a member's text", function()
  local function member(reference, shape)
    return text_of({ Name = reference }, nil, { shapes = { Its = shape } })
  end

  local CASES = {
    { "a string", "Name string", { type = "string" } },
    { "a short", "Name integer", { type = "short" } },
    { "a long", "Name long", { type = "long", box = true } },
    { "a double", "Name number min=0.5", { type = "double", min = 0.5, max = 1 } },
    { "a number's zero", "Name integer min=0", { type = "integer", min = 0 } },
    { "no length of zero", "Name string", { type = "string", min = 0, max = 9, pattern = ".*" } },
    { "a length", "Name string min=3", { type = "string", min = 3 } },
    { "a blob's length", "Name blob min=3", { type = "blob", min = 3 } },
    { "a secret", "Name string sensitive", { type = "string", sensitive = true } },
    { "an enumeration", "Name string enum=Its", { type = "string", enum = { "A", "B" } } },
    { "a timestamp as the protocol has it", "Name time", { type = "timestamp" } },
    { "a timestamp's own form", "Name time.iso", { type = "timestamp", timestampFormat = "iso8601" } },
    { "a document", "Name document", { type = "structure", members = {}, document = true } },
    { "a structure", "Name Its", { type = "structure", members = {} } },
    { "a list", "Name string[] min=2", { type = "list", member = { shape = "Text" }, min = 2, max = 3 } },
    { "a list of checked items", "Name integer(min=-1)[]", { type = "list", member = { shape = "Count" } } },
    { "a sparse list", "Name string[] sparse", { type = "list", member = { shape = "Text" }, sparse = true } },
    { "a map, whose min is the service's", "Name time{}",
      { type = "map", key = { shape = "Text" }, value = { shape = "When" }, min = 2 } },
    { "no names in XML where there is none", "Name string[]",
      { type = "list", member = { shape = "Text", locationName = "item" }, flattened = true } },
    { "an idempotency token", "Name string idempotency", { type = "string" }, { idempotencyToken = true } },
    { "a wire name", "Name string as=name", { type = "string" }, { locationName = "name" } },
    { "a form over its shape's", "Name time.http", { type = "timestamp", timestampFormat = "iso8601" },
      { timestampFormat = "rfc822" } },
    { "a part of the host", "Name string min=1", { type = "string" }, { hostLabel = true } },
    { "no location outside of REST", "Name string", { type = "string" }, { location = "header" } },
  }
  for _, case in ipairs(CASES) do
    it("says " .. case[1], function()
      local reference = case[4] or {}
      reference.shape = "Its"
      assert.equal(case[2], member(reference, case[3]))
    end)
  end

  it("says how lists and maps are named in XML", function()
    local function of(shape)
      return text_of({ Name = { shape = "Its" } }, nil, { metadata = { protocol = "query" }, shapes = { Its = shape } })
    end
    assert.equal("Name string(as=item)[] flattened",
      of { type = "list", member = { shape = "Text", locationName = "item" }, flattened = true })
    assert.equal("Name string(as=v){as=k}", of {
      type = "map", key = { shape = "Text", locationName = "k" }, value = { shape = "Text", locationName = "v" },
    })
  end)

  it("goes through lists and maps", function()
    local text = text_of({ Name = { shape = "Deep" } }, nil, { shapes = {
      Deep = { type = "map", key = { shape = "Key" }, value = { shape = "Inner" } },
      Inner = { type = "list", member = { shape = "Secret" }, min = 1 },
      Key = { type = "string", min = 4 },
      Secret = { type = "string", sensitive = true },
    } })
    assert.equal("Name string(sensitive)[](min=1){min=4}", text)
  end)
end)

describe("a structure's text", function()
  it("has its members in the order of the source where that is known", function()
    local source = description { shapes = {
      It = { type = "structure", members = { A = { shape = "Text" }, B = { shape = "Count" } }, required = { "B" } },
    } }
    local orders = { [source.shapes.It.members] = { "B", "A" } }
    assert.equal("B integer required min=-1\nA string", Import.parse(source, nil, orders).shapes.It)
    assert.equal("A string\nB integer required min=-1", Import.parse(source).shapes.It)
  end)

  it("says that it is a union", function()
    assert.equal("union\nA string", text_of({ A = { shape = "Text" } }, { union = true }))
  end)

  it("places members in a REST request", function()
    local text = text_of({
      A = { shape = "Text", location = "uri", locationName = "a" },
      B = { shape = "When", location = "querystring", locationName = "b" },
      C = { shape = "When", location = "header", locationName = "x-c" },
      D = { shape = "Map", location = "headers", locationName = "x-d-" },
      E = { shape = "Count", location = "statusCode" },
      F = { shape = "It" },
      G = { shape = "Text", location = "header", jsonvalue = true },
      H = { shape = "When" },
    }, { payload = "F" }, {
      metadata = { protocol = "rest-json" },
      shapes = { Map = { type = "map", key = { shape = "Text" }, value = { shape = "Text" } } },
    })
    assert.equal(table.concat({
      "A string in=uri as=a",
      "B time.iso in=query as=b",
      "C time.http in=header as=x-c",
      "D string{} in=headers as=x-d-",
      "E integer min=-1 in=status",
      "F It in=body",
      "G blob in=header",
      "H time",
    }, "\n"), text)
  end)
end)

describe("a model table", function()
  local function operation(op, parts)
    op.name = "Start"
    parts = parts or {}
    parts.operations = { Start = op }
    parts.shapes = parts.shapes or {}
    parts.shapes.In = parts.shapes.In or { type = "structure", members = {} }
    parts.shapes.Out = { type = "structure", members = {} }
    return Import.parse(description(parts))
  end

  it("describes the service", function()
    assert.same({
      id = "Jobs", protocol = "json-1.1", target = "JobService", signing = "jobs", endpoint = "jobs",
      api_version = "2031-01-01",
    }, Import.parse(description()).service)
  end)

  it("describes a service of the query protocol", function()
    local parts = { metadata = { protocol = "query", xmlNamespace = "https://jobs.example/", signingName = "job",
      globalEndpoint = "jobs.example" } }
    assert.same({
      id = "Jobs", protocol = "query", target = "JobService", signing = "job", endpoint = "jobs",
      api_version = "2031-01-01", xml_namespace = "https://jobs.example/", global_endpoint = "jobs.example",
    }, Import.parse(description(parts)).service)
  end)

  local PROTOCOLS = {
    { { "json", "smithy-rpc-v2-cbor" }, "smithy-rpc-v2-cbor" },
    { { "query", "json" }, "json-1.1" },
    { { "query", "rest-json" }, "rest-json" },
    { { "new", "query" }, "query" },
    { {}, "json-1.1" },
  }
  for _, case in ipairs(PROTOCOLS) do
    it(("of the protocols [%s] takes %s"):format(table.concat(case[1], ", "), case[2]), function()
      assert.equal(case[2], Import.parse(description { metadata = { protocols = case[1] } }).service.protocol)
    end)
  end

  it("has the types of CBOR, whose names and times are the same everywhere", function()
    assert.equal("Name number min=0 single\nAt time required", (text_of({
      Name = { shape = "Ratio", locationName = "other" },
      At = { shape = "Its", timestampFormat = "iso8601" },
    }, { required = { "At" } }, {
      metadata = { protocol = "smithy-rpc-v2-cbor" },
      shapes = { Ratio = { type = "float", min = 0 }, Its = { type = "timestamp", timestampFormat = "rfc822" } },
    }):gsub("^(At[^\n]*)\n(.*)$", "%2\n%1")))
  end)

  it("knows a service that was once a query service", function()
    assert.is_true(Import.parse(description { metadata = { awsQueryCompatible = {} } }).service.query_compatible)
  end)

  local OPERATIONS = {
    { "In -> Out", { input = { shape = "In" }, output = { shape = "Out" } } },
    { "- -> -", {} },
    { "- -> Out readonly", { output = { shape = "Out" }, readonly = true } },
    { "In -> - idempotent unsigned",
      { input = { shape = "In" }, idempotent = true, authtype = "none", auth = { "smithy.api#noAuth" } } },
    { "- -> - unsigned", { auth = { "smithy.api#noAuth" } } },
    { "- -> - unsigned_body", { authtype = "v4-unsigned-body", unsignedPayload = true } },
    { "- -> - checksum", { httpChecksum = { requestChecksumRequired = true } } },
    { "- -> - host={Account}.", { endpoint = { hostPrefix = "{Account}." } } },
    { "- -> Out result=StartResult", { output = { shape = "Out", resultWrapper = "StartResult" } } },
    { "PUT /in/@to/{Key+} In -> - as=InDocument namespace=https://jobs.example/",
      { http = { method = "PUT", requestUri = "/in/@to/{Key+}", responseCode = 202 },
        input = { shape = "In", locationName = "InDocument", xmlNamespace = { uri = "https://jobs.example/" } } },
      { metadata = { protocol = "rest-xml" } } },
    { "POST / In -> - as=In", { input = { shape = "In" } }, { metadata = { protocol = "rest-xml" } } },
    { "POST / In -> - as=Given namespace=https://jobs.example/ prefix=j", { input = { shape = "In" } },
      { metadata = { protocol = "rest-xml" }, shapes = { In = { type = "structure", members = {}, locationName = "Given",
        xmlNamespace = { uri = "https://jobs.example/", prefix = "j" } } } } },
  }
  for _, case in ipairs(OPERATIONS) do
    it("writes an operation as " .. case[1], function()
      assert.equal(case[1], operation(case[2], case[3]).operations.Start)
    end)
  end

  it("names method and path of every REST operation", function()
    assert.equal("POST / - -> -", operation({}, { metadata = { protocol = "rest-json" } }).operations.Start)
  end)

  it("keeps what an operation gives the endpoint rules", function()
    local model = operation({
      input = { shape = "In" },
      staticContextParams = { Control = { value = true } },
      operationContextParams = { Names = { path = "Items[*].Name" } },
    }, { shapes = { In = {
      type = "structure", members = { Bucket = { shape = "Text", contextParam = { name = "Store" } } },
    } } })
    assert.same({
      Start = { Control = { value = true }, Names = { path = "Items[*].Name" }, Store = { member = "Bucket" } },
    }, model.contexts)
  end)

  it("says what is known of each error", function()
    local function failure(more)
      more.type, more.members, more.exception = "structure", {}, true
      return more
    end
    assert.same({
      Plain = "",
      Coded = "code=Other status=403",
      Busy = "throttle",
      Flaky = "retry fault",
      Broken = "status=500 fault",
    }, Import.parse(description { shapes = {
      Plain = failure {},
      Coded = failure { error = { code = "Other", httpStatusCode = 403, senderFault = true } },
      Busy = failure { retryable = { throttling = true } },
      Flaky = failure { retryable = { throttling = false }, fault = true },
      Broken = failure { error = { httpStatusCode = 500, fault = true } },
    } }).errors)
  end)

  it("collects the enumerations that are used", function()
    local model = Import.parse(description { shapes = {
      Kind = { type = "string", enum = { "B", "A" } },
      It = { type = "structure", members = { Kind = { shape = "Kind" } } },
    } })
    assert.same({ Kind = { "B", "A" } }, model.enums)
  end)

  it("has the paginators, the waiters and the endpoint rules that come with it", function()
    local rules = { version = "1.0", parameters = {}, rules = {} }
    local acceptors = { { state = "success", matcher = "path", argument = "State", expected = "Done" } }
    local model = Import.parse(description(), {
      paginators = { pagination = { List = {
        input_token = { "A", "B" }, output_token = { "NextA", "NextB" }, result_key = "Items", limit_key = "Max",
        more_results = "More", non_aggregate_keys = { "Owner" },
      } } },
      waiters = { version = 2, waiters = {
        Done = { operation = "Get", delay = 5, maxAttempts = 20, acceptors = acceptors, description = "?" },
      } },
      endpoints = rules,
    })
    assert.same({
      List = { token = { "A", "B" }, next = { "NextA", "NextB" }, items = "Items", limit = "Max", more = "More" },
    }, model.pages)
    assert.same({ Done = { operation = "Get", delay = 5, max_attempts = 20, acceptors = acceptors } }, model.waiters)
    assert.equal(rules, model.endpoints)
  end)

  it("leaves out an operation that needs what cloudjobs lacks, and says why", function()
    local streams = operation({ input = { shape = "In" } }, { shapes = {
      In = { type = "structure", members = { Events = { shape = "Events" } } },
      Events = { type = "structure", members = {}, eventstream = true },
    } })
    assert.same({}, streams.operations)
    assert.equal("it needs event streams, which cloudjobs does not speak yet", streams.left_out.Start)
    assert.is_nil(streams.shapes.In)
    local discovery = operation { endpointdiscovery = { required = true } }
    assert.equal("it needs endpoint discovery, which cloudjobs does not do", discovery.left_out.Start)
    assert.equal("- -> -", operation({ endpointdiscovery = {} }).operations.Start)
    local old = { metadata = { signatureVersion = "v2" } }
    assert.equal("it needs a signature of version v2, which cloudjobs does not make; v4 is made",
      operation({}, old).left_out.Start)
    assert.equal("- -> - unsigned", operation({ authtype = "none" }, old).operations.Start)
  end)

  it("has no operations that need another signature than SigV4", function()
    local function reason(op)
      return operation(op).left_out.Start
    end
    local message = "it needs the authentication %s, which cloudjobs does not support"
    assert.equal(message:format "bearer", reason { authtype = "bearer" })
    assert.equal(message:format "v4a", reason { authtype = "v4a", auth = { "aws.auth#sigv4a" } })
    assert.equal(message:format "aws.auth#sigv4a", reason { auth = { "aws.auth#sigv4a" } })
    assert.is_nil(reason { auth = { "aws.auth#sigv4a", "aws.auth#sigv4" } })
  end)
end)

describe("a description that is refused", function()
  local function refusal(parts)
    local model, message = Import.parse(description(parts))
    assert.is_nil(model)
    return message
  end
  local function structure(reference)
    return { type = "structure", members = { Name = reference } }
  end

  local CASES = {
    { "metadata: unknown trait colour", { metadata = { colour = 1 } } },
    { "Start: unknown trait colour", { operations = { Start = { colour = 1 } } } },
    { "Start: unknown trait colour", { operations = { Start = { http = { colour = 1 } } } } },
    { "It: unknown trait colour", { shapes = { It = { type = "structure", members = {}, colour = 1 } } } },
    { "It.Name: unknown trait colour", { shapes = { It = structure { shape = "Text", colour = 1 } } } },
    { "It.Name: no shape Gone", { shapes = { It = structure { shape = "Gone" } } } },
    { "It.Name: unknown type bignum", { shapes = { It = structure { shape = "Odd" }, Odd = { type = "bignum" } } } },
    { "It.Name: unknown timestampFormat solar",
      { shapes = { It = structure { shape = "When", timestampFormat = "solar" } } } },
    { "It.Name[]: expected an object, got nil",
      { shapes = { It = structure { shape = "Odd" }, Odd = { type = "list" } } } },
    { "It: unknown trait colour",
      { shapes = { It = { type = "structure", members = {}, exception = true, error = { colour = 1 } } } } },
    { "Jobs: protocol smoke is not supported; smithy-rpc-v2-cbor, json, rest-json, rest-xml, query, ec2 are",
      { metadata = { protocol = "smoke" } } },
  }
  for _, case in ipairs(CASES) do
    it("says " .. case[1], function()
      assert.equal(case[1], refusal(case[2]))
    end)
  end

  local HOSTILE = {
    { "metadata: serviceId: expected text, got number", { metadata = { serviceId = 5 } } },
    { 'metadata: targetPrefix: unexpected characters in "Jobs', { metadata = { targetPrefix = "Jobs\r\nx: y" } } },
    { 'metadata: endpointPrefix: unexpected characters in "../x', { metadata = { endpointPrefix = "../x" } } },
    { 'operations: expected a name of letters, digits and underscores, got "St', { operations = { ["St\nart"] = {} } } },
    { 'operations: expected a name of letters, digits and underscores, got "../S', { operations = { ["../S"] = {} } } },
    { 'shapes: expected a name of letters, digits and underscores, got "a b"', { shapes = { ["a b"] = structure {} } } },
    { 'It: expected a name of letters, digits and underscores, got "a@b"',
      { shapes = { It = { type = "structure", members = { ["a@b"] = { shape = "Text" } } } } } },
    { "Start: expected an object, got number", { operations = { Start = 5 } } },
    { "Start: readonly: expected true or false, got string", { operations = { Start = { readonly = "yes" } } } },
    { "Start: http: expected an object or a list, got boolean", { operations = { Start = { http = true } } } },
    { "Start: expected a method and a path", { operations = { Start = { http = { requestUri = "/a\1b" } } } } },
    { 'Start: expected a prefix of hosts, got "evil.example/"', { operations = { Start = {
      endpoint = { hostPrefix = "evil.example/" } } } } },
    { "It: members: expected an object or a list, got number", { shapes = { It = { type = "structure", members = 5 } } } },
    { "It.Name: shape: expected text, got number", { shapes = { It = structure { shape = 5 } } } },
    { "Odd: min: expected a number, got string",
      { shapes = { It = structure { shape = "Odd" }, Odd = { type = "string", min = "1" } } } },
    { "as: expected one word of printable characters",
      { shapes = { It = structure { shape = "Text", locationName = "a b" } } } },
    { 'It.Name: expected the name of a header, got "a:b"', { metadata = { protocol = "rest-json" },
      shapes = { It = structure { shape = "Text", location = "header", locationName = "a:b" } } } },
    { "It.Name: a structure cannot be called string",
      { shapes = { It = structure { shape = "string" }, string = structure { shape = "Text" } } } },
    { "It.Name{}: a key that is no text", { shapes = { It = structure { shape = "M" },
      M = { type = "map", key = { shape = "M" }, value = { shape = "M" } } } } },
  }
  for _, case in ipairs(HOSTILE) do
    it("says " .. case[1], function()
      local message = refusal(case[2])
      assert.equal(case[1], message:sub(1, #case[1]))
      assert.is_nil(message:find("%c"))
    end)
  end

  it("may have structures that need themselves, which no caller can pass", function()
    local model = assert(Import.parse(description { shapes = {
      It = { type = "structure", required = { "Name" }, members = { Name = { shape = "It" } } },
    } }))
    assert.equal("Name It required", model.shapes.It)
  end)

  it("has messages that are bounded", function()
    assert.is_true(#refusal { operations = { [("x"):rep(100000)] = {} } } < 600)
  end)

  it("names the error in a paginator or a waiter", function()
    local function message(companions)
      return (select(2, Import.parse(description(), companions)))
    end
    local function waiter(parts)
      local made = { operation = "List", delay = 1, maxAttempts = 2, acceptors = {} }
      for name, value in pairs(parts) do
        made[name] = value
      end
      return message { waiters = { waiters = { Done = made } } }
    end
    local function acceptor(parts)
      return waiter { acceptors = { parts } }
    end
    local function paginator(parts)
      return message { paginators = { pagination = { List = parts } } }
    end
    assert.equal("paginators: pagination: expected an object or a list, got number", message { paginators = { pagination = 5 } })
    assert.equal("paginator List: it has no tokens", paginator {})
    assert.equal("paginator List: limit_key: expected text, got boolean", paginator { limit_key = true })
    assert.matches("^paginator List: JMESPath ", paginator { input_token = "a[", output_token = "b" })
    assert.matches("^paginator List: JMESPath ", paginator { input_token = ("a"):rep(501), output_token = "b" })
    assert.equal("paginator List: expected text, got number", paginator { input_token = { 5 }, output_token = "b" })
    assert.equal("waiter Done: expected a delay and a number of attempts", waiter { delay = -1 })
    assert.equal("waiter Done: delay: expected a number, got string", waiter { delay = "1" })
    assert.equal("waiter Done: acceptors: expected an object or a list, got string", waiter { acceptors = "x" })
    assert.equal("waiter Done: unknown state over", acceptor { state = "over" })
    assert.equal("waiter Done: unknown matcher guess", acceptor { state = "retry", matcher = "guess" })
    assert.equal("waiter Done: expected text, got nil", acceptor { state = "retry", matcher = "path" })
    assert.matches("^waiter Done: JMESPath ", acceptor { state = "retry", matcher = "pathAll", argument = "a |" })
  end)

  it("may be a list that holds itself", function()
    local message = refusal { shapes = {
      It = structure { shape = "Loop" },
      Loop = { type = "list", member = { shape = "Loop" } },
    } }
    assert.matches("^It%.Name%[%].*: a list that holds itself$", message)
  end)

  it("may be no description at all", function()
    local function message(value)
      return (select(2, Import.parse(value)))
    end
    assert.equal("the description: expected an object, got string", message "x")
    assert.equal("the description: unknown trait hello", message { hello = 1 })
    assert.equal("metadata: expected an object, got nil", message {})
  end)

  it("names the paginator or the waiter at fault", function()
    local function message(companions)
      return (select(2, Import.parse(description(), companions)))
    end
    assert.equal("paginator List: unknown trait colour", message {
      paginators = { pagination = { List = { colour = 1 } } },
    })
    assert.equal("waiter Done: unknown trait colour", message {
      waiters = { waiters = { Done = { operation = "List", delay = 1, maxAttempts = 2, acceptors = { { colour = 1 } } } } },
    })
  end)
end)

describe("a description on disk", function()
  local folder
  before_each(function()
    folder = files.temporary()
  end)
  after_each(function()
    files.remove(folder)
  end)

  local SERVICE = [[{
    "metadata": { "protocol": "json", "serviceId": "Jobs", "endpointPrefix": "jobs", "signatureVersion": "v4",
      "targetPrefix": "Jobs" },
    "operations": { "List": { "name": "List", "output": { "shape": "Out" } } },
    "shapes": {
      "Out": { "type": "structure", "members": { "Z": { "shape": "Text" }, "A": { "shape": "Text" } } },
      "Text": { "type": "string" }
    }
  }]]

  it("is read with what lies beside it, its members in their order", function()
    files.write(folder .. "/service-2.json", SERVICE)
    files.write(folder .. "/paginators-1.json",
      '{ "pagination": { "List": { "input_token": "T", "output_token": "N", "result_key": "Items" } } }')
    files.write(folder .. "/waiters-2.json",
      '{ "waiters": { "Done": { "operation": "List", "delay": 1, "maxAttempts": 2, "acceptors": [] } } }')
    files.write(folder .. "/endpoint-rule-set-1.json", '{ "version": "1.0", "parameters": {}, "rules": [] }')
    local model = assert(Import.load(folder .. "/service-2.json"))
    assert.equal("Z string\nA string", model.shapes.Out)
    assert.same({ List = { token = "T", next = "N", items = "Items" } }, model.pages)
    assert.equal(2, model.waiters.Done.max_attempts)
    assert.equal("1.0", model.endpoints.version)
  end)

  it("may stand alone", function()
    files.write(folder .. "/service-2.json", SERVICE)
    local model = assert(Import.load(folder .. "/service-2.json"))
    assert.same({}, model.pages)
    assert.is_nil(model.endpoints)
  end)

  it("is refused with the file's name", function()
    local path = folder .. "/service-2.json"
    local function message()
      local model, text = Import.load(path)
      assert.is_nil(model)
      return text
    end
    assert.equal(path .. ": cannot be read: no such file", message())
    files.write(path, '{ "metadata": ')
    assert.equal(path .. ": ", message():sub(1, #path + 2))
    files.write(path, '{ "metadata": {}, "colour": 1 }')
    assert.equal(path .. ": the description: unknown trait colour", message())
    files.write(path, "\31\139\8")
    assert.equal(path .. ": compressed by gzip, and it is cut off", message())
    files.write(path, SERVICE)
    files.write(folder .. "/waiters-2.json", "{")
    assert.equal(folder .. "/waiters-2.json: unexpected end at byte 2", message())
    files.write(folder .. "/waiters-2.json", '{ "waiters": { "Done": { "operation": "List", "delay": 0 } } }')
    assert.equal(folder .. "/waiters-2.json: waiter Done: acceptors: expected an object or a list, got nil", message())
    files.write(folder .. "/waiters-2.json", "5")
    assert.equal(folder .. "/waiters-2.json: expected an object, got number", message())
  end)

  -- Writes a text compressed by gzip.
  local function write_compressed(path, text)
    files.write(path, process.run({ "gzip", "-nc" }, { stdin = text }).stdout)
  end

  it("may be compressed, as may the documents beside it", function()
    write_compressed(folder .. "/service-2.json.gz", SERVICE)
    write_compressed(folder .. "/endpoint-rule-set-1.json.gz", '{ "version": "1.0", "parameters": {}, "rules": [] }')
    local model = assert(Import.load(folder .. "/service-2.json.gz"))
    assert.equal("Z string\nA string", model.shapes.Out)
    assert.equal("1.0", model.endpoints.version)
  end)

  it("is patched by its extras, as botocore patches it", function()
    files.write(folder .. "/service-2.json", SERVICE)
    files.write(folder .. "/service-2.sdk-extras.json", [[{ "version": 1.0, "merge": {
      "metadata": { "serviceId": "Jobs Two" },
      "shapes": {
        "Out": { "members": { "B": { "shape": "Text" }, "Z": { "shape": "Whole" } } },
        "Whole": { "type": "integer" }
      }
    } }]])
    files.write(folder .. "/paginators-1.json", '{ "pagination": { "List": { "input_token": "T", "output_token": "N" } } }')
    files.write(folder .. "/paginators-1.sdk-extras.json",
      '{ "merge": { "pagination": { "List": { "result_key": ["Items"] } } } }')
    for _, read in ipairs { Import.load, Import.open } do
      local model = assert(read(folder .. "/service-2.json"))
      assert.equal("Jobs Two", model.service.id)
      assert.equal("Z integer\nA string\nB string", model.shapes.Out)
      assert.same({ List = { token = "T", next = "N", items = { "Items" } } }, model.pages)
    end
  end)

  it("is refused before it fills the memory", function()
    local path = folder .. "/service-2.json"
    local function message(text)
      files.write(path, text)
      local model, problem = Import.open(path)
      assert.is_nil(model)
      return problem
    end
    assert.equal(path .. ": expected an object at byte 1", message(("["):rep(100000)))
    assert.equal(path .. ": nested deeper than 128 levels at byte 140", message('{"metadata":' .. ("["):rep(100000)))
    assert.equal(path .. ": a value that is too long at byte 17",
      message('{"shapes":{"It":[' .. ("0,"):rep(1024 * 1024) .. "0]}}"))
    local names = {}
    for i = 1, 100001 do
      names[i] = ('"s%d":0'):format(i)
    end
    assert.matches(": an object of too many members at byte %d+$", message('{"shapes":{' .. table.concat(names, ",") .. "}}"))
    os.execute(("head -c 67200000 /dev/zero | gzip -1 >'%s.gz'"):format(path))
    assert.same({ nil, path .. ".gz: compressed by gzip, and it is larger than the limit of 67108864 bytes" },
      { Import.open(path .. ".gz") })
  end)

  describe("that is opened", function()

    local function opened(operations, shapes)
      files.write(folder .. "/service-2.json", ([[{
        "metadata": { "protocol": "json", "serviceId": "Jobs", "endpointPrefix": "jobs", "signatureVersion": "v4",
      "targetPrefix": "Jobs" },
        "operations": { %s }, "shapes": { "Out": { "type": "structure", "members": {} } %s }
      }]]):format(operations, shapes))
      return Model.new(assert(Import.open(folder .. "/service-2.json")))
    end

    it("is the same model, translated as it is used", function()
      files.write(folder .. "/service-2.json", SERVICE)
      local model = Model.new(assert(Import.open(folder .. "/service-2.json")))
      assert.same({ "list" }, model:operations())
      assert.equal("List", model:operation("list").name)
      assert.is_nil(model:operation("start"))
    end)

    it("refuses an operation whose shapes are wrong, by the file and the place, and no other", function()
      local model = opened([[ "List": { "output": { "shape": "Out" } }, "Get": { "output": { "shape": "Odd" } } ]],
        [[, "Odd": { "type": "structure", "members": { "A": { "shape": "Gone" } } } ]])
      assert.equal("list", model:operation("list").method_name)
      for _ = 1, 2 do
        assert.same({ nil, folder .. "/service-2.json: Odd.A: no shape Gone" }, { model:operation("get") })
      end
    end)

    it("finds its errors by code and by name", function()
      local model = opened([[ "List": {} ]], [[,
        "Text": { "type": "string" },
        "Busy": { "type": "structure", "members": {}, "exception": true, "retryable": { "throttling": true } },
        "Coded": { "type": "structure", "members": {}, "error": { "code": "Other" }, "exception": true },
        "Odd": { "type": "structure", "members": { "A": { "shape": "Gone" } }, "exception": true } ]])
      assert.is_true(model:error("Busy").throttling)
      assert.equal("Coded", model:error("Other").name)
      assert.equal("Coded", model:error("Coded").name)
      assert.is_nil(model:error("Odd"))
      assert.is_nil(model:error("Out"))
    end)
  end)
end)


-- Every place of a description in turn holds a value that does not belong there.
describe("a broken description", function()
  local core = require "cloudjobs.core"

  local function whole()
    return {
      description {
        operations = { Start = {
          name = "Start", http = { method = "POST", requestUri = "/" }, input = { shape = "In" }, output = { shape = "Out" },
          errors = { { shape = "Gone" } },
        } },
        shapes = {
          In = { type = "structure", required = { "Id" }, members = { Id = { shape = "Text" }, At = { shape = "When" } } },
          Out = { type = "structure", members = { List = { shape = "List" }, Map = { shape = "Map" } } },
          List = { type = "list", member = { shape = "Text" } },
          Map = { type = "map", key = { shape = "Text" }, value = { shape = "Count" } },
          Text = { type = "string", enum = { "a", "b" }, min = 1 },
          Gone = { type = "structure", members = {}, exception = true, error = { httpStatusCode = 400 } },
        },
      },
      {
        paginators = { pagination = { Start = { input_token = "Id", output_token = "Map", result_key = "List" } } },
        waiters = { waiters = { Done = { operation = "Start", delay = 1, maxAttempts = 5, acceptors = {
          { state = "success", matcher = "path", argument = "Map", expected = "a" },
        } } } },
      },
    }
  end

  local WRONG = {
    function() return 5 end, function() return -1 / 0 end, function() return true end, function() return "" end,
    function() return "x y\n@z" end, function() return core.null end, function() return nil end,
    function() return {} end, function() return { 1 } end, function() return { a = {} } end,
  }

  local function each_path(value, path, f)
    for key, inner in pairs(value) do
      local here = {}
      for i, name in ipairs(path) do
        here[i] = name
      end
      here[#here + 1] = key
      f(here)
      if type(inner) == "table" then
        each_path(inner, here, f)
      end
    end
  end

  -- A model that was made has to be usable.
  local function use(data)
    local model = Model.new(data)
    for _, name in ipairs(model:operations()) do
      local op = model:operation(name)
      assert(op == nil or op.name)
    end
    for name in pairs(data.errors) do
      model:error(name)
    end
  end

  it("is a message, and never an error that is raised", function()
    local count, raised = 0, {}
    each_path(whole(), {}, function(path)
      for i, wrong in ipairs(WRONG) do
        local parts = whole()
        local place = parts
        for step = 1, #path - 1 do
          place = place[path[step]]
        end
        place[path[#path]] = wrong()
        count = count + 1
        local ok, model, message = pcall(Import.parse, parts[1], parts[2])
        local used, problem = true, nil
        if ok and model then
          used, problem = pcall(use, model)
        end
        if not ok or not used or not (model or message) then
          raised[#raised + 1] = ("%s with %d: %s"):format(table.concat(path, "."), i, tostring(problem or model))
        end
      end
    end)
    assert.same({}, raised)
    assert.is_true(count > 500)
  end)
end)
