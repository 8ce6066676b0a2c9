#!/bin/sh
# @smithy/core 3.41.1 (with @aws-sdk/client-cloudwatch 3.1164.0), npm: under the rpc-v2-cbor protocol the client loses
# each member whose name is written with a longer length than it needs. RFC 8949 (3) has such a length as well-formed,
# and only protocols that ask for it may refuse it; Smithy's does not. The package's own cbor.deserialize reads it.
#
# 69 "NextToken" 61 "a"        (length in the initial byte)   {"NextToken":"a"}
# 78 09 "NextToken" 61 "a"     (length in a byte of its own)  {}   no error
#
# Why: dist-cjs/submodules/cbor/index.js, matchStructKey of CborShapeDeserializer2 compares bytes with the names as it
# would encode them itself; what differs is taken for a member that it does not know.
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
const { CloudWatchClient, ListDashboardsCommand } = require("@aws-sdk/client-cloudwatch");
const { AwsSmithyRpcV2CborProtocol } = require("@aws-sdk/core/protocols");
const { HttpResponse } = require("@smithy/core/protocols");
const { cbor } = require("@smithy/core/cbor");

const headers = { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" };
const name = Buffer.from("NextToken").toString("hex");

async function read(hex) {
  const body = new Uint8Array(Buffer.from(hex, "hex"));
  const client = new CloudWatchClient({
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    protocol: AwsSmithyRpcV2CborProtocol,
    requestHandler: { handle: async () => ({ response: new HttpResponse({ statusCode: 200, headers, body }) }) },
  });
  const { $metadata, ...output } = await client.send(new ListDashboardsCommand({}));
  return `${JSON.stringify(output)} ${JSON.stringify(cbor.deserialize(body))}`;
}

(async () => {
  console.log(await read(`a169${name}6161`));
  console.log(await read(`a17809${name}6161`));
})();
JS

node try.js 2>/dev/null >seen
printf '%s\n' '{"NextToken":"a"} {"NextToken":"a"}' '{} {"NextToken":"a"}' >expected
cat seen
cmp seen expected
