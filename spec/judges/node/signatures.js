// The signer of the AWS SDK for JavaScript, as a signer and as a verifier: tasks of
// spec/judges/signatures_spec.lua on standard input, a response a line.

const fs = require("node:fs");
const { Sha256 } = require("@aws-crypto/sha256-js");
const { SignatureV4 } = require("@smithy/signature-v4");

const signer = ({ keys, region, service }, applyChecksum) =>
  new SignatureV4({
    credentials: {
      accessKeyId: keys.access_key_id,
      secretAccessKey: keys.secret_access_key,
      sessionToken: keys.session_token,
    },
    region,
    service,
    sha256: Sha256,
    applyChecksum,
  });

// Their requests hold queries decoded, each name with one value or a list.
function parse(query) {
  const fields = {};
  for (const field of query?.split("&") ?? []) {
    const [name, value] = field.split("=").map(decodeURIComponent);
    fields[name] = name in fields ? [fields[name], value].flat() : value;
  }
  return fields;
}

const request = ({ method, path, query, headers, body }) => ({
  method,
  protocol: "https:",
  hostname: headers.host,
  path,
  query: parse(query),
  headers,
  body,
});

const at = (task) => new Date(task.time * 1000);

const acts = {
  async sign(task) {
    const signed = await signer(task, true).sign(request(task), { signingDate: at(task) });
    return signed.headers;
  },
  async presign(task) {
    const signed = await signer(task, true).presign(request(task), { signingDate: at(task), expiresIn: 900 });
    return signed.query["X-Amz-Signature"];
  },
  async verify(task) {
    const { authorization, ...headers } = task.headers;
    const signed = await signer(task, false).sign(request({ ...task, headers }), { signingDate: at(task) });
    return signed.headers.authorization === authorization;
  },
};

(async () => {
  for (const task of JSON.parse(fs.readFileSync(0))) console.log(JSON.stringify(await acts[task.act](task)));
})();
