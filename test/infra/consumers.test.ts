/** Functions that are triggered: what a consumer is declared as, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { App, CfnParameter, Duration, Lazy, Stack } from "aws-cdk-lib";
import type { Template } from "aws-cdk-lib/assertions";
import {
  Alias,
  FilterCriteria,
  FilterRule,
  Function as LambdaFunction,
  type IFunction,
  type IVersion,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { KafkaDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { EventLog, StratalogEventSource, type StratalogEventSourceProps, TopicOnFailureDestination } from "../../infra/constructs/index.ts";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { consumerResource } from "../../lib/lambda/consumer-resource.ts";
import { createLog } from "../../lib/log/create-log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { at, functionsFolder, type Resource, resourcesOf, statementsOf, synthesise } from "./support.ts";
import { addFunction, byId, consumersOf, start, triggered } from "./triggers.ts";

const one = triggered();

test("a consumer is declared with its function and with what was set, once its topic is there", () => {
  const [consumer = assert.fail()] = resourcesOf(one.template, "Custom::StratalogConsumer");
  assert.deepEqual(consumersOf(one), [
    {
      group: "Test-Billing-394F3DDA-orders",
      topic: "orders",
      target: { "Fn::GetAtt": [byId(one, "AWS::Lambda::Function", "Billing").id, "Arn"] },
      targetTimeoutMs: 3_000,
      startingPosition: "TRIM_HORIZON",
    },
  ]);
  assert.match(JSON.stringify(consumer.Properties["ServiceToken"]), /LogResourcesFunction/);
  const before = (consumer as Resource & { readonly DependsOn: readonly string[] }).DependsOn;
  assert.ok(before.includes(byId(one, "Custom::StratalogTopic", "LogTopicorders").id));
  assert.ok(before.includes(byId(one, "AWS::Lambda::Permission", "BillingStratalog").id));
});

test("every setting gets to the log, in its words", async () => {
  const all = triggered(
    (log) => ({
      consumerGroupId: "billing",
      startingPosition: StartingPosition.AT_TIMESTAMP,
      startingPositionTimestamp: 1_700_000_000.5,
      batchSize: 7,
      maxBatchingWindow: Duration.seconds(2),
      filters: [FilterCriteria.filter({ headers: { kind: FilterRule.or("order") } }), FilterCriteria.filter({ key: ["a"] })],
      retryAttempts: 3,
      maxRecordAge: Duration.hours(1),
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      onFailure: new TopicOnFailureDestination(log.topic("dead")),
      outputTopics: [log.topic("invoices"), "receipts"],
      enabled: false,
    }),
    undefined,
    (stack) => addFunction(stack, "Billing", { timeout: Duration.minutes(2) }),
  );
  const [{ target: _, ...settings } = assert.fail()] = consumersOf(all);
  const expected = {
    group: "billing",
    topic: "orders",
    targetTimeoutMs: 120_000,
    startingPosition: "AT_TIMESTAMP",
    startingPositionTimestampMs: 1_700_000_000_500,
    batchSize: 7,
    maxBatchingWindowMs: 2_000,
    filters: ['{"headers":{"kind":["order"]}}', '{"key":["a"]}'],
    retryAttempts: 3,
    maxRecordAgeMs: 3_600_000,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    onFailure: "kafka://dead",
    outputTopics: ["invoices", "receipts"],
    enabled: false,
  };
  assert.deepEqual(settings, expected);

  // As CloudFormation sends it, the log takes it.
  const log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  for (const name of ["orders", "dead", "invoices", "receipts"]) await log.topics.create({ name });
  const texts = Object.entries(expected).map(([name, value]) => [name, Array.isArray(value) ? value : String(value)] as const);
  const target = "arn:aws:lambda:eu-west-1:123456789012:function:billing";
  await consumerResource(log.consumers).create({ ...Object.fromEntries(texts), target }, "stack/Consumer");
  const { version: __, createdMs: ___, owner: ____, ...kept } = await log.consumers.get("billing");
  assert.deepEqual(kept, { ...expected, target });
});

/** The topics that have to be there before the stack's one consumer. */
function topicsBefore(template: Template): readonly string[] {
  const [consumer] = resourcesOf(template, "Custom::StratalogConsumer");
  const before = at(consumer, "DependsOn") as readonly string[];
  return before.flatMap((id) => /^LogTopic([a-z]+)[0-9A-F]{8}$/.exec(id)?.slice(1) ?? []).toSorted();
}

test("what an answer or a failure is written to is there before the consumer", () => {
  const { template } = triggered((log) => ({
    onFailure: new TopicOnFailureDestination(log.topic("dead")),
    outputTopics: [log.topic("invoices")],
  }));
  assert.deepEqual(topicsBefore(template), ["dead", "invoices", "orders"]);
});

test("so it is when topics that the log declares, before or after, are named by text", () => {
  for (const onFailure of [new TopicOnFailureDestination("dead"), new KafkaDlq("dead")]) {
    const { template } = synthesise(undefined, (log, stack) => {
      log.topic("orders");
      const settings = { topic: "orders", onFailure, outputTopics: ["invoices", "elsewhere"], ...start };
      addFunction(stack).addEventSource(new StratalogEventSource(log, settings));
      for (const later of ["dead", "invoices", "other"]) log.topic(later);
    });
    assert.deepEqual(topicsBefore(template), ["dead", "invoices", "orders"]);
  }
});

test("a consumer of another stack is there after that with its topics", () => {
  const app = new App();
  const [home, away] = [new Stack(app, "Home"), new Stack(app, "Away")];
  const log = new EventLog(home, "Log", { functionsFolder });
  const imported = LambdaFunction.fromFunctionArn(away, "Billing", "arn:aws:lambda:eu-west-1:123456789012:function:billing");
  imported.addEventSource(new StratalogEventSource(log, { topic: "orders", ...start }));
  log.topic("orders");
  app.synth();
  assert.deepEqual([away.dependencies, home.dependencies], [[home], []]);
});

test("many consumers share all of it", () => {
  const { template } = synthesise(undefined, (log, stack) => {
    for (const topic of [log.topic("orders"), log.topic("clicks")]) {
      for (const id of ["Billing", "Shipping"]) {
        const fn = (stack.node.tryFindChild(id) as LambdaFunction | undefined) ?? addFunction(stack, id);
        fn.addEventSource(new StratalogEventSource(log, { topic, ...start }));
      }
    }
  });
  assert.equal(new Set(consumersOf({ template }).map(({ group }) => group)).size, 4);
  template.resourceCountIs("AWS::Lambda::EventSourceMapping", 1);
  template.resourceCountIs("AWS::Lambda::Function", 7);
  const invoking = resourcesOf(template, "AWS::Lambda::Permission").filter(({ id }) => /StratalogDeliver/.test(id));
  assert.equal(invoking.length, 2);
});

test("a version or an alias is called as such, in the time of its function; one that is imported in the longest", () => {
  const alias = triggered({}, undefined, (stack) => {
    const fn = addFunction(stack, "Billing", { timeout: Duration.seconds(20) });
    // CDK's classes declare optional properties as exactOptionalPropertyTypes does not want them.
    return new Alias(stack, "Live", { aliasName: "live", version: fn.currentVersion as IVersion }) as IFunction;
  });
  const [{ target, targetTimeoutMs } = assert.fail()] = consumersOf(alias);
  assert.deepEqual([target, targetTimeoutMs], [{ Ref: byId(alias, "AWS::Lambda::Alias", "Live").id }, 20_000]);
  const [permission] = resourcesOf(alias.template, "AWS::Lambda::Permission").filter(({ id }) => id.startsWith("Live"));
  assert.deepEqual(permission?.Properties["FunctionName"], target);

  const arn = "arn:aws:lambda:eu-west-1:123456789012:function:billing";
  const imported = triggered({}, undefined, (stack) => LambdaFunction.fromFunctionArn(stack, "Billing", arn));
  assert.deepEqual(
    consumersOf(imported).map(({ targetTimeoutMs: ms }) => ms),
    [870_000],
  );
  const policy = byId(imported, "AWS::IAM::Policy", "BillingStratalog");
  assert.deepEqual(statementsOf(policy), [{ Action: "lambda:InvokeFunction", Effect: "Allow", Resource: arn }]);
  assert.deepEqual(policy.Properties["Roles"], [{ Ref: byId(imported, "AWS::IAM::Role", "LogDeliveryDeliverRole").id }]);
});

test("what the log would refuse is refused when the stack is made, with the function's path and the reason", () => {
  const refused: readonly (readonly [Partial<StratalogEventSourceProps>, RegExp])[] = [
    [{ topic: "or ders" }, /"or ders" is no topic name/],
    [{ consumerGroupId: "" }, /consumerGroupId must have 1 to 249 characters/],
    [{ consumerGroupId: "a\nb" }, /no control characters/],
    [{ batchSize: 0 }, /batchSize must be an integer from 1 to 10000, not 0/],
    [{ batchSize: 10_001 }, /batchSize/],
    [{ batchSize: 1.5 }, /batchSize/],
    [{ maxBatchingWindow: Duration.minutes(6) }, /maxBatchingWindow, in milliseconds, must be an integer from 0 to 300000/],
    [{ retryAttempts: -2 }, /retryAttempts must be an integer from -1 to 10000/],
    [{ maxRecordAge: Duration.seconds(59) }, /maxRecordAge, in milliseconds, must be an integer from 60000 to 604800000/],
    [{ startingPosition: StartingPosition.AT_TIMESTAMP }, /needs startingPositionTimestamp, in seconds since 1970/],
    [{ startingPositionTimestamp: 1 }, /only be given with startingPosition AT_TIMESTAMP/],
    [{ filters: [FilterCriteria.filter({ body: ["a"] })] }, /it has key, value, headers/],
    [{ filters: [{ headers: {} }] }, /made by FilterCriteria\.filter/],
    [{ filters: Array.from({ length: 11 }, () => FilterCriteria.filter({ key: ["a"] })) }, /at most 10 are allowed/],
    [{ outputTopics: ["in voices"] }, /"in voices" is no topic name/],
    [{ outputTopics: Array.from({ length: 11 }, (_, nth) => `t${nth}`) }, /outputTopics has 10 topics at most/],
    [{ onFailure: new TopicOnFailureDestination("orders") }, /would trigger it again/],
    [{ onFailure: new KafkaDlq("orders") }, /would trigger it again/],
    [{ onFailure: new TopicOnFailureDestination("de ad") }, /"de ad" is no topic name/],
    [{ onFailure: new KafkaDlq(".".repeat(2)) }, /"\.\." is no topic name/],
  ];
  for (const [props, reason] of refused) {
    assert.throws(
      () => triggered(props),
      (error: Error) => {
        assert.match(error.message, reason);
        assert.match(error.message, /^Test\/Billing: /);
        return true;
      },
    );
  }
});

test("a function that takes longer than who calls it can wait is refused, with the reason", () => {
  const within = (timeout: Duration) => triggered({}, undefined, (stack) => addFunction(stack, "Billing", { timeout }));
  assert.throws(() => within(Duration.minutes(15)), /timeout is 900 s, and may be 870 s at most: it is called by a function/);
  assert.equal(consumersOf(within(Duration.seconds(870)))[0]?.["targetTimeoutMs"], 870_000);
});

test("what is only known when it is deployed is left to the log", () => {
  const later = (text: string): string => Lazy.string({ produce: () => text });
  const [consumer] = consumersOf(
    triggered({
      topic: later("orders"),
      consumerGroupId: later("billing"),
      filters: [{ pattern: later('{"key":["a"]}') }],
      outputTopics: [later("invoices")],
    }),
  );
  const { topic, group, filters, outputTopics } = consumer ?? assert.fail();
  assert.deepEqual([topic, group, filters, outputTopics], ["orders", "billing", ['{"key":["a"]}'], ["invoices"]]);
});

test("a time to begin at, and the time of a function, may be known then only, too", async () => {
  const number = (stack: Stack, id: string) => new CfnParameter(stack, id, { type: "Number" }).valueAsNumber;
  const [consumer] = consumersOf(
    triggered(
      (_, stack) => ({ startingPosition: StartingPosition.AT_TIMESTAMP, startingPositionTimestamp: number(stack, "Start") }),
      undefined,
      (stack) => addFunction(stack, "Billing", { timeout: Duration.seconds(number(stack, "Timeout")) }),
    ),
  );
  const { startingPositionTimestamp, startingPositionTimestampMs, targetTimeoutMs } = consumer ?? assert.fail();
  assert.deepEqual([startingPositionTimestamp, startingPositionTimestampMs, targetTimeoutMs], [{ Ref: "Start" }, undefined, 870_000]);

  const log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  await log.topics.create({ name: "orders" });
  const target = "arn:aws:lambda:eu-west-1:123456789012:function:billing";
  const sent = { group: "g", topic: "orders", target, startingPosition: "AT_TIMESTAMP", startingPositionTimestamp: "1700000000.5" };
  await consumerResource(log.consumers).create(sent, "stack/Consumer");
  assert.equal((await log.consumers.get("g")).startingPositionTimestampMs, 1_700_000_000_500);
});

test("two functions of one group, and topics of another log, are refused", () => {
  assert.throws(
    () =>
      synthesise(undefined, (log, stack) => {
        for (const id of ["Billing", "Shipping"])
          addFunction(stack, id).addEventSource(new StratalogEventSource(log, { topic: "orders", consumerGroupId: "g", ...start }));
      }),
    /Test\/Billing is the consumer group "g" already/,
  );
  assert.throws(
    () =>
      synthesise(undefined, (log, stack) => {
        const fn = addFunction(stack);
        for (let times = 0; times < 2; times++) fn.addEventSource(new StratalogEventSource(log, { topic: "orders", ...start }));
      }),
    /needs a consumerGroupId of its own/,
  );
  const other = (stack: Stack) => new EventLog(stack, "Other", { functionsFolder }).topic("orders");
  assert.throws(() => triggered((_, stack) => ({ topic: other(stack) })), /topic of another log/);
  assert.throws(() => triggered((_, stack) => ({ onFailure: new TopicOnFailureDestination(other(stack)) })), /topic of another log/);
});
