import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { consumerResource } from "../../../lib/lambda/consumer-resource.ts";
import type { Properties, ResourceKind } from "../../../lib/lambda/custom-resource.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { appOver, send } from "../http/fixtures.ts";

const target = "arn:aws:lambda:eu-west-1:123456789012:function:billing";
const billing: Properties = { group: "billing", topic: "orders", target };
const mine = "stack/Mine";
const theirs = "stack/Theirs";

let log: Log;
let resource: ResourceKind;

beforeEach(async () => {
  log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  resource = consumerResource(log.consumers);
  for (const name of ["orders", "clicks"]) await log.topics.create({ name });
});

const groups = async (): Promise<readonly string[]> => (await log.consumers.list({})).map(({ group }) => group);

describe("a declared consumer", () => {
  test("is made of what CloudFormation makes text of", async () => {
    const { physicalId, data } = await resource.create(
      {
        ...billing,
        ServiceToken: "arn",
        targetTimeoutMs: "30000",
        startingPosition: "AT_TIMESTAMP",
        startingPositionTimestampMs: "1700000000000",
        batchSize: "7",
        maxBatchingWindowMs: "2000",
        filters: ['{"key":["a"]}'],
        retryAttempts: "-1",
        maxRecordAgeMs: "60000",
        bisectBatchOnError: "true",
        reportBatchItemFailures: "false",
        onFailure: "kafka://clicks",
        outputTopics: ["clicks"],
        enabled: "false",
      },
      mine,
    );
    assert.deepEqual([physicalId, data], ["billing#orders", { Group: "billing", Topic: "orders" }]);
    const { version: _, createdMs: __, ...settings } = await log.consumers.get("billing");
    assert.deepEqual(settings, {
      owner: mine,
      group: "billing",
      topic: "orders",
      target,
      targetTimeoutMs: 30_000,
      startingPosition: "AT_TIMESTAMP",
      startingPositionTimestampMs: 1_700_000_000_000,
      batchSize: 7,
      maxBatchingWindowMs: 2_000,
      filters: ['{"key":["a"]}'],
      retryAttempts: -1,
      maxRecordAgeMs: 60_000,
      bisectBatchOnError: true,
      reportBatchItemFailures: false,
      onFailure: "kafka://clicks",
      outputTopics: ["clicks"],
      enabled: false,
    });
  });

  test("that says little has the defaults of all consumers, and made twice it is one", async () => {
    const first = await resource.create(billing, mine);
    assert.deepEqual(await resource.create(billing, mine), first);
    const { batchSize, enabled, startingPosition } = await log.consumers.get("billing");
    assert.deepEqual([batchSize, enabled, startingPosition], [100, true, "LATEST"]);
  });

  test("changes with its declaration; what is no longer declared has its default again", async () => {
    const was = { ...billing, batchSize: "7", enabled: "false" };
    const { physicalId } = await resource.create(was, mine);
    const next = { ...billing, target: `${target}:live` };
    assert.equal((await resource.update(next, was, physicalId, mine)).physicalId, physicalId);
    const { batchSize, enabled, target: now } = await log.consumers.get("billing");
    assert.deepEqual([batchSize, enabled, now], [100, true, `${target}:live`]);
  });

  test("of another group is another one, and the one before goes", async () => {
    const { physicalId } = await resource.create(billing, mine);
    const next = { ...billing, group: "invoices" };
    const after = await resource.update(next, billing, physicalId, mine);
    assert.notEqual(after.physicalId, physicalId);
    await resource.delete(billing, physicalId, mine);
    assert.deepEqual(await groups(), ["invoices"]);
  });

  test("of another topic is another one too, which the end of the one before leaves alone", async () => {
    const { physicalId } = await resource.create(billing, mine);
    const after = await resource.update({ ...billing, topic: "clicks" }, billing, physicalId, mine);
    assert.notEqual(after.physicalId, physicalId);
    await resource.delete(billing, physicalId, mine);
    assert.equal((await log.consumers.get("billing")).topic, "clicks");
  });

  test("that another declaration has taken over stays when the first one goes", async () => {
    const { physicalId } = await resource.create(billing, mine);
    await resource.create({ ...billing, target: `${target}-2` }, theirs);
    await resource.delete(billing, physicalId, mine);
    assert.equal((await log.consumers.get("billing")).target, `${target}-2`);
  });

  test("whose construct has another id, or stack, stays: it is made anew before the end of the one before", async () => {
    const { physicalId } = await resource.create(billing, mine);
    assert.equal((await resource.create({ ...billing, batchSize: "7" }, theirs)).physicalId, physicalId);
    await resource.delete(billing, physicalId, mine);
    assert.equal((await log.consumers.get("billing")).batchSize, 7);
    await resource.delete(billing, physicalId, theirs);
    assert.deepEqual(await groups(), []);
  });

  test("is what it was when the deploy that made it anew is rolled back", async () => {
    const { physicalId } = await resource.create({ ...billing, batchSize: "7" }, mine);
    const next = { ...billing, topic: "clicks", target: `${target}-2` };
    assert.deepEqual(await resource.create(next, theirs), await resource.create(next, theirs));
    await resource.delete(next, "billing#clicks", theirs);
    const { topic, target: now, batchSize } = await log.consumers.get("billing");
    assert.deepEqual([topic, now, batchSize], ["orders", target, 7]);
    await resource.delete(billing, physicalId, mine);
    assert.deepEqual(await groups(), []);
  });

  test("cannot be what it was when its topic is gone, and ends then", async () => {
    const { physicalId } = await resource.create(billing, mine);
    const next = { ...billing, topic: "clicks" };
    await resource.create(next, theirs);
    await log.topics.delete("orders");
    await resource.delete(next, physicalId, theirs);
    assert.deepEqual(await groups(), []);
  });

  test("that somebody has changed by hand is whose topic and function it has", async () => {
    const { physicalId } = await resource.create(billing, mine);
    await log.consumers.put({ group: "billing", topic: "orders", target: `${target}-2` });
    await resource.delete(billing, physicalId, mine);
    assert.deepEqual(await groups(), ["billing"]);
    await log.consumers.put({ group: "billing", topic: "orders", target });
    await resource.delete(billing, physicalId, mine);
    assert.deepEqual(await groups(), []);
  });

  test("goes with its declaration, and what is gone goes once more", async () => {
    const { physicalId } = await resource.create(billing, mine);
    await resource.delete(billing, physicalId, mine);
    await resource.delete(billing, physicalId, mine);
    assert.deepEqual(await groups(), []);
  });

  test("is told over HTTP as any other, without whose it is", async () => {
    for (const owner of [mine, theirs]) await resource.create(billing, owner);
    const answer = await send(appOver(log), "GET", "/consumers/billing");
    const { group, owner, predecessor } = (await answer.json()) as Readonly<Record<string, unknown>>;
    assert.deepEqual([group, owner, predecessor], ["billing", undefined, undefined]);
  });

  test("that cannot be is refused, with the reason", async () => {
    await assert.rejects(resource.create({ topic: "orders", target }, mine), /needs a group/);
    await assert.rejects(resource.create({ ...billing, batchSize: "many" }, mine), /batchSize has to be an integer/);
    await assert.rejects(resource.create({ ...billing, startingPosition: "SOMEWHERE" }, mine), /startingPosition has to be one of/);
    await assert.rejects(resource.create({ ...billing, topic: "nothing" }, mine), { code: "unknown_topic_or_partition" });
    assert.deepEqual(await groups(), []);
  });
});
