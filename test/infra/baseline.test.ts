/** What every log in an account has, and what outlives it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Duration } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import { AttributeType, type ITable, Table } from "aws-cdk-lib/aws-dynamodb";
import { Key } from "aws-cdk-lib/aws-kms";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import { metrics } from "../../lib/config/metrics.ts";
import { tableSchema } from "../../lib/engines/aws/schema.ts";
import { at, resourcesOf, synthesise, synthesiseApp } from "./support.ts";

const byDefault = synthesise();
const throwaway = synthesise(() => ({ throwaway: true }));
const everything = synthesise(
  (stack) => ({ restApi: { auth: "iam" }, alarmTopic: new Topic(stack, "Topic") }),
  (log) => log.alarmOnConsumerLag(10_000),
);

test("the table is as the engine wants it, on demand, recoverable and protected", () => {
  byDefault.template.hasResource("AWS::DynamoDB::Table", {
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      KeySchema: [
        { AttributeName: tableSchema.partitionKey, KeyType: "HASH" },
        { AttributeName: tableSchema.sortKey, KeyType: "RANGE" },
      ],
      BillingMode: tableSchema.billingMode,
      TimeToLiveSpecification: { AttributeName: tableSchema.timeToLive, Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    },
  });
});

test("the bucket is private, encrypted, versioned, by TLS only, and outlives its stack", () => {
  byDefault.template.hasResource("AWS::S3::Bucket", {
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      VersioningConfiguration: { Status: "Enabled" },
    },
  });
  byDefault.template.hasResourceProperties("AWS::S3::BucketPolicy", {
    PolicyDocument: {
      Statement: [Match.objectLike({ Effect: "Deny", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } })],
    },
  });
});

test("no lifecycle rule deletes records by their age", () => {
  const [bucket] = resourcesOf(byDefault.template, "AWS::S3::Bucket");
  assert.deepEqual(at(bucket?.Properties, "LifecycleConfiguration", "Rules"), [
    {
      Id: "forget-deleted",
      Status: "Enabled",
      NoncurrentVersionExpiration: { NoncurrentDays: 7 },
      ExpiredObjectDeleteMarker: true,
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    },
  ]);
});

test("a key of one's own encrypts the table and the bucket", () => {
  const { template } = synthesise((stack) => ({ encryptionKey: new Key(stack, "Key") }));
  template.hasResourceProperties("AWS::DynamoDB::Table", { SSESpecification: { SSEEnabled: true, SSEType: "KMS" } });
  template.hasResourceProperties("AWS::S3::Bucket", {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
    },
  });
});

test("what a throwaway log holds goes with its stack; of any other, data and logs stay", () => {
  const kept = (of: typeof byDefault) => resourcesOf(of.template).filter(({ DeletionPolicy }) => DeletionPolicy === "Retain");
  assert.deepEqual(kept(throwaway), []);
  throwaway.template.hasResourceProperties("AWS::DynamoDB::Table", { DeletionProtectionEnabled: false });
  throwaway.template.resourceCountIs("Custom::S3AutoDeleteObjects", 1);
  const types = new Set(kept(byDefault).map(({ Type }) => Type));
  assert.deepEqual(types, new Set(["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Logs::LogGroup"]));
  byDefault.template.resourceCountIs("Custom::S3AutoDeleteObjects", 0);
});

test("a branch's stack is throwaway and named by its branch", () => {
  const { stack, template } = synthesiseApp({ branch: "feature/new codec" });
  assert.equal(stack.stackName, "Stratalog-feature-new-codec");
  assert.equal(stack.log.logName, stack.stackName);
  assert.deepEqual(
    resourcesOf(template).filter(({ DeletionPolicy }) => DeletionPolicy === "Retain"),
    [],
  );
});

test("parts can be brought", () => {
  const { template, log } = synthesise((stack) => ({
    table: new Table(stack, "MyTable", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
    }) as ITable,
    bucket: Bucket.fromBucketName(stack, "MyBucket", "my-bucket"),
    encryptionKey: new Key(stack, "Key"),
  }));
  template.resourceCountIs("AWS::DynamoDB::Table", 1);
  template.resourceCountIs("AWS::S3::Bucket", 0);
  const [role] = resourcesOf(template, "AWS::IAM::Role").filter(({ id }) => id.startsWith("LogApiRole"));
  assert.match(JSON.stringify(role?.Properties), /:s3:::my-bucket\/j\/\*/);
  assert.equal(log.bucket.bucketName, "my-bucket");
});

test("every function runs on arm64 and Node 24, with its concurrency reserved and a log group that forgets", () => {
  const functions = resourcesOf(everything.template, "AWS::Lambda::Function");
  assert.equal(functions.length, 3);
  for (const { Properties, id } of functions) {
    assert.deepEqual([Properties["Architectures"], Properties["Runtime"]], [["arm64"], "nodejs24.x"], id);
    assert.equal(typeof Properties["ReservedConcurrentExecutions"], "number", id);
    assert.notEqual(at(Properties, "LoggingConfig", "LogGroup", "Ref"), undefined, id);
  }
  const groups = resourcesOf(everything.template, "AWS::Logs::LogGroup");
  assert.equal(groups.length, 4);
  for (const { Properties } of groups) assert.equal(Properties["RetentionInDays"], 30);
});

test("settings reach what they are about", () => {
  const { template } = synthesise(() => ({
    api: { memoryMb: 512, timeout: Duration.minutes(2), reservedConcurrency: 7 },
    janitorInterval: Duration.minutes(10),
    logRetention: RetentionDays.ONE_YEAR,
    logLevel: "warn",
    logName: "mine",
    dashboard: false,
  }));
  template.hasResourceProperties("AWS::Lambda::Function", {
    MemorySize: 512,
    Timeout: 120,
    ReservedConcurrentExecutions: 7,
    Environment: { Variables: { STRATALOG_LOG_NAME: "mine", STRATALOG_LOG_LEVEL: "warn" } },
  });
  template.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "rate(10 minutes)", State: "ENABLED" });
  template.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: 365 });
  template.resourceCountIs("AWS::CloudWatch::Dashboard", 0);
  const unreserved = synthesise(() => ({ reserveConcurrency: false }));
  template.resourceCountIs("AWS::Lambda::Function", 3);
  for (const { Properties } of resourcesOf(unreserved.template, "AWS::Lambda::Function")) {
    assert.equal(Properties["ReservedConcurrentExecutions"], undefined);
  }
});

test("a name that metrics cannot have is refused", () => {
  assert.throws(() => synthesise(() => ({ logName: "my log" })), /logName must be 1 to 64 letters/);
});

test("every alarm leads to a section of the runbook, and to the topic", () => {
  const alarms = resourcesOf(everything.template, "AWS::CloudWatch::Alarm");
  assert.deepEqual(Object.keys(everything.log.alarms).toSorted(), [
    "ApiDuration",
    "ApiErrors",
    "ApiThrottles",
    "ConsumerLag",
    "JanitorErrors",
    "JanitorFailures",
    "JanitorIncomplete",
    "JanitorSilent",
    "ResourcesErrors",
    "RestServerErrors",
    "ServerErrors",
    "TableThrottles",
    "UnsealedAge",
  ]);
  assert.equal(alarms.length, Object.keys(everything.log.alarms).length);
  const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
  const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
  for (const { Properties, id } of alarms) {
    const [, anchor] = /docs\/runbook\.md#([\w-]+)$/.exec(String(Properties["AlarmDescription"])) ?? [];
    assert.ok(anchor !== undefined && anchors.includes(anchor), `${id}: ${String(Properties["AlarmDescription"])}`);
    assert.equal((Properties["AlarmActions"] as unknown[]).length, 1, id);
  }
});

test("alarms and graphs name metrics that the log has", () => {
  const own = new Set<unknown>(Object.keys(metrics));
  const named = resourcesOf(everything.template, "AWS::CloudWatch::Alarm").filter(
    ({ Properties }) => Properties["Namespace"] === "Stratalog",
  );
  assert.equal(named.length, 5);
  for (const { Properties } of named) {
    assert.ok(own.has(Properties["MetricName"]));
    assert.deepEqual(Properties["Dimensions"], [{ Name: "Log", Value: everything.log.logName }]);
  }
  const [dashboard] = resourcesOf(everything.template, "AWS::CloudWatch::Dashboard");
  const drawn = [...JSON.stringify(dashboard?.Properties).matchAll(/\[\\+"Stratalog\\+",\\+"(\w+)/g)].map(([, name]) => name);
  assert.ok(drawn.length > 10);
  assert.deepEqual(
    drawn.filter((name) => !own.has(name)),
    [],
  );
});
