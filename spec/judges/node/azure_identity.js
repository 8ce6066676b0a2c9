// Azure's own library gets a token in the way that is named, and Azure's own client
// lists exports with it.

const { CostManagementClient } = require("@azure/arm-costmanagement");
const identity = require("@azure/identity");

const [URL, way, path] = process.argv.slice(2);
const TENANT = "00000000-0000-0000-0000-00000000beef";
const CLIENT = "00000000-0000-0000-0000-00000000c11e";
const SCOPE = "subscriptions/00000000-0000-0000-0000-00000000005b";
const there = { authorityHost: URL, disableInstanceDiscovery: true };

const ways = {
  secret: () => new identity.ClientSecretCredential(TENANT, CLIENT, "emulator-secret", there),
  certificate: () => new identity.ClientCertificateCredential(TENANT, CLIENT, { certificatePath: path }, there),
  cluster: () =>
    new identity.WorkloadIdentityCredential({ tenantId: TENANT, clientId: CLIENT, tokenFilePath: path, ...there }),
  managed: () => new identity.ManagedIdentityCredential(),
};

new CostManagementClient(ways[way](), { endpoint: URL }).exports.list(SCOPE).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
