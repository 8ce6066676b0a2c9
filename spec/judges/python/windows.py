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
    Targets=[{"Key": "InstanceIds", "Values": ["i-12345678"]}],
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

report("lists targets", ssm.describe_maintenance_window_targets(WindowId=window)["Targets"])
report("lists tasks", ssm.describe_maintenance_window_tasks(WindowId=window)["Tasks"])
there = {"WindowId": window, "WindowTargetId": target["WindowTargetId"]}
report("updates a target", ssm.update_maintenance_window_target(**there, OwnerInformation="another owner"))
changed = ssm.update_maintenance_window_task(**ids, Priority=5, MaxErrors="2")
report("updates a task", [changed["Priority"], changed["MaxConcurrency"], changed["MaxErrors"]])
instance = {"ResourceType": "INSTANCE", "Targets": [{"Key": "InstanceIds", "Values": ["i-12345678"]}]}
of_it = ssm.describe_maintenance_windows_for_target(**instance)["WindowIdentities"]
report("lists the target's windows", of_it)
schedule = ssm.describe_maintenance_window_schedule(WindowId=window)["ScheduledWindowExecutions"]
report("sees when it opens next", schedule[:2])

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
executed = {"WindowExecutionId": execution, "TaskId": status["TaskIds"][0]}
report("gets a task", ssm.get_maintenance_window_execution_task(**executed))
invocations = ssm.describe_maintenance_window_execution_task_invocations(**executed)
report("sees a task's invocations", invocations)
invoked = invocations["WindowExecutionTaskInvocationIdentities"][0]
invocation = ssm.get_maintenance_window_execution_task_invocation(**executed, InvocationId=invoked["InvocationId"])
invocation.pop("ResponseMetadata")
report("gets an invocation", invocation == invoked)

second = control("open_window", {"WindowId": window})["WindowExecutionId"]
advance(40)
report("cancels another", ssm.cancel_maintenance_window_execution(WindowExecutionId=second))
states = [ssm.get_maintenance_window_execution(WindowExecutionId=second)["Status"]]
advance(30)
states.append(ssm.get_maintenance_window_execution(WindowExecutionId=second)["Status"])
report("sees it cancelled", states)
executions = ssm.describe_maintenance_window_executions(WindowId=window)
report("lists both", [each["Status"] for each in executions["WindowExecutions"]])

report("is refused a target in use", refusal(ssm.deregister_target_from_maintenance_window, **there, Safe=True))
report("takes the task out", ssm.deregister_task_from_maintenance_window(**ids))
report("takes the target out", ssm.deregister_target_from_maintenance_window(**there, Safe=True))
report("deletes it", ssm.delete_maintenance_window(WindowId=window))
report("misses it then", refusal(ssm.get_maintenance_window, WindowId=window))

report_troubles("ssm", "describe_maintenance_windows")
