"""boto3 leads a resource snapshot job through its life, in an engagement."""

from judge import advance, client, refusal, report, report_troubles

selling = client("partnercentral-selling")
CATALOG = {"Catalog": "AWS"}


def engage(token, title):
    return selling.create_engagement(
        **CATALOG,
        ClientToken=token,
        Title=title,
        Description="Together",
        Contexts=[
            {
                "Type": "CustomerProject",
                "Payload": {
                    "CustomerProject": {
                        "Customer": {
                            "Industry": "Software and Internet",
                            "CompanyName": "Example Corp",
                            "WebsiteUrl": "https://example.com",
                            "CountryCode": "DE",
                        },
                        "Project": {
                            "Title": "Move",
                            "BusinessProblem": "A data centre that is too small for what it has to do.",
                            "TargetCompletionDate": "2027-03-31",
                        },
                    }
                },
            }
        ],
    )


def pages(operation, **params):
    return selling.get_paginator(operation).paginate(**CATALOG, **params, PaginationConfig={"PageSize": 1})


engagement = engage("one", "First")
report("creates an engagement", engagement)
report("creates it once for one token", engage("one", "First")["Id"] == engagement["Id"])
report("is refused another for that token", refusal(engage, token="one", title="Second"))
report("gets it", selling.get_engagement(**CATALOG, Identifier=engagement["Id"]))
engage("two", "Second")
listed = pages("list_engagements")
report("lists page after page", [[each["Title"] for each in page["EngagementSummaryList"]] for page in listed])
members = selling.list_engagement_members(**CATALOG, Identifier=engagement["Id"])
report("lists its members", members["EngagementMemberList"])
settings = selling.put_selling_system_settings(**CATALOG, ResourceSnapshotJobRoleIdentifier="snapshots")
report("keeps settings", settings["ResourceSnapshotJobRoleArn"])
report("gets them back", selling.get_selling_system_settings(**CATALOG))

subject = {
    "EngagementIdentifier": engagement["Id"],
    "ResourceType": "Opportunity",
    "ResourceIdentifier": "O123456",
    "ResourceSnapshotTemplateIdentifier": "summary",
}
created = selling.create_resource_snapshot_job(
    **CATALOG, **subject, ClientToken="three", Tags=[{"Key": "team", "Value": "sales"}]
)
job = {**CATALOG, "ResourceSnapshotJobIdentifier": created["Id"]}
report("creates a snapshot job", created)
again = {**CATALOG, **subject, "ClientToken": "four"}
report("is refused another of its subject", refusal(selling.create_resource_snapshot_job, **again))
report("gets it stopped", selling.get_resource_snapshot_job(**job))

started = selling.start_resource_snapshot_job(**job)
report("starts it", started)
advance(30)
report("gets it running", selling.get_resource_snapshot_job(**job))
jobs = pages("list_resource_snapshot_jobs", Status="Running")
report("lists it", [[each["Status"] for each in page["ResourceSnapshotJobSummaries"]] for page in jobs])
snapshots = selling.list_resource_snapshots(**CATALOG, EngagementIdentifier=engagement["Id"])
report("lists what it took", snapshots["ResourceSnapshotSummaries"])
report("takes a snapshot itself", selling.create_resource_snapshot(**CATALOG, **subject, ClientToken="five"))
linked = selling.list_engagement_resource_associations(**CATALOG, EngagementIdentifier=engagement["Id"])
report("lists what belongs to it", linked["EngagementResourceAssociationSummaries"])
taken = selling.get_resource_snapshot(**CATALOG, **subject, Revision=2)
report("gets the snapshot", taken["Payload"]["OpportunitySummary"]["Lifecycle"])

tagged = {"ResourceArn": created["Arn"]}
selling.tag_resource(**tagged, Tags=[{"Key": "tier", "Value": "1"}])
report("tags it", selling.list_tags_for_resource(**tagged))
selling.untag_resource(**tagged, TagKeys=["team"])
report("untags it", selling.list_tags_for_resource(**tagged))

report("is refused to delete it while it runs", refusal(selling.delete_resource_snapshot_job, **job))
selling.stop_resource_snapshot_job(**job)
report("stops it", selling.get_resource_snapshot_job(**job)["Status"])
report("deletes it", selling.delete_resource_snapshot_job(**job))
report("misses it then", refusal(selling.get_resource_snapshot_job, **job))

report_troubles("partnercentral-selling", "list_engagements")
