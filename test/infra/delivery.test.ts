/** What calls functions with records: made with the first consumer, and what of it may do what. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { App, Stack } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import { AttributeType, type ITable, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Key } from "aws-cdk-lib/aws-kms";
import { StartingPosition } from "aws-cdk-lib/aws-lambda";
import { KafkaDlq, S3OnFailureDestination, SnsDlq, SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Bucket, type IBucket } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { EventLog, type EventLogProps, StratalogEventSource } from "../../infra/constructs/index.ts";
import { at, functionsFolder, resourcesOf, statementsOf, type Synthesised, synthesise } from "./support.ts";
import { actionsOf, addFunction, byId, consumersOf, start, triggered } from "./triggers.ts";

const one = triggered();

test("a log without consumers has nothing of all that", () => {
  const without = synthesise(undefined, (log, stack) => {
    log.topic("orders");
    addFunction(stack);
  });
  assert.equal(without.log.delivery, undefined);
  const idsOf = ({ template }: Synthesised) => resourcesOf(template).map(({ id }) => id);
  const [before, after] = [idsOf(without), idsOf(one)];
  assert.deepEqual(
    before.filter((id) => !after.includes(id)),
    [],
  );
  const added = after.filter((id) => !before.includes(id)).map((id) => id.replace(/[0-9A-F]{8}$/, ""));
  assert.deepEqual(added.map((id) => id.replace(/([a-z])[0-9a-f]{8}$/, "$1").replace(/AllowEventRule.*/, "AllowEventRule")).toSorted(), [
    "BillingStratalog",
    "BillingStratalogDeliver",
    "LogAlarmsDeliverErrors",
    "LogAlarmsHintsLate",
    "LogAlarmsRouterErrors",
    "LogDeliveryDeliverFunction",
    "LogDeliveryDeliverFunctionEventInvokeConfig",
    "LogDeliveryDeliverLogs",
    "LogDeliveryDeliverRole",
    "LogDeliveryHandOn",
    "LogDeliveryHints",
    "LogDeliveryRouterFunction",
    "LogDeliveryRouterFunctionEventInvokeConfig",
    "LogDeliveryRouterLogs",
    "LogDeliveryRouterRole",
    "LogDeliverySweep",
    "LogDeliverySweepAllowEventRule",
  ]);
  // Of what was there before, only the table and the dashboard are others.
  const changed = resourcesOf(without.template).filter(
    (was) => JSON.stringify(was) !== JSON.stringify(resourcesOf(one.template).find(({ id }) => id === was.id)),
  );
  assert.deepEqual(changed.map(({ Type }) => Type).toSorted(), ["AWS::CloudWatch::Dashboard", "AWS::DynamoDB::Table"]);
  const [table] = resourcesOf(without.template, "AWS::DynamoDB::Table");
  const { StreamSpecification: stream, ...rest } = byId(one, "AWS::DynamoDB::Table", "LogTable").Properties;
  assert.deepEqual([stream, rest], [{ StreamViewType: "KEYS_ONLY" }, table?.Properties]);
});

test("the stream tells of heads alone, and nothing hangs on a hint", () => {
  one.template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    EventSourceArn: { "Fn::GetAtt": [byId(one, "AWS::DynamoDB::Table", "LogTable").id, "StreamArn"] },
    BatchSize: 1_000,
    MaximumRetryAttempts: 1,
    MaximumRecordAgeInSeconds: 60,
    FilterCriteria: {
      Filters: [
        {
          Pattern: JSON.stringify({
            eventName: ["INSERT", "MODIFY"],
            dynamodb: { Keys: { pk: { S: [{ prefix: "H#" }] }, sk: { S: ["H"] } } },
          }),
        },
      ],
    },
  });
  one.template.hasResourceProperties("AWS::Events::Rule", {
    ScheduleExpression: "rate(1 minute)",
    Targets: [{ Arn: { "Fn::GetAtt": [byId(one, "AWS::Lambda::Function", "LogDeliveryRouter").id, "Arn"] } }],
  });
});

test("deliveries are not repeated by Lambda, and may go on as long as there are records", () => {
  one.template.hasResourceProperties("AWS::Lambda::Function", {
    Description: Match.stringLikeRegexp("^what delivers"),
    MemorySize: 512,
    Timeout: 900,
    RecursiveLoop: "Allow",
    Environment: {
      Variables: {
        STRATALOG_EVENT_SOURCE_ARN: { "Fn::GetAtt": [byId(one, "AWS::DynamoDB::Table", "LogTable").id, "Arn"] },
        STRATALOG_BOOTSTRAP_SERVERS: Match.anyValue(),
      },
    },
  });
  one.template.allResourcesProperties("AWS::Lambda::EventInvokeConfig", { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
  one.template.resourceCountIs("AWS::Lambda::EventInvokeConfig", 2);
  for (const { id, Properties } of resourcesOf(one.template, "AWS::Lambda::Function")) {
    if (id.startsWith("LogDelivery")) assert.equal(Properties["ReservedConcurrentExecutions"], undefined);
  }
});

test("events say where they come from, whichever door the log has", () => {
  const servers = (props: EventLogProps) => {
    const deliver = byId(
      triggered({}, () => props),
      "AWS::Lambda::Function",
      "LogDeliveryDeliver",
    );
    return JSON.stringify(at(deliver.Properties, "Environment", "Variables", "STRATALOG_BOOTSTRAP_SERVERS"));
  };
  assert.match(servers({}), /FunctionUrl.*:443/);
  assert.match(servers({ functionUrl: false, restApi: { auth: "iam" } }), /execute-api.*:443/);
});

const ownLog = ["logs:CreateLogStream", "logs:PutLogEvents"];

test("the router may read the table and its stream and start deliveries, and nothing else", () => {
  assert.deepEqual(actionsOf(byId(one, "AWS::IAM::Role", "LogDeliveryRouterRole")), [
    ...[...ownLog, "dynamodb:GetItem", "dynamodb:Query"],
    ...["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map((action) => `dynamodb:${action}`),
    "lambda:InvokeFunction",
  ]);
  const withKey = triggered({}, (stack) => ({ encryptionKey: new Key(stack, "Key") }));
  const keyActions = actionsOf(byId(withKey, "AWS::IAM::Role", "LogDeliveryRouterRole")).filter((action) => action.startsWith("kms:"));
  assert.deepEqual(keyActions, ["kms:Decrypt", "kms:DescribeKey"]);
});

test("what delivers may use the log as the API does, and invoke itself and the functions that are triggered", () => {
  const role = byId(one, "AWS::IAM::Role", "LogDeliveryDeliverRole");
  assert.deepEqual(actionsOf(role), actionsOf(byId(one, "AWS::IAM::Role", "LogApiRole")));
  const deliver = byId(one, "AWS::Lambda::Function", "LogDeliveryDeliverFunction");
  const policies = resourcesOf(one.template, "AWS::IAM::Policy").filter(({ id }) => id.startsWith("LogDelivery"));
  assert.deepEqual(policies.flatMap(statementsOf), [
    { Action: "lambda:InvokeFunction", Effect: "Allow", Resource: { "Fn::GetAtt": [deliver.id, "Arn"] } },
  ]);
  const permissions = resourcesOf(one.template, "AWS::Lambda::Permission").filter(({ id }) => id.startsWith("Billing"));
  assert.deepEqual(
    permissions.map(({ Properties }) => Properties),
    [
      {
        Action: "lambda:InvokeFunction",
        FunctionName: { "Fn::GetAtt": [byId(one, "AWS::Lambda::Function", "Billing").id, "Arn"] },
        Principal: { "Fn::GetAtt": [role.id, "Arn"] },
      },
    ],
  );
});

test("no policy of what delivers has a wildcard, but for the log's objects", () => {
  const resources = [...resourcesOf(one.template, "AWS::IAM::Role"), ...resourcesOf(one.template, "AWS::IAM::Policy")];
  for (const resource of resources.filter(({ id }) => id.startsWith("LogDelivery"))) {
    for (const { Action, Resource: on } of statementsOf(resource)) {
      assert.ok(
        !JSON.stringify([Action, on])
          .replace(/"\/[jo]\/\*"/, "")
          .includes("*"),
        resource.id,
      );
    }
  }
});

test("what delivers gets the right to send where failures go", () => {
  const destinations = {
    "sqs:SendMessage": (stack: Stack) => new SqsDlq(new Queue(stack, "Dead")),
    "sns:Publish": (stack: Stack) => new SnsDlq(new Topic(stack, "Dead")),
    "s3:PutObject": (stack: Stack) => new S3OnFailureDestination(new Bucket(stack, "Dead") as IBucket),
  };
  for (const [action, onFailure] of Object.entries(destinations)) {
    const made = triggered((_, stack) => ({ onFailure: onFailure(stack) }));
    assert.ok(actionsOf(byId(made, "AWS::IAM::Policy", "LogDeliveryDeliverRoleDefaultPolicy")).includes(action));
    assert.match(JSON.stringify(consumersOf(made)[0]?.["onFailure"]), /"Dead/);
  }
  const [consumer] = consumersOf(triggered({ onFailure: new KafkaDlq("dead") }));
  assert.equal(consumer?.["onFailure"], "kafka://dead");
});

test("a function of another stack depends on the log's, never the other way round", () => {
  const app = new App();
  const home = new Stack(app, "Home");
  const away = new Stack(app, "Away");
  const log = new EventLog(home, "Log", { functionsFolder });
  const source = { topic: log.topic("orders"), ...start };
  addFunction(away).addEventSource(new StratalogEventSource(log, { ...source, onFailure: new SqsDlq(new Queue(away, "Dead")) }));
  const template = Template.fromStack(away);
  template.resourceCountIs("Custom::StratalogConsumer", 1);
  const [policy] = resourcesOf(template, "AWS::IAM::Policy").filter(({ id }) => id.startsWith("BillingStratalog"));
  assert.ok(policy !== undefined && actionsOf(policy).includes("sqs:SendMessage"));
  assert.match(JSON.stringify(policy.Properties["Roles"]), /LogDeliveryDeliverRole/);
  assert.deepEqual([away.dependencies, home.dependencies], [[home], []]);
});

test("finding records of a time takes reading records, which only then is allowed", () => {
  const at = { startingPosition: StartingPosition.AT_TIMESTAMP, startingPositionTimestamp: 1_700_000_000 };
  const made = triggered(at);
  const policy = byId(made, "AWS::IAM::Policy", "LogDeliveryTimeLookups");
  assert.deepEqual(actionsOf(policy), ["s3:GetObject", "s3:GetObject", "s3:ListBucket"]);
  assert.deepEqual(policy.Properties["Roles"], [{ Ref: byId(made, "AWS::IAM::Role", "LogResourcesRole").id }]);
  const [consumer] = resourcesOf(made.template, "Custom::StratalogConsumer");
  assert.match(JSON.stringify(consumer), /"DependsOn":\[.*LogDeliveryTimeLookups/);
});

const ownTable = (stack: Stack, stream?: StreamViewType): ITable =>
  new Table(stack, "Own", {
    partitionKey: { name: "pk", type: AttributeType.STRING },
    sortKey: { name: "sk", type: AttributeType.STRING },
    ...(stream && { stream }),
  }) as ITable;

test("a table of one's own gives its stream, or there is a warning and the sweep alone", () => {
  const withStream = triggered({}, (stack) => ({ table: ownTable(stack, StreamViewType.NEW_IMAGE) }));
  withStream.template.hasResourceProperties("AWS::DynamoDB::Table", { StreamSpecification: { StreamViewType: "NEW_IMAGE" } });
  withStream.template.resourceCountIs("AWS::Lambda::EventSourceMapping", 1);
  Annotations.fromStack(withStream.stack).hasNoWarning("*", Match.anyValue());

  const imported = { tableName: "log", tableStreamArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/log/stream/2026" };
  const known = triggered({}, (stack) => ({ table: Table.fromTableAttributes(stack, "Own", imported) }));
  known.template.hasResourceProperties("AWS::Lambda::EventSourceMapping", { EventSourceArn: imported.tableStreamArn });

  const without = triggered({}, (stack) => ({ table: ownTable(stack) }));
  without.template.resourceCountIs("AWS::Lambda::EventSourceMapping", 0);
  without.template.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "rate(1 minute)" });
  Annotations.fromStack(without.stack).hasWarning("/Test/Log/Delivery", Match.stringLikeRegexp("a minute late.*tableStreamArn"));
  assert.deepEqual([without.log.delivery?.hints, without.log.alarms["HintsLate"]], [undefined, undefined]);
  assert.ok(!actionsOf(byId(without, "AWS::IAM::Role", "LogDeliveryRouterRole")).some((action) => /^dynamodb:.*Stream/.test(action)));
});

test("its alarms lead to the runbook, and it has a row of the dashboard", () => {
  const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
  const own = ["DeliverErrors", "HintsLate", "RouterErrors"];
  const without = Object.keys(synthesise().log.alarms);
  assert.deepEqual(
    Object.keys(one.log.alarms)
      .filter((name) => !without.includes(name))
      .toSorted(),
    own,
  );
  for (const name of own) {
    const alarm = byId(one, "AWS::CloudWatch::Alarm", `LogAlarms${name}`);
    const [, anchor = ""] = /docs\/runbook\.md#([\w-]+)$/.exec(String(alarm.Properties["AlarmDescription"])) ?? [];
    assert.match(runbook, new RegExp(`^## ${anchor.replaceAll("-", " ")}$`, "im"));
    assert.match(runbook, new RegExp(`^\`${name}\``, "m"));
  }
  const drawn = JSON.stringify(byId(one, "AWS::CloudWatch::Dashboard", "LogDashboard").Properties);
  for (const title of ["Deliveries", "Deliveries at once", "Router"]) assert.ok(drawn.includes(`\\"title\\":\\"${title}\\"`), title);
  triggered({}, () => ({ dashboard: false })).template.resourceCountIs("AWS::CloudWatch::Dashboard", 0);
});
