import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Acl, Operation } from "../../../../lib/core/access/acl.ts";
import type { ConsumerListBody, ConsumerStatusBody, DeadLetterListBody } from "../../../../lib/http/consumer-wire.ts";
import { CallFailed, type Carrier } from "../../../../lib/log/consumers/consumers.ts";
import { send } from "../fixtures.ts";
import { acl, secured, type Secured } from "./secured.ts";

const onGroup = (operation: Operation, name: string, more: Partial<Acl> = {}): Acl =>
  acl("User:ada", operation, name, { resourceType: "GROUP", ...more });
const onTopic = (operation: Operation, name: string): Acl => acl("User:ada", operation, name);
const target = "arn:aws:lambda:us-east-1:000000000000:function:f";
const failing: Carrier = {
  call: () => Promise.reject(new CallFailed("function", "it failed")),
  sendFailure: () => Promise.resolve(),
};

describe("rights on triggered consumers", () => {
  let { app, log, tokenFor }: Secured = secured();
  let ada: Readonly<Record<string, string>> = {};
  const ask = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const response = await send(app, method, path, body === undefined ? undefined : JSON.stringify(body), ada);
    return { status: response.status, text: await response.text() };
  };
  const get = async <T>(path: string): Promise<T> => JSON.parse((await ask("GET", path)).text) as T;
  /** Gives up the first record of a topic. */
  const giveUp = async (group: string, topic: string): Promise<void> => {
    await log.append(topic, { records: [{ key: null, value: null, headers: [] }] });
    await log.consumers.put({ group, topic, target, startingPosition: "TRIM_HORIZON", retryAttempts: 0 });
    await log.consumers.deliver({ group, topic, partition: 0 }, failing, {});
  };

  beforeEach(async () => {
    ({ app, log, tokenFor } = secured());
    ada = await tokenFor("User:ada");
    for (const name of ["orders", "refunds", "results"]) await log.topics.create({ name });
  });
  afterEach(() => log.close());

  test("a consumer that is there and one that is not are refused with the same words, whatever is asked", async () => {
    await giveUp("hidden", "orders");
    const before = [await log.consumers.get("hidden"), await log.consumers.deadLetters("hidden", {})];
    await log.acls.add([onTopic("READ", "orders"), onGroup("ALL", "other"), acl("User:ada", "DESCRIBE", "kafka-cluster")]);
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["PUT", "", { topic: "orders", target }],
      ["PATCH", "", { enabled: false }],
      ["DELETE", "", undefined],
      ["GET", "/status", undefined],
      ["GET", "/dead-letters", undefined],
      ["DELETE", "/dead-letters?id=orders/00000/0000000000000000000", undefined],
      ["POST", "/redrive", {}],
    ] as const) {
      const [there, not] = [await ask(method, `/consumers/hidden${path}`, body), await ask(method, `/consumers/none${path}`, body)];
      assert.equal(there.status, 403, there.text);
      assert.deepEqual({ ...there, text: there.text.replaceAll("hidden", "none") }, not);
    }
    assert.deepEqual([await log.consumers.get("hidden"), await log.consumers.deadLetters("hidden", {})], before);
  });

  test("the list has the consumers whose group the caller may DESCRIBE, whole pages of them", async () => {
    for (const group of ["a", "b-1", "b-2", "c", "d"]) await log.consumers.put({ group, topic: "orders", target });
    const listed = async (query: string) => {
      const { consumers, nextCursor } = await get<ConsumerListBody>(`/consumers?${query}`);
      return [...consumers.map(({ group }) => group), ...(nextCursor === undefined ? [] : [`next ${nextCursor}`])];
    };
    assert.deepEqual(await listed(""), []);
    await log.acls.add([
      onGroup("READ", "b-", { patternType: "PREFIXED" }),
      onGroup("DELETE", "d"),
      onGroup("DESCRIBE", "b-1", { permission: "DENY" }),
    ]);
    assert.deepEqual(await listed(""), ["b-2", "d"]);
    assert.deepEqual(await listed("limit=1"), ["b-2", "next b-2"]);
    assert.deepEqual(await listed("limit=1&cursor=b-2"), ["d", "next d"]);
  });

  test("partitions and dead letters are told of topics that the caller may DESCRIBE", async () => {
    for (const topic of ["orders", "refunds", "results"]) await giveUp("g", topic);
    await log.acls.add([onGroup("DESCRIBE", "g"), onTopic("DESCRIBE", "orders")]);
    const status = () => get<ConsumerStatusBody>("/consumers/g/status");
    const letters = async (query = "") => {
      const { deadLetters, nextCursor } = await get<DeadLetterListBody>(`/consumers/g/dead-letters?${query}`);
      return { topics: deadLetters.map(({ topic }) => topic), nextCursor };
    };
    assert.deepEqual([(await status()).partitions, (await status()).lag], [[], 0]);
    assert.deepEqual((await letters()).topics, ["orders"]);
    await log.acls.add([onTopic("READ", "results")]);
    assert.equal((await status()).partitions.length, 1);
    await log.acls.add([onGroup("DESCRIBE", "h")]);
    await log.topics.create({ name: "passing" });
    await log.consumers.put({ group: "h", topic: "passing", target });
    const states = async () => {
      const { state } = await get<ConsumerStatusBody>("/consumers/h/status");
      return [state, ...(await get<ConsumerListBody>("/consumers?prefix=h")).consumers.map((each) => each.state)];
    };
    await log.topics.delete("passing");
    assert.deepEqual(await states(), ["Enabled", "Enabled"]);
    await log.acls.add([onTopic("DESCRIBE", "passing")]);
    assert.deepEqual(await states(), ["NoTopic", "NoTopic"]);
    assert.deepEqual((await letters()).topics, ["orders", "results"]);
    const first = await letters("limit=1");
    assert.deepEqual(first, { topics: ["orders"], nextCursor: "orders/00000/0000000000000000000" });
    assert.deepEqual((await letters(`limit=1&cursor=${first.nextCursor ?? ""}`)).topics, ["results"]);
  });

  test("who makes a consumer takes each right to what it reads and writes, and is refused before anything changes", async () => {
    const body = { topic: "orders", target, outputTopics: ["results"], onFailure: "kafka://refunds" };
    const put = () => ask("PUT", "/consumers/g", body);
    for (const [rule, missing] of [
      [acl("User:ada", "ALTER", "kafka-cluster"), /READ on GROUP \\"g\\"/],
      [onGroup("READ", "g"), /READ on TOPIC \\"orders\\"/],
      [onTopic("READ", "orders"), /WRITE on TOPIC \\"results\\"/],
      [onTopic("WRITE", "results"), /WRITE on TOPIC \\"refunds\\"/],
    ] as const) {
      await log.acls.add([rule]);
      const { status, text } = await put();
      assert.equal(status, 403);
      assert.match(text, missing);
    }
    await assert.rejects(log.groups.describe("g"), { code: "group_id_not_found" });
    await log.acls.add([onTopic("WRITE", "refunds")]);
    assert.equal((await put()).status, 201);
    await log.acls.remove({ principal: "User:ada", resourceType: "CLUSTER" });
    assert.equal((await put()).status, 403, "a right to the group alone changes no setting");
    assert.equal((await ask("PATCH", "/consumers/g", { enabled: false })).status, 200, "but pauses it");
  });
});
