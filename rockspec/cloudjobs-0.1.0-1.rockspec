-- Written by `make rockspecs`.
rockspec_format = "3.0"
package = "cloudjobs"
version = "0.1.0-1"
source = {
  url = "file://cloudjobs-0.1.0.tar.gz",
}
description = {
  summary = "Starts, follows and collects the long-running jobs of the big clouds",
  detailed = [=[
    AWS billing data exports, AWS Systems Manager maintenance windows, AWS Partner Central snapshot jobs and Azure cost
    exports, from plain Lua and inside nginx. A C core signs, sends and parses; Lua decides.
  ]=],
  license = "Apache-2.0",
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson",
  "argparse",
}
-- Libraries only: Debian keeps curl's header where LuaRocks does not look.
external_dependencies = {
  CURL = { library = "curl" },
  OPENSSL = { library = "crypto" },
}
build = {
  type = "builtin",
  install = { bin = { cloudjobs = "bin/cloudjobs" } },
  modules = {
    ["cloudjobs.core"] = {
      sources = { "csrc/core.c", "csrc/codec.c", "csrc/buf.c" },
      defines = { "_GNU_SOURCE" },
      libraries = { "crypto" },
      incdirs = { "$(OPENSSL_INCDIR)" },
      libdirs = { "$(OPENSSL_LIBDIR)" },
    },
    ["cloudjobs.curl"] = {
      sources = { "csrc/curl.c", "csrc/transfer.c", "csrc/buf.c" },
      defines = { "_GNU_SOURCE" },
      libraries = { "curl" },
      incdirs = { "$(CURL_INCDIR)" },
      libdirs = { "$(CURL_LIBDIR)" },
    },
    ["cloudjobs.os"] = {
      sources = { "csrc/os.c" },
      defines = { "_GNU_SOURCE" },
    },
    ["cloudjobs.assembly"] = "lua/cloudjobs/assembly.lua",
    ["cloudjobs.aws"] = "lua/cloudjobs/aws.lua",
    ["cloudjobs.call"] = "lua/cloudjobs/call.lua",
    ["cloudjobs.cancel"] = "lua/cloudjobs/cancel.lua",
    ["cloudjobs.cli.call"] = "lua/cloudjobs/cli/call.lua",
    ["cloudjobs.cli.main"] = "lua/cloudjobs/cli/main.lua",
    ["cloudjobs.cli.out"] = "lua/cloudjobs/cli/out.lua",
    ["cloudjobs.client"] = "lua/cloudjobs/client.lua",
    ["cloudjobs.config"] = "lua/cloudjobs/config.lua",
    ["cloudjobs.credentials.env"] = "lua/cloudjobs/credentials/env.lua",
    ["cloudjobs.credentials.identity"] = "lua/cloudjobs/credentials/identity.lua",
    ["cloudjobs.credentials.static"] = "lua/cloudjobs/credentials/static.lua",
    ["cloudjobs.error"] = "lua/cloudjobs/error.lua",
    ["cloudjobs.http1"] = "lua/cloudjobs/http1.lua",
    ["cloudjobs"] = "lua/cloudjobs/init.lua",
    ["cloudjobs.options"] = "lua/cloudjobs/options.lua",
    ["cloudjobs.protocol.aws_error"] = "lua/cloudjobs/protocol/aws_error.lua",
    ["cloudjobs.protocol.json_rpc"] = "lua/cloudjobs/protocol/json_rpc.lua",
    ["cloudjobs.retry"] = "lua/cloudjobs/retry.lua",
    ["cloudjobs.stub"] = "lua/cloudjobs/stub.lua",
    ["cloudjobs.suggest"] = "lua/cloudjobs/suggest.lua",
    ["cloudjobs.transport"] = "lua/cloudjobs/transport.lua",
    ["cloudjobs.transport.curl"] = "lua/cloudjobs/transport/curl.lua",
    ["cloudjobs.transport.failure"] = "lua/cloudjobs/transport/failure.lua",
    ["cloudjobs.url"] = "lua/cloudjobs/url.lua",
    ["cloudjobs.version"] = "lua/cloudjobs/version.lua",
  },
}
