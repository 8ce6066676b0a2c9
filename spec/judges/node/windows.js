// The AWS SDK for JavaScript leads a maintenance window through its life, and one
// execution of it.

const sdk = require("@aws-sdk/client-ssm");
const { advance, collect, control, options, refusal, report, reportTroubles, run } = require("./judge.js");

const client = new sdk.SSM(options());
const INSTANCE = { ResourceType: "INSTANCE", Targets: [{ Key: "InstanceIds", Values: ["i-12345678"] }] };

function create(changes) {
  return client.createMaintenanceWindow({
    Name: "patching",
    Schedule: "rate(1 day)",
    Duration: 3,
    Cutoff: 1,
    AllowUnassociatedTargets: false,
    ...changes,
  });
}

async function open(WindowId) {
  const { WindowExecutionId } = await control("open_window", { WindowId });
  return { WindowExecutionId };
}

async function follow(execution) {
  const states = new Set();
  for (;;) {
    const { $metadata, ...status } = await client.getMaintenanceWindowExecution(execution);
    states.add(status.Status);
    if (status.EndTime) return [[...states], status];
    await advance(30);
  }
}

async function registerTarget(WindowId) {
  const target = await client.registerTargetWithMaintenanceWindow({
    WindowId,
    ...INSTANCE,
    OwnerInformation: "the owner",
  });
  report("registers a target", target);
  return { WindowId, WindowTargetId: target.WindowTargetId };
}

async function registerTask(WindowId, WindowTargetId) {
  const task = await client.registerTaskWithMaintenanceWindow({
    WindowId,
    TaskType: "LAMBDA",
    TaskArn: "arn:aws:lambda:us-east-1:111122223333:function:patch",
    Targets: [{ Key: "WindowTargetIds", Values: [WindowTargetId] }],
    TaskInvocationParameters: { Lambda: { Qualifier: "1", Payload: Buffer.from('{"deep": true}\x00\xff', "latin1") } },
    MaxConcurrency: "2",
    MaxErrors: "1",
  });
  report("registers a task", task);
  return { WindowId, WindowTaskId: task.WindowTaskId };
}

async function reportRegistrations(WindowId, target, task) {
  const kept = await client.getMaintenanceWindowTask(task);
  report("gets its payload back", [...kept.TaskInvocationParameters.Lambda.Payload]);
  report("lists targets", (await client.describeMaintenanceWindowTargets({ WindowId })).Targets);
  report("lists tasks", (await client.describeMaintenanceWindowTasks({ WindowId })).Tasks);
  const owned = { ...target, OwnerInformation: "another owner" };
  report("updates a target", await client.updateMaintenanceWindowTarget(owned));
  const changed = await client.updateMaintenanceWindowTask({ ...task, Priority: 5, MaxErrors: "2" });
  report("updates a task", [changed.Priority, changed.MaxConcurrency, changed.MaxErrors]);
  const ofIt = await client.describeMaintenanceWindowsForTarget(INSTANCE);
  report("lists the target's windows", ofIt.WindowIdentities);
  const schedule = await client.describeMaintenanceWindowSchedule({ WindowId });
  report("sees when it opens next", schedule.ScheduledWindowExecutions.slice(0, 2));
}

async function reportTasks(execution, TaskId) {
  const executed = { ...execution, TaskId };
  report("sees its tasks", await client.describeMaintenanceWindowExecutionTasks(execution));
  report("gets a task", await client.getMaintenanceWindowExecutionTask(executed));
  const { $metadata, ...invocations } = await client.describeMaintenanceWindowExecutionTaskInvocations(executed);
  report("sees a task's invocations", invocations);
  const [{ InvocationId, ...invoked }] = invocations.WindowExecutionTaskInvocationIdentities;
  const invocation = await client.getMaintenanceWindowExecutionTaskInvocation({ ...executed, InvocationId });
  report("gets an invocation", Object.entries(invoked).every(([name, value]) => `${invocation[name]}` === `${value}`));
}

async function reportExecutions(WindowId) {
  const first = await open(WindowId);
  const [states, ended] = await follow(first);
  report("follows an execution", states);
  report("sees how it ended", ended);
  await reportTasks(first, ended.TaskIds[0]);

  const second = await open(WindowId);
  const status = async () => (await client.getMaintenanceWindowExecution(second)).Status;
  await advance(40);
  report("cancels another", await client.cancelMaintenanceWindowExecution(second));
  const cancelling = await status();
  await advance(30);
  report("sees it cancelled", [cancelling, await status()]);
  const { WindowExecutions } = await client.describeMaintenanceWindowExecutions({ WindowId });
  report("lists both", WindowExecutions.map((one) => one.Status));
}

run(async () => {
  const once = { ClientToken: "once", Tags: [{ Key: "team", Value: "ops" }] };
  const made = await create(once);
  const { WindowId } = made;
  report("creates a window", made);
  report("creates it once for one token", (await create(once)).WindowId === WindowId);
  report("is refused another for that token", await refusal(create({ ClientToken: "once", Name: "another" })));
  report("gets it", await client.getMaintenanceWindow({ WindowId }));

  await create({ Name: "other", Schedule: "cron(0 4 ? * SUN *)", ScheduleTimezone: "Etc/UTC" });
  for (let each = 0; each < 10; each++) await create({ Name: `filler-${each}` });
  const pages = sdk.paginateDescribeMaintenanceWindows({ client, pageSize: 10 }, {});
  report("lists page after page", await collect(pages, (page) => page.WindowIdentities.length));
  const named = await client.describeMaintenanceWindows({ Filters: [{ Key: "Name", Values: ["other"] }] });
  report("filters", named.WindowIdentities.map((one) => one.Name));

  await advance(10);
  report("updates it", await client.updateMaintenanceWindow({ WindowId, Description: "changed", Duration: 4 }));

  const tagged = { ResourceType: "MaintenanceWindow", ResourceId: WindowId };
  await client.addTagsToResource({ ...tagged, Tags: [{ Key: "tier", Value: "1" }] });
  report("tags it", await client.listTagsForResource(tagged));
  await client.removeTagsFromResource({ ...tagged, TagKeys: ["team"] });
  report("untags it", await client.listTagsForResource(tagged));

  const target = await registerTarget(WindowId);
  const task = await registerTask(WindowId, target.WindowTargetId);
  await reportRegistrations(WindowId, target, task);
  await reportExecutions(WindowId);

  const deregister = () => client.deregisterTargetFromMaintenanceWindow({ ...target, Safe: true });
  report("is refused a target in use", await refusal(deregister()));
  report("takes the task out", await client.deregisterTaskFromMaintenanceWindow(task));
  report("takes the target out", await deregister());
  report("deletes it", await client.deleteMaintenanceWindow({ WindowId }));
  report("misses it then", await refusal(client.getMaintenanceWindow({ WindowId })));

  await reportTroubles(sdk.SSMClient, sdk.DescribeMaintenanceWindowsCommand);
});
