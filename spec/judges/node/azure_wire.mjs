// What Azure's own libraries put on the wire, one JSON object a line: each
// request goes to a recorder instead of the network.
//
//   node azure_wire.mjs <folder of node_modules> <PEM file> <federated token file>

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, pem, federated] = process.argv.slice(2);
const require = createRequire(pathToFileURL(folder + "/"));
const identity = require("@azure/identity");
const { CostManagementClient } = require("@azure/arm-costmanagement");
const { createHttpHeaders } = require("@azure/core-rest-pipeline");

const TENANT = "00000000-0000-0000-0000-000000000001";
const AUTHORITY = "https://login.microsoftonline.com";
const SCOPE = "https://management.azure.com/.default";

let requests = [];

const METADATA = {
  issuer: `${AUTHORITY}/${TENANT}/v2.0`,
  authorization_endpoint: `${AUTHORITY}/${TENANT}/oauth2/v2.0/authorize`,
  token_endpoint: `${AUTHORITY}/${TENANT}/oauth2/v2.0/token`,
  jwks_uri: `${AUTHORITY}/${TENANT}/discovery/v2.0/keys`,
};

function respond(url) {
  if (url.includes("openid-configuration")) return METADATA;
  if (url.includes("token")) {
    const expires = Math.floor(Date.now() / 1000) + 3600;
    return { token_type: "Bearer", access_token: "tok", expires_in: 3600, expires_on: `${expires}` };
  }
  return { value: [] };
}

const httpClient = {
  async sendRequest(request) {
    if (!request.url.includes("openid-configuration")) {
      requests.push({
        method: request.method,
        url: request.url,
        headers: request.headers.toJSON({ preserveCase: false }),
        body: request.body ? `${request.body}` : null,
      });
    }
    return {
      request,
      status: 200,
      headers: createHttpHeaders({ "content-type": "application/json" }),
      bodyAsText: JSON.stringify(respond(request.url)),
    };
  },
};

async function record(name, act) {
  requests = [];
  let failure = null;
  try {
    await act();
  } catch (error) {
    failure = `${error.message ?? error}`;
  }
  console.log(JSON.stringify({ name, requests, failure }));
}

const options = { httpClient, disableInstanceDiscovery: true };
const get = (credential) => credential.getToken(SCOPE);

await record("client_secret", () =>
  get(new identity.ClientSecretCredential(TENANT, "app", "s3cret+/&=%", options)));
await record("certificate", () =>
  get(new identity.ClientCertificateCredential(TENANT, "app", { certificatePath: pem }, options)));
await record("certificate_chain", () =>
  get(new identity.ClientCertificateCredential(TENANT, "app", { certificatePath: pem },
    { ...options, sendCertificateChain: true })));
await record("workload_identity", () =>
  get(new identity.WorkloadIdentityCredential({
    ...options, tenantId: TENANT, clientId: "app", tokenFilePath: federated,
  })));
// The environment gives the endpoint.
await record("managed_identity", () =>
  get(new identity.ManagedIdentityCredential({ ...options, clientId: "app" })));
// The az in PATH notes what it was called with.
await record("cli", () => get(new identity.AzureCliCredential({ tenantId: TENANT })));

const credential = { getToken: async () => ({ token: "hush", expiresOnTimestamp: Date.now() + 3600e3 }) };
const exports = new CostManagementClient(credential, { httpClient }).exports;
const SUBSCRIPTION = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c";
const BILLING = "providers/Microsoft.Billing/billingAccounts/5f0c6a1e:9a44_2019-05-31/billingProfiles/IM4X-4HIU";
const DOCUMENT = {
  format: "Csv",
  definition: { type: "ActualCost", timeframe: "MonthToDate", dataSet: { granularity: "Daily" } },
  deliveryInfo: { destination: { container: "costs", resourceId: "/subscriptions/x", rootFolderPath: "a" } },
  schedule: {
    status: "Active",
    recurrence: "Daily",
    recurrencePeriod: { from: new Date("2031-03-02T00:00:00Z"), to: new Date("2050-02-01T00:00:00Z") },
  },
};

for (const scope of [SUBSCRIPTION, BILLING]) {
  await record(`list ${scope}`, () => exports.list(scope));
  await record(`list_expanded ${scope}`, () => exports.list(scope, { expand: "runHistory" }));
  await record(`get ${scope}`, () => exports.get(scope, "nightly-1_a"));
  await record(`get_expanded ${scope}`, () => exports.get(scope, "nightly-1_a", { expand: "runHistory" }));
  await record(`create_or_update ${scope}`, () => exports.createOrUpdate(scope, "nightly-1_a", { ...DOCUMENT, eTag: '"1"' }));
  await record(`delete ${scope}`, () => exports.delete(scope, "nightly-1_a"));
  await record(`execute ${scope}`, () => exports.execute(scope, "nightly-1_a"));
  await record(`get_execution_history ${scope}`, () => exports.getExecutionHistory(scope, "nightly-1_a"));
}
