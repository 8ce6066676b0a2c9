// The AWS SDK for JavaScript leads a resource snapshot job through its life, in an
// engagement.

const sdk = require("@aws-sdk/client-partnercentral-selling");
const { advance, collect, options, refusal, report, reportTroubles, run } = require("./judge.js");

const client = new sdk.PartnerCentralSelling(options());
const CATALOG = Object.freeze({ Catalog: "AWS" });
const PAGING = { client, pageSize: 1 };

function engage(ClientToken, Title) {
  return client.createEngagement({
    ...CATALOG,
    ClientToken,
    Title,
    Description: "Together",
    Contexts: [
      {
        Type: "CustomerProject",
        Payload: {
          CustomerProject: {
            Customer: {
              Industry: "Software and Internet",
              CompanyName: "Example Corp",
              WebsiteUrl: "https://example.com",
              CountryCode: "DE",
            },
            Project: {
              Title: "Move",
              BusinessProblem: "A data centre that is too small for what it has to do.",
              TargetCompletionDate: "2027-03-31",
            },
          },
        },
      },
    ],
  });
}

async function reportEngagements() {
  const engagement = await engage("one", "First");
  report("creates an engagement", engagement);
  report("creates it once for one token", (await engage("one", "First")).Id === engagement.Id);
  report("is refused another for that token", await refusal(engage("one", "Second")));
  report("gets it", await client.getEngagement({ ...CATALOG, Identifier: engagement.Id }));
  await engage("two", "Second");
  const titles = (page) => page.EngagementSummaryList.map((one) => one.Title);
  report("lists page after page", await collect(sdk.paginateListEngagements(PAGING, { ...CATALOG }), titles));
  const members = await client.listEngagementMembers({ ...CATALOG, Identifier: engagement.Id });
  report("lists its members", members.EngagementMemberList);
  return engagement.Id;
}

async function reportSettings() {
  const role = { ...CATALOG, ResourceSnapshotJobRoleIdentifier: "snapshots" };
  report("keeps settings", (await client.putSellingSystemSettings(role)).ResourceSnapshotJobRoleArn);
  report("gets them back", await client.getSellingSystemSettings(CATALOG));
}

run(async () => {
  const EngagementIdentifier = await reportEngagements();
  await reportSettings();
  const subject = {
    ...CATALOG,
    EngagementIdentifier,
    ResourceType: "Opportunity",
    ResourceIdentifier: "O123456",
    ResourceSnapshotTemplateIdentifier: "summary",
  };
  const Tags = [{ Key: "team", Value: "sales" }];
  const created = await client.createResourceSnapshotJob({ ...subject, ClientToken: "three", Tags });
  const job = { ...CATALOG, ResourceSnapshotJobIdentifier: created.Id };
  report("creates a snapshot job", created);
  const again = { ...subject, ClientToken: "four" };
  report("is refused another of its subject", await refusal(client.createResourceSnapshotJob(again)));
  report("gets it stopped", await client.getResourceSnapshotJob(job));

  report("starts it", await client.startResourceSnapshotJob(job));
  await advance(30);
  report("gets it running", await client.getResourceSnapshotJob(job));
  const jobs = sdk.paginateListResourceSnapshotJobs(PAGING, { ...CATALOG, Status: "Running" });
  const statuses = (page) => page.ResourceSnapshotJobSummaries.map((one) => one.Status);
  report("lists it", await collect(jobs, statuses));
  const snapshots = await client.listResourceSnapshots({ ...CATALOG, EngagementIdentifier });
  report("lists what it took", snapshots.ResourceSnapshotSummaries);
  report("takes a snapshot itself", await client.createResourceSnapshot({ ...subject, ClientToken: "five" }));
  const linked = await client.listEngagementResourceAssociations({ ...CATALOG, EngagementIdentifier });
  report("lists what belongs to it", linked.EngagementResourceAssociationSummaries);
  const taken = await client.getResourceSnapshot({ ...subject, Revision: 2 });
  report("gets the snapshot", taken.Payload.OpportunitySummary.Lifecycle);

  const tagged = { ResourceArn: created.Arn };
  await client.tagResource({ ...tagged, Tags: [{ Key: "tier", Value: "1" }] });
  report("tags it", await client.listTagsForResource(tagged));
  await client.untagResource({ ...tagged, TagKeys: ["team"] });
  report("untags it", await client.listTagsForResource(tagged));

  report("is refused to delete it while it runs", await refusal(client.deleteResourceSnapshotJob(job)));
  await client.stopResourceSnapshotJob(job);
  report("stops it", (await client.getResourceSnapshotJob(job)).Status);
  report("deletes it", await client.deleteResourceSnapshotJob(job));
  report("misses it then", await refusal(client.getResourceSnapshotJob(job)));

  await reportTroubles(sdk.PartnerCentralSellingClient, sdk.ListEngagementsCommand, CATALOG);
});
