--- Asks botocore for signatures and identities, where python3 has it.

local core = require "cloudjobs.core"
local data = require "spec.data.sigv4"

local function present()
  local found = os.execute "python3 -c 'import botocore.auth' 2>/dev/null"
  return found == true or found == 0
end

-- A case of spec/data/sigv4.lua as the program in Python reads it.
local function told(case)
  local keys = case.token and data.temporary or data.plain
  return {
    class = case.class,
    access_key_id = keys.access_key_id,
    secret_access_key = keys.secret_access_key,
    session_token = keys.session_token,
    service = data.service,
    region = data.region,
    time = data.time,
    method = case.method or "GET",
    url = "https://" .. data.host .. case.path .. (case.query and "?" .. case.query or ""),
    headers = { host = data.host },
    body = case.body,
    unsigned = case.unsigned,
  }
end

-- The output of a program in Python that reads `list`.
local function ask(program, list)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(assert(core.json_encode(list)))
  file:close()
  local answer = assert(io.popen(("python3 spec/support/%s <%s"):format(program, path)))
  local text = answer:read("*a")
  answer:close()
  os.remove(path)
  return text
end

--- Signatures and URLs of the cases, in their order.
local function sign(cases)
  local list = {}
  for i, case in ipairs(cases) do
    list[i] = told(case)
  end
  local signed = {}
  for signature, url in ask("botocore_sign.py", list):gmatch "(%x+) (%S+)\n" do
    signed[#signed + 1] = { signature = signature, url = url }
  end
  return signed
end

--- What botocore finds for each case: see botocore_identity.py.
local function identities(cases)
  return assert(core.json_decode(ask("botocore_identity.py", cases)))
end

return { present = present, sign = sign, identities = identities }
