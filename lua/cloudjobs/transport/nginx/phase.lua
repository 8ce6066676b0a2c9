--- Where nginx lets Lua wait, and the error for where it does not.

local Error = require "cloudjobs.base.error"

local ngx = ngx

local WAITS = {
  rewrite = true, server_rewrite = true, access = true, precontent = true, content = true, timer = true,
  ssl_cert = true, ssl_session_fetch = true, ssl_client_hello = true, preread = true,
  proxy_ssl_cert = true, proxy_ssl_verify = true,
}

---@return boolean
local function may_wait()
  return WAITS[ngx.get_phase()] == true
end

---@return cloudjobs.Error
local function refusal()
  return Error.new {
    kind = "transport",
    code = "phase",
    message = ("nginx lets nothing wait in its phase %s"):format(ngx.get_phase()),
    hint = "Call it in rewrite, access or content, or from ngx.timer.at",
  }
end

return { may_wait = may_wait, refusal = refusal }
