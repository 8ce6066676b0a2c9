// Azure's own client leads a cost export through its life, with tokens that
// Azure's own library fetches.

const { CostManagementClient } = require("@azure/arm-costmanagement");
const { ClientSecretCredential } = require("@azure/identity");
const { URL, advance, control, report, run, served } = require("./judge.js");

const TENANT = "00000000-0000-0000-0000-00000000beef";
const CLIENT = "00000000-0000-0000-0000-00000000c11e";
const SCOPE = "subscriptions/00000000-0000-0000-0000-00000000005b";

const secret = (text) =>
  new ClientSecretCredential(TENANT, CLIENT, text, { authorityHost: URL, disableInstanceDiscovery: true });
const fixed = (token) => ({ getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3600e3 }) });
const client = (credential) => new CostManagementClient(credential, { endpoint: URL }).exports;

const definition = {
  type: "ActualCost",
  timeframe: "Custom",
  timePeriod: { from: new Date("2026-10-01T00:00:00Z"), to: new Date("2026-10-31T00:00:00Z") },
  dataSet: { granularity: "Daily" },
};

function document(changes) {
  return {
    format: "Csv",
    definition,
    deliveryInfo: {
      destination: {
        resourceId: `/${SCOPE}/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/lakecosts01`,
        container: "costs",
        rootFolderPath: "nightly",
      },
    },
    schedule: {
      status: "Active",
      recurrence: "Daily",
      recurrencePeriod: { from: new Date("2031-03-02T00:00:00Z"), to: new Date("2050-02-01T00:00:00Z") },
    },
    ...changes,
  };
}

async function refusal(call) {
  try {
    await call;
  } catch (error) {
    const { name, code, statusCode: status } = error;
    const [message] = error.message.match(/AADSTS\d+: [^.]*\./) ?? error.message.split(" (Request ID: ");
    return { name, code, status, message };
  }
  return "was not refused";
}

async function reportRun(exports) {
  await exports.execute(SCOPE, "nightly");
  const states = [];
  for (const seconds of [60, 240, 0]) {
    const { value } = await exports.getExecutionHistory(SCOPE, "nightly");
    states.push(value[0].status);
    await advance(seconds);
  }
  report("follows a run", states);
  const expanded = await exports.get(SCOPE, "nightly", { expand: "runHistory" });
  report("sees how it ended", expanded.runHistory.value);

  await control("outcomes", { kind: "export_run", status: "Failed", reason: "Lost", message: "No such account." });
  await exports.execute(SCOPE, "nightly");
  await advance(300);
  const [last] = (await exports.list(SCOPE, { expand: "runHistory" })).value[0].runHistory.value;
  report("sees another fail", [last.status, last.error]);
}

async function reportThrottling(exports) {
  await served();
  const rule = { service: "azure_cost_exports", operation: "list" };
  await control("faults", { ...rule, throttle: true, retry_after: 1 });
  report("is throttled", [await refusal(exports.list(SCOPE)), await served()]);
  await control("faults", { ...rule, status: 503, retry_after: 0 });
  report("tries again when it is told when", [(await exports.list(SCOPE)).value.length, await served()]);
}

run(async () => {
  const exports = client(secret("emulator-secret"));
  const created = await exports.createOrUpdate(SCOPE, "nightly", document());
  const { eTag, ...shown } = created;
  report("creates an export", shown);
  report("gets it", (await exports.get(SCOPE, "nightly")).eTag === eTag);
  await exports.createOrUpdate(SCOPE, "weekly", document({ schedule: undefined }));
  report("lists them all", (await exports.list(SCOPE)).value.map((one) => one.name));

  report("needs its tag to change it", await refusal(exports.createOrUpdate(SCOPE, "nightly", document())));
  const changed = await exports.createOrUpdate(SCOPE, "nightly", document({ eTag, schedule: { status: "Inactive" } }));
  report("changes it", [changed.schedule, changed.eTag === eTag]);
  report("conflicts with the change", await refusal(exports.createOrUpdate(SCOPE, "nightly", document({ eTag }))));

  await reportRun(exports);
  await reportThrottling(exports);

  const recurrencePeriod = { from: new Date("2020-01-01T00:00:00Z"), to: new Date("2050-02-01T00:00:00Z") };
  const late = document({ schedule: { status: "Active", recurrence: "Daily", recurrencePeriod } });
  report("begins in the past", await refusal(exports.createOrUpdate(SCOPE, "late", late)));

  report("has a wrong secret", await refusal(client(secret("another")).list(SCOPE)));
  report("has no real token", await refusal(client(fixed("nonsense")).list(SCOPE)));
  report("has an expired token", await refusal(client(fixed("expired-token")).list(SCOPE)));
  report("has a token for storage", await refusal(client(fixed("storage-token")).list(SCOPE)));

  const path = `/${SCOPE}/providers/Microsoft.CostManagement/exports/newer`;
  await control("seed", [{ path, query: "api-version=2025-03-01", body: { properties: document() } }]);
  report("sees none that a newer version made", (await exports.list(SCOPE)).value.map((one) => one.name));
  report("cannot get it", await refusal(exports.get(SCOPE, "newer")));

  await exports.delete(SCOPE, "nightly");
  report("misses it when it is deleted", await refusal(exports.get(SCOPE, "nightly")));
  report("cannot delete it again", await refusal(exports.delete(SCOPE, "nightly")));
  report("lists what is left", (await exports.list(SCOPE)).value.map((one) => one.name));
});
