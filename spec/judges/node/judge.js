// What the drivers share: the emulator at process.argv[2], its controls, and the
// report, one line of JSON a step.

const URL = process.argv[2];
const KEYS = { accessKeyId: "AKIDEMULATOR", secretAccessKey: "emulator-secret" };
const FAILURES = {
  "the service fails": { status: 503, code: "ServiceUnavailable" },
  "a gateway responds": { status: 502, body: "<html>Bad gateway</html>" },
  "the connection breaks": { drop: true },
};
const HOUR = 3600 * 1000;

function options(changes) {
  return { endpoint: URL, region: "us-east-1", credentials: KEYS, ...changes };
}

async function control(name, body, method = "POST") {
  const response = await fetch(`${URL}/_emulator/${name}`, { method, body: JSON.stringify(body) });
  return response.json();
}

const advance = (seconds) => control("clock", { advance: seconds });

// The operations that were called since this was last asked.
async function served() {
  const { requests } = await control("requests", undefined, "GET");
  await control("requests", undefined, "DELETE");
  return requests.map((one) => one.operation);
}

// Times as epoch seconds.
function plain(value) {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

function report(step, saw) {
  if (saw?.$metadata) {
    const { $metadata, ...output } = saw;
    saw = output;
  }
  console.log(JSON.stringify([step, plain(saw)]));
}

// What a call that must fail throws: the members of the modelled error too.
async function refusal(call) {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error;
    if (!$metadata) throw error;
    const seen = { code: name, message, status: $metadata.httpStatusCode, attempts: $metadata.attempts };
    const modelled = Object.entries(error).filter(([key, value]) => /^[A-Z]/.test(key) && key !== "Message" && value);
    return modelled.length > 0 ? { ...seen, members: Object.fromEntries(modelled) } : seen;
  }
  return "was not refused";
}

async function attempts(call) {
  return (await call).$metadata.attempts;
}

async function collect(pages, take) {
  const list = [];
  for await (const page of pages) list.push(take(page));
  return list;
}

// Throttling and failures, and every mistake in a caller's identity and clock.
async function reportTroubles(Client, Command, params = {}) {
  const operation = Command.name.replace(/Command$/, "");
  const call = (changes) => new Client(options(changes)).send(new Command(params));
  const session = (accessKeyId, sessionToken) => ({ credentials: { ...KEYS, accessKeyId, sessionToken } });

  await control("faults", { operation, throttle: true });
  report("tries again when it is throttled", await attempts(call()));
  await control("faults", { operation, throttle: true, times: 3 });
  report("gives up when that goes on", await refusal(call()));
  for (const [name, fault] of Object.entries(FAILURES)) {
    await control("faults", { operation, ...fault });
    report(`tries again when ${name}`, await attempts(call()));
  }
  report("signs with a wrong secret", await refusal(call({ credentials: { ...KEYS, secretAccessKey: "another" } })));
  report("signs with an unknown key", await refusal(call({ credentials: { ...KEYS, accessKeyId: "AKIDUNKNOWN" } })));
  report("has a session", await attempts(call(session("ASIAEMULATOR", "emulator-session"))));
  report("has an expired session", await refusal(call(session("ASIAEXPIRED", "expired"))));
  report("signs an hour late", await refusal(call({ systemClockOffset: -HOUR, maxAttempts: 1 })));
  report("mends its clock", await attempts(call({ systemClockOffset: -HOUR })));
}

function run(life) {
  life().catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}

module.exports = { URL, options, control, advance, report, refusal, attempts, collect, served, reportTroubles, run };
