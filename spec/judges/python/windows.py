"""boto3 leads a maintenance window through its life, and one execution of it."""

from judge import advance, client, control, refusal, report, report_troubles

ssm = client("ssm")


def create(**params):
    return ssm.create_maintenance_window(
        **{
            "Name": "patching",
            "Schedule": "rate(1 day)",
            "Duration": 3,
            "Cutoff": 1,
            "AllowUnassociatedTargets": False,
            **params,
        }
    )


made = create(ClientToken="once", Tags=[{"Key": "team", "Value": "ops"}])
window = made["WindowId"]
report("creates a window", made)
again = create(ClientToken="once", Tags=[{"Key": "team", "Value": "ops"}])
report("creates it once for one token", again["WindowId"] == window)
report("is refused another for that token", refusal(create, ClientToken="once", Name="another"))
report("gets it", ssm.get_maintenance_window(WindowId=window))

create(Name="other", Schedule="cron(0 4 ? * SUN *)", ScheduleTimezone="Etc/UTC")
for each in range(10):
    create(Name=f"filler-{each}")
pages = ssm.get_paginator("describe_maintenance_windows").paginate(PaginationConfig={"PageSize": 10})
report("lists page after page", [len(page["WindowIdentities"]) for page in pages])
named = ssm.describe_maintenance_windows(Filters=[{"Key": "Name", "Values": ["other"]}])
report("filters", [each["Name"] for each in named["WindowIdentities"]])

advance(10)
report("updates it", ssm.update_maintenance_window(WindowId=window, Description="changed", Duration=4))

tagged = {"ResourceType": "MaintenanceWindow", "ResourceId": window}
ssm.add_tags_to_resource(**tagged, Tags=[{"Key": "tier", "Value": "1"}])
report("tags it", ssm.list_tags_for_resource(**tagged))
ssm.remove_tags_from_resource(**tagged, TagKeys=["team"])
report("untags it", ssm.list_tags_for_resource(**tagged))

target = ssm.register_target_with_maintenance_window(
    WindowId=window,
    ResourceType="INSTANCE",
    Targets=[{"Key": "InstanceIds", "Values": ["i-0123456789abcdef0"]}],
    OwnerInformation="the owner",
)
report("registers a target", target)
task = ssm.register_task_with_maintenance_window(
    WindowId=window,
    TaskType="LAMBDA",
    TaskArn="arn:aws:lambda:us-east-1:111122223333:function:patch",
    Targets=[{"Key": "WindowTargetIds", "Values": [target["WindowTargetId"]]}],
    TaskInvocationParameters={"Lambda": {"Qualifier": "1", "Payload": b'{"deep": true}\x00\xff'}},
    MaxConcurrency="2",
    MaxErrors="1",
)
report("registers a task", task)
ids = {"WindowId": window, "WindowTaskId": task["WindowTaskId"]}
payload = ssm.get_maintenance_window_task(**ids)["TaskInvocationParameters"]["Lambda"]["Payload"]
report("gets its payload back", list(payload))

execution = control("open_window", {"WindowId": window})["WindowExecutionId"]
states = []
while True:
    status = ssm.get_maintenance_window_execution(WindowExecutionId=execution)
    if status["Status"] not in states:
        states.append(status["Status"])
    if "EndTime" in status:
        break
    advance(30)
report("follows an execution", states)
report("sees how it ended", status)
tasks = ssm.describe_maintenance_window_execution_tasks(WindowExecutionId=execution)
report("sees its tasks", tasks)
ids = {"WindowExecutionId": execution, "TaskId": status["TaskIds"][0]}
report("sees a task's invocations", ssm.describe_maintenance_window_execution_task_invocations(**ids))

second = control("open_window", {"WindowId": window})["WindowExecutionId"]
advance(40)
report("cancels another", ssm.cancel_maintenance_window_execution(WindowExecutionId=second))
states = [ssm.get_maintenance_window_execution(WindowExecutionId=second)["Status"]]
advance(30)
states.append(ssm.get_maintenance_window_execution(WindowExecutionId=second)["Status"])
report("sees it cancelled", states)
executions = ssm.describe_maintenance_window_executions(WindowId=window)
report("lists both", [each["Status"] for each in executions["WindowExecutions"]])

safely = {"WindowId": window, "WindowTargetId": target["WindowTargetId"], "Safe": True}
report("is refused a target in use", refusal(ssm.deregister_target_from_maintenance_window, **safely))
report("deletes it", ssm.delete_maintenance_window(WindowId=window))
report("misses it then", refusal(ssm.get_maintenance_window, WindowId=window))

report_troubles("ssm", "describe_maintenance_windows")
