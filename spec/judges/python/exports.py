"""boto3 leads a billing export through its life."""

from judge import advance, client, refusal, report, report_troubles

exports = client("bcm-data-exports")


def definition(name, **changes):
    return {
        "Name": name,
        "DataQuery": {
            "QueryStatement": "SELECT bill_payer_account_id, line_item_unblended_cost FROM COST_AND_USAGE_REPORT",
            "TableConfigurations": {"COST_AND_USAGE_REPORT": {"TIME_GRANULARITY": "DAILY"}},
        },
        "DestinationConfigurations": {
            "S3Destination": {
                "S3Bucket": "bucket",
                "S3Prefix": "prefix",
                "S3Region": "us-east-1",
                "S3OutputConfigurations": {
                    "OutputType": "CUSTOM",
                    "Format": "TEXT_OR_CSV",
                    "Compression": "GZIP",
                    "Overwrite": "OVERWRITE_REPORT",
                },
            },
        },
        "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
        **changes,
    }


def pages(operation, **params):
    return exports.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}, **params)


nightly = exports.create_export(Export=definition("nightly"), ResourceTags=[{"Key": "team", "Value": "finance"}])
arn = nightly["ExportArn"]
report("creates an export", nightly)
report("is refused another of its name", refusal(exports.create_export, Export=definition("nightly")))
report("gets it", exports.get_export(ExportArn=arn))

exports.create_export(Export=definition("other", Description="of every day — täglich"))
report(
    "lists page after page",
    [[export["ExportName"] for export in page["Exports"]] for page in pages("list_exports")],
)

advance(10)
report("updates it", exports.update_export(ExportArn=arn, Export=definition("nightly", Description="changed")))
updated = exports.get_export(ExportArn=arn)
report("sees the change", [updated["Export"]["Description"], updated["ExportStatus"]["LastUpdatedAt"]])

exports.tag_resource(ResourceArn=arn, ResourceTags=[{"Key": "team", "Value": "ops"}, {"Key": "tier", "Value": "1"}])
report("tags it", exports.list_tags_for_resource(ResourceArn=arn))
exports.untag_resource(ResourceArn=arn, ResourceTagKeys=["team"])
report("untags it", exports.list_tags_for_resource(ResourceArn=arn))

advance(50)
identifier = exports.list_executions(ExportArn=arn)["Executions"][0]["ExecutionId"]
states = []
while True:
    execution = exports.get_execution(ExportArn=arn, ExecutionId=identifier)
    status = execution["ExecutionStatus"]
    if status["StatusCode"] not in states:
        states.append(status["StatusCode"])
    if "CompletedAt" in status:
        break
    advance(30)
report("follows an execution", states)
report("sees how it ended", status)
report("sees the export refreshed", exports.get_export(ExportArn=arn)["ExportStatus"])

report("lists the tables", [table["TableName"] for page in pages("list_tables") for table in page["Tables"]])
table = exports.get_table(TableName="COST_AND_USAGE_REPORT", TableProperties={"TIME_GRANULARITY": "MONTHLY"})
report("gets a table", [table["TableProperties"]["TIME_GRANULARITY"], table["Schema"][0]])

report("deletes it", exports.delete_export(ExportArn=arn))
report("misses it then", refusal(exports.get_export, ExportArn=arn))

report_troubles("bcm-data-exports", "list_exports")
