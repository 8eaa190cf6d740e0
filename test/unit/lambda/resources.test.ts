import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { CloudFormationCustomResourceEvent } from "aws-lambda";
import type { Acl } from "../../../lib/core/access/acl.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { aclResource } from "../../../lib/lambda/acl-resource.ts";
import { consumerResource } from "../../../lib/lambda/consumer-resource.ts";
import { customResourceHandler } from "../../../lib/lambda/custom-resource.ts";
import { topicResource } from "../../../lib/lambda/topic-resource.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";

interface Answer {
  readonly Status: "SUCCESS" | "FAILED";
  readonly PhysicalResourceId: string;
  readonly Reason?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

let log: Log;
let answers: Answer[];

beforeEach(() => {
  log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  answers = [];
});

/** What CloudFormation sends, and what it is answered. */
async function send(type: string, event: object): Promise<Answer> {
  const kinds = {
    "Custom::StratalogTopic": topicResource(log.topics),
    "Custom::StratalogAcl": aclResource(log.acls),
    "Custom::StratalogConsumer": consumerResource(log.consumers),
  };
  const handle = customResourceHandler(kinds, (url, body) => {
    assert.equal(url, "https://answers.test/1");
    answers.push(JSON.parse(body) as Answer);
    return Promise.resolve();
  });
  const common = {
    ResponseURL: "https://answers.test/1",
    StackId: "stack",
    RequestId: "request",
    LogicalResourceId: "It",
    ResourceType: type,
  };
  const before = answers.length;
  await handle({ ...common, ...event } as CloudFormationCustomResourceEvent);
  assert.equal(answers.length, before + 1, "CloudFormation hears once");
  return answers.at(-1)!;
}

const topic = (event: object): Promise<Answer> => send("Custom::StratalogTopic", event);
const create = (properties: object): Promise<Answer> => topic({ RequestType: "Create", ResourceProperties: properties });
const update = (properties: object, was: object, { PhysicalResourceId }: Answer): Promise<Answer> =>
  topic({ RequestType: "Update", ResourceProperties: properties, OldResourceProperties: was, PhysicalResourceId });
const remove = (properties: object, { PhysicalResourceId }: Answer): Promise<Answer> =>
  topic({ RequestType: "Delete", ResourceProperties: properties, PhysicalResourceId });

const names = async (): Promise<readonly string[]> => (await log.topics.list({})).map(({ name }) => name);

describe("a declared topic", () => {
  const two = { name: "t", partitions: "2", config: { "retention.ms": "1000" } };

  test("is made, with numbers as CloudFormation writes them", async () => {
    const answer = await create({ ...two, partitionsPerShard: "2" });
    assert.equal(answer.Status, "SUCCESS", answer.Reason);
    const { id, partitions, partitionsPerShard, config } = await log.topics.get("t");
    assert.deepEqual([partitions, partitionsPerShard, config["retention.ms"]], [2, 2, "1000"]);
    assert.deepEqual(answer.Data, { Name: "t", Id: id, Partitions: 2 });
  });

  test("grows and changes with its declaration; a config that is no longer declared has its default", async () => {
    const made = await create(two);
    const answer = await update({ name: "t", partitions: "5", config: { "max.message.bytes": "2000" } }, two, made);
    assert.equal(answer.PhysicalResourceId, made.PhysicalResourceId);
    const { partitions, overrides } = await log.topics.get("t");
    assert.deepEqual([partitions, overrides], [5, { "max.message.bytes": "2000" }]);
  });

  test("never shrinks, and a deploy that is rolled back does not get stuck on that", async () => {
    const five = { ...two, partitions: "5" };
    const made = await create(five);
    assert.equal((await update(two, five, made)).Status, "SUCCESS");
    assert.equal((await log.topics.get("t")).partitions, 5);
  });

  test("is kept when its declaration goes, and deleted when that was asked for", async () => {
    const kept = await create({ name: "kept", partitions: "1" });
    const gone = await create({ name: "gone", partitions: "1", onDelete: "delete" });
    await remove({ name: "kept", partitions: "1" }, kept);
    await remove({ name: "gone", partitions: "1", onDelete: "delete" }, gone);
    assert.deepEqual(await names(), ["kept"]);
    assert.equal((await remove({ name: "gone", partitions: "1", onDelete: "delete" }, gone)).Status, "SUCCESS", "once more");
  });

  test("that was there before is taken over, and outlives the declaration whatever it says", async () => {
    await log.topics.create({ name: "t", partitions: 3, config: { "cleanup.policy": "compact" } });
    const declared = { name: "t", partitions: "4", onDelete: "delete", config: { "retention.ms": "1000" } };
    const answer = await create(declared);
    const { partitions, overrides } = await log.topics.get("t");
    assert.deepEqual([partitions, overrides], [4, { "cleanup.policy": "compact", "retention.ms": "1000" }]);
    await remove(declared, answer);
    assert.deepEqual(await names(), ["t"]);
  });

  test("of the same name that somebody else made later is not deleted", async () => {
    const declared = { name: "t", partitions: "1", onDelete: "delete" };
    const made = await create(declared);
    await log.topics.delete("t");
    await log.topics.create({ name: "t" });
    await remove(declared, made);
    assert.deepEqual(await names(), ["t"]);
  });

  test("a creation that fails is told why, and its deletion takes nothing away", async () => {
    await log.topics.create({ name: "t", partitionsPerShard: 4 });
    const declared = { name: "t", partitions: "1", partitionsPerShard: "2", onDelete: "delete" };
    const failed = await create(declared);
    assert.equal(failed.Status, "FAILED");
    assert.match(failed.Reason ?? "", /partitions a shard, which is fixed/);
    assert.equal((await remove(declared, failed)).Status, "SUCCESS");
    assert.deepEqual(await names(), ["t"]);
  });

  test("another name is another topic", async () => {
    const made = await create({ ...two, onDelete: "delete" });
    const renamed = await update({ ...two, name: "u", onDelete: "delete" }, { ...two, onDelete: "delete" }, made);
    assert.notEqual(renamed.PhysicalResourceId, made.PhysicalResourceId);
    await remove({ ...two, onDelete: "delete" }, made);
    assert.deepEqual(await names(), ["u"]);
  });

  test("that was deleted by hand is made again by the next change", async () => {
    const made = await create(two);
    await log.topics.delete("t");
    const answer = await update({ ...two, partitions: "3" }, two, made);
    assert.equal(answer.Status, "SUCCESS", answer.Reason);
    assert.equal((await log.topics.get("t")).partitions, 3);
  });

  for (const bad of [
    {},
    { name: "a b", partitions: "1" },
    { name: "t" },
    { name: "t", partitions: "x" },
    { name: "t", partitions: "1", config: { no: "1" } },
  ]) {
    test(`declared as ${JSON.stringify(bad)} fails`, async () => {
      assert.equal((await create(bad)).Status, "FAILED");
      assert.deepEqual(await names(), []);
    });
  }
});

describe("declared access rules", () => {
  const rule = (operation: Acl["operation"], principal = "User:ada"): Acl => ({
    resourceType: "TOPIC",
    resourceName: "t",
    patternType: "LITERAL",
    principal,
    operation,
    permission: "ALLOW",
  });
  const acls = (event: object): Promise<Answer> => send("Custom::StratalogAcl", event);
  const operations = async (): Promise<readonly string[]> =>
    (await log.acls.list({})).map(({ operation, principal }) => `${principal} ${operation}`);

  test("are there as long as they are declared, and no others go with them", async () => {
    await log.acls.add([rule("READ", "User:bob")]);
    const first = { acls: [rule("READ"), rule("WRITE")] };
    const made = await acls({ RequestType: "Create", ResourceProperties: first });
    assert.equal(made.Status, "SUCCESS", made.Reason);
    assert.deepEqual(new Set(await operations()), new Set(["User:ada READ", "User:ada WRITE", "User:bob READ"]));
    const { PhysicalResourceId } = made;
    const second = { acls: [rule("READ"), rule("ALTER")] };
    await acls({ RequestType: "Update", ResourceProperties: second, OldResourceProperties: first, PhysicalResourceId });
    assert.deepEqual(new Set(await operations()), new Set(["User:ada READ", "User:ada ALTER", "User:bob READ"]));
    await acls({ RequestType: "Delete", ResourceProperties: second, PhysicalResourceId });
    assert.deepEqual(await operations(), ["User:bob READ"]);
  });

  test("that are none fail and change nothing", async () => {
    for (const bad of [{}, { acls: "x" }, { acls: [rule("READ"), { ...rule("READ"), operation: "FLY" }] }]) {
      assert.equal((await acls({ RequestType: "Create", ResourceProperties: bad })).Status, "FAILED");
    }
    assert.deepEqual(await operations(), []);
  });
});

test("a declared consumer is of its stack and its id there: another's end leaves it alone", async () => {
  await log.topics.create({ name: "t" });
  const ResourceProperties = { group: "g", topic: "t", target: "arn:aws:lambda:eu-west-1:123456789012:function:f" };
  const consumer = (event: object): Promise<Answer> => send("Custom::StratalogConsumer", { ResourceProperties, ...event });
  const { PhysicalResourceId } = await consumer({ RequestType: "Create" });
  const others = [{ LogicalResourceId: "Other" }, { StackId: "other" }];
  for (const other of others) await consumer({ RequestType: "Delete", PhysicalResourceId, ...other });
  assert.equal((await log.consumers.list({})).length, 1);
  for (const next of [...others, {}]) await consumer({ RequestType: "Create", ...next });
  for (const before of others) await consumer({ RequestType: "Delete", PhysicalResourceId, ...before });
  assert.equal((await log.consumers.list({})).length, 1);
  const OldResourceProperties = ResourceProperties;
  assert.equal((await consumer({ RequestType: "Update", PhysicalResourceId, OldResourceProperties })).Status, "SUCCESS");
  await consumer({ RequestType: "Delete", PhysicalResourceId });
  assert.deepEqual(await log.consumers.list({}), []);
});

test("a resource of another type is refused", async () => {
  assert.equal((await send("Custom::Other", { RequestType: "Create", ResourceProperties: {} })).Status, "FAILED");
});
