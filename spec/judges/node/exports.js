// The AWS SDK for JavaScript leads a billing export through its life.

const sdk = require("@aws-sdk/client-bcm-data-exports");
const { advance, collect, options, refusal, report, reportTroubles, run } = require("./judge.js");

const client = new sdk.BCMDataExports(options());

function definition(Name, changes) {
  return {
    Name,
    DataQuery: {
      QueryStatement: "SELECT bill_payer_account_id, line_item_unblended_cost FROM COST_AND_USAGE_REPORT",
      TableConfigurations: { COST_AND_USAGE_REPORT: { TIME_GRANULARITY: "DAILY" } },
    },
    DestinationConfigurations: {
      S3Destination: {
        S3Bucket: "bucket",
        S3Prefix: "prefix",
        S3Region: "us-east-1",
        S3OutputConfigurations: {
          OutputType: "CUSTOM",
          Format: "TEXT_OR_CSV",
          Compression: "GZIP",
          Overwrite: "OVERWRITE_REPORT",
        },
      },
    },
    RefreshCadence: { Frequency: "SYNCHRONOUS" },
    ...changes,
  };
}

async function follow(ids) {
  const states = new Set();
  for (;;) {
    const { ExecutionStatus } = await client.getExecution(ids);
    states.add(ExecutionStatus.StatusCode);
    if (ExecutionStatus.CompletedAt) return [[...states], ExecutionStatus];
    await advance(30);
  }
}

run(async () => {
  const paging = { client, pageSize: 1 };
  const nightly = await client.createExport({
    Export: definition("nightly"),
    ResourceTags: [{ Key: "team", Value: "finance" }],
  });
  const ExportArn = nightly.ExportArn;
  report("creates an export", nightly);
  report("is refused another of its name", await refusal(client.createExport({ Export: definition("nightly") })));
  report("gets it", await client.getExport({ ExportArn }));

  await client.createExport({ Export: definition("other", { Description: "of every day — täglich" }) });
  const names = (page) => page.Exports.map((one) => one.ExportName);
  report("lists page after page", await collect(sdk.paginateListExports(paging, {}), names));

  await advance(10);
  report("updates it", await client.updateExport({ ExportArn, Export: definition("nightly", { Description: "changed" }) }));
  const updated = await client.getExport({ ExportArn });
  report("sees the change", [updated.Export.Description, updated.ExportStatus.LastUpdatedAt]);

  const ResourceArn = ExportArn;
  await client.tagResource({ ResourceArn, ResourceTags: [{ Key: "team", Value: "ops" }, { Key: "tier", Value: "1" }] });
  report("tags it", await client.listTagsForResource({ ResourceArn }));
  await client.untagResource({ ResourceArn, ResourceTagKeys: ["team"] });
  report("untags it", await client.listTagsForResource({ ResourceArn }));

  await advance(50);
  const { Executions } = await client.listExecutions({ ExportArn });
  const [states, ended] = await follow({ ExportArn, ExecutionId: Executions[0].ExecutionId });
  report("follows an execution", states);
  report("sees how it ended", ended);
  report("sees the export refreshed", (await client.getExport({ ExportArn })).ExportStatus);

  const tables = await collect(sdk.paginateListTables(paging, {}), (page) => page.Tables[0].TableName);
  report("lists the tables", tables);
  const table = await client.getTable({
    TableName: "COST_AND_USAGE_REPORT",
    TableProperties: { TIME_GRANULARITY: "MONTHLY" },
  });
  report("gets a table", [table.TableProperties.TIME_GRANULARITY, table.Schema[0]]);

  report("deletes it", await client.deleteExport({ ExportArn }));
  report("misses it then", await refusal(client.getExport({ ExportArn })));

  await reportTroubles(sdk.BCMDataExportsClient, sdk.ListExportsCommand);
});
