#!/bin/sh
# @smithy/core 3.41.1 (with @aws-sdk/client-cloudwatch 3.1164.0), npm: under the rpc-v2-cbor protocol an operation whose
# output has no members fails, although the service has carried it out, once its response has a member that the client
# does not know. Everywhere else such a member is left out, which is how services add members to outputs.
#
# DeleteMetricStream, output without members:  {}                {}
#                                              {"New": "a"}      TypeError: Cannot read properties of undefined
# ListDashboards, output with members:         {"New": "a"}      {}
# The same DeleteMetricStream in JSON:         {"New": "a"}      {}
#
# Why: dist-cjs/submodules/cbor/index.js, matchStructKey of CborShapeDeserializer2 reads the length of the first of the
# known names, of which there is none.
#
# Exits with 0 where this is still so, else with 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error \
  @smithy/core@3.41.1 @aws-sdk/core@3.981.2 @aws-sdk/client-cloudwatch@3.1164.0 >/dev/null

cat >try.js <<'JS'
const { CloudWatchClient, DeleteMetricStreamCommand, ListDashboardsCommand } = require("@aws-sdk/client-cloudwatch");
const { AwsJson1_0Protocol, AwsSmithyRpcV2CborProtocol } = require("@aws-sdk/core/protocols");
const { HttpResponse } = require("@smithy/core/protocols");

async function read(protocol, type, command, body) {
  const headers = { "content-type": type, "smithy-protocol": "rpc-v2-cbor" };
  const client = new CloudWatchClient({
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
    protocol,
    requestHandler: {
      handle: async () => ({ response: new HttpResponse({ statusCode: 200, headers, body: new Uint8Array(body) }) }),
    },
  });
  try {
    const { $metadata, ...output } = await client.send(command);
    return JSON.stringify(output);
  } catch (error) {
    return `${error.name}: ${error.message.split("\n")[0]}`;
  }
}

const remove = new DeleteMetricStreamCommand({ Name: "a" });
const list = new ListDashboardsCommand({});
const empty = Buffer.from("a0", "hex");
const added = Buffer.from("a1634e65776161", "hex");

(async () => {
  console.log(await read(AwsSmithyRpcV2CborProtocol, "application/cbor", remove, empty));
  console.log(await read(AwsSmithyRpcV2CborProtocol, "application/cbor", remove, added));
  console.log(await read(AwsSmithyRpcV2CborProtocol, "application/cbor", list, added));
  console.log(await read(AwsJson1_0Protocol, "application/x-amz-json-1.0", remove, Buffer.from('{"New":"a"}')));
})();
JS

node try.js 2>/dev/null >seen
printf '%s\n' '{}' "TypeError: Cannot read properties of undefined (reading 'length')" '{}' '{}' >expected
cat seen
cmp seen expected
