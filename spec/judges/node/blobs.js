// Azure's own client for blobs, on the emulator or on Azurite: at process.argv[2], the address of an account, with its
// name and key. What it does is the same on both.
//
//   node blobs.js <address> <account> <key>

const {
  BlobServiceClient, ContainerSASPermissions, StorageSharedKeyCredential, generateAccountSASQueryParameters,
  generateBlobSASQueryParameters, AccountSASPermissions, AccountSASResourceTypes, AccountSASServices, SASProtocol,
} = require("@azure/storage-blob");

const [address, account, key] = process.argv.slice(2);
const report = (step, saw) => console.log(JSON.stringify([step, saw]));
const credential = new StorageSharedKeyCredential(account, key);
const later = new Date(Date.now() + 3600e3);

async function refusal(call) {
  try {
    await call;
  } catch (error) {
    return { code: error.code, status: error.statusCode };
  }
  return "was not refused";
}

function client(permissions, resourceTypes) {
  const sas = generateAccountSASQueryParameters({
    services: AccountSASServices.parse("b").toString(),
    resourceTypes: AccountSASResourceTypes.parse(resourceTypes).toString(),
    permissions: AccountSASPermissions.parse(permissions),
    protocol: SASProtocol.HttpsAndHttp,
    expiresOn: later,
  }, credential);
  return new BlobServiceClient(`${address}?${sas}`, undefined, { retryOptions: { maxTries: 1 } });
}

async function text(response) {
  const pieces = [];
  for await (const piece of response.readableStreamBody) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function list(container, options, pageSize) {
  const names = [];
  const pages = options.delimiter
    ? container.listBlobsByHierarchy(options.delimiter, options).byPage({ maxPageSize: pageSize })
    : container.listBlobsFlat(options).byPage({ maxPageSize: pageSize });
  for await (const page of pages) {
    for (const prefix of page.segment.blobPrefixes ?? []) names.push(prefix.name);
    for (const blob of page.segment.blobItems) names.push(blob.name);
  }
  return names;
}

async function main() {
  const container = client("rwlcad", "sco").getContainerClient("lake");
  await container.create();
  report("creates a container again", await refusal(container.create()));

  const blob = container.getBlockBlobClient("daily/a b%+&ü.csv");
  const put = await blob.upload("0123456789", 10, {
    blobHTTPHeaders: { blobContentType: "text/csv" }, metadata: { by: "them" },
  });
  const properties = await blob.getProperties();
  report("puts a blob", {
    same: properties.etag === put.etag, length: properties.contentLength, type: properties.contentType,
    metadata: properties.metadata, blobType: properties.blobType, tier: properties.accessTier,
    md5: Buffer.from(properties.contentMD5).toString("base64"),
  });
  report("reads it", await text(await blob.download()));
  const part = await blob.download(2, 3);
  report("reads a range", { text: await text(part), range: part.contentRange, length: part.contentLength });
  report("reads it into memory", (await blob.downloadToBuffer(0, 10, { blockSize: 4 })).toString());
  report("reads behind its end", await refusal(blob.download(10)));
  report("reads another version", await refusal(blob.download(0, 3, { conditions: { ifMatch: '"0x0"' } })));
  report("puts no blob twice", await refusal(blob.upload("x", 1, { conditions: { ifNoneMatch: "*" } })));
  report("misses a blob", await refusal(container.getBlobClient("none").getProperties()));

  for (const name of ["daily/b", "daily/c/1", "daily/c/2", "e"]) {
    await container.getBlockBlobClient(name).upload(name, name.length);
  }
  report("lists page by page", await list(container, { prefix: "daily/" }, 2));
  report("lists folders", await list(container, { prefix: "daily/", delimiter: "/" }, 5));
  report("misses a container", await refusal(list(client("rwlcad", "sco").getContainerClient("none"), {}, 5)));

  report("may not list", await refusal(list(client("r", "co").getContainerClient("lake"), {}, 5)));
  report("may not write", await refusal(client("rl", "co").getContainerClient("lake").getBlockBlobClient("x").upload("x", 1)));
  const sas = generateBlobSASQueryParameters({
    containerName: "lake", permissions: ContainerSASPermissions.parse("rl"), expiresOn: later,
  }, credential);
  const limited = new BlobServiceClient(`${address}?${sas}`).getContainerClient("lake");
  report("reads by the container's signature", await text(await limited.getBlobClient("e").download()));
  const wrong = new BlobServiceClient(`${address}?${sas}`.replace("sp=rl", "sp=rwl")).getContainerClient("lake");
  report("has a changed signature", await refusal(wrong.getBlobClient("e").download()));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
