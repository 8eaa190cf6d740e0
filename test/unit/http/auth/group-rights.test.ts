import assert from "node:assert/strict";
import { beforeEach, afterEach, describe, test } from "node:test";
import type { Acl, Operation } from "../../../../lib/core/access/acl.ts";
import type { GroupLagBody, GroupListBody, GroupOffsetsBody, MembershipBody } from "../../../../lib/http/group-wire.ts";
import { send } from "../fixtures.ts";
import { acl, asAdmin, secured, type Secured } from "./secured.ts";

const onGroup = (operation: Operation, name: string, more: Partial<Acl> = {}): Acl =>
  acl("User:ada", operation, name, { resourceType: "GROUP", ...more });
const onTopic = (operation: Operation, name: string, more: Partial<Acl> = {}): Acl => acl("User:ada", operation, name, more);
const prefixed = { patternType: "PREFIXED" } as const;

describe("rights on groups", () => {
  let { app, log, tokenFor }: Secured = secured();
  let ada: Readonly<Record<string, string>> = {};
  const ask = async (method: string, path: string, body?: unknown, headers = ada): Promise<{ status: number; text: string }> => {
    const response = await send(app, method, path, body === undefined ? undefined : JSON.stringify(body), headers);
    return { status: response.status, text: await response.text() };
  };
  const beat = (body: object, group = "g", headers = ada) => ask("POST", `/groups/${group}/members/m`, body, headers);

  beforeEach(async () => {
    ({ app, log, tokenFor } = secured());
    ada = await tokenFor("User:ada");
    for (const name of ["orders", "orders-eu", "orders-secret", "returns"]) await log.topics.create({ name });
  });
  afterEach(() => log.close());

  test("a group that is there and one that is not are refused with the same words, whatever is asked", async () => {
    await log.groups.heartbeat("hidden", "m", { subscription: { topics: ["orders"] } });
    await log.acls.add([onTopic("READ", "orders"), onGroup("DESCRIBE", "other")]);
    const offsets = [{ topic: "orders", partition: 0, offset: 1 }];
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["DELETE", "", undefined],
      ["POST", "/members/m", { topics: ["orders"] }],
      ["DELETE", "/members/m", undefined],
      ["GET", "/offsets", undefined],
      ["GET", "/offsets?member=m&generation=1", undefined],
      ["POST", "/offsets", { offsets }],
      ["POST", "/offsets", { member: "m", generation: 1, offsets }],
      ["POST", "/members/m/transactions", { generation: 1, offsets, records: [{ topic: "orders", value: "x" }] }],
      ["GET", "/records?member=m&generation=1", undefined],
      ["GET", "/lag", undefined],
    ] as const) {
      const [there, not] = [await ask(method, `/groups/hidden${path}`, body), await ask(method, `/groups/none${path}`, body)];
      assert.equal(there.status, 403, there.text);
      assert.deepEqual({ ...there, text: there.text.replaceAll("hidden", "none") }, not);
    }
    assert.equal((await log.groups.describe("hidden")).members.length, 1);
    assert.deepEqual(await log.groups.committed("hidden"), []);
  });

  test("the list has the groups that the caller may DESCRIBE, whole pages of them", async () => {
    for (const group of ["a", "b-1", "b-2", "c", "d"]) await log.groups.set(group, [{ topic: "orders", partition: 0, offset: 1 }]);
    const listed = async (query: string): Promise<GroupListBody> =>
      JSON.parse((await ask("GET", `/groups?${query}`)).text) as GroupListBody;
    assert.deepEqual(await listed(""), { groups: [] });
    await log.acls.add([onGroup("READ", "b-", prefixed), onGroup("DELETE", "d"), onGroup("DESCRIBE", "b-1", { permission: "DENY" })]);
    const names = ({ groups }: GroupListBody): readonly string[] => groups.map(({ group }) => group);
    assert.deepEqual(names(await listed("")), ["b-2", "d"]);
    const first = await listed("limit=1");
    assert.deepEqual([names(first), first.nextCursor], [["b-2"], "b-2"]);
    assert.deepEqual(names(await listed("limit=1&cursor=b-2")), ["d"]);
  });

  test("who reads topics as a member takes READ on each of them, and is refused before anything changes", async () => {
    await log.acls.add([onGroup("READ", "g"), onTopic("READ", "orders"), onTopic("DESCRIBE", "returns")]);
    const refused = await beat({ topics: ["orders", "returns"] });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /READ on TOPIC \\"returns\\"/);
    await assert.rejects(log.groups.describe("g"), { code: "group_id_not_found" });
    assert.equal((await beat({ topics: ["orders"] })).status, 200);
    await log.acls.remove({ principal: "User:ada", resourceType: "TOPIC" });
    assert.equal((await beat({ topics: ["orders"] })).status, 403, "a member whose right is gone is told with its next beat");
  });

  test("a prefix takes READ on all that starts so: the right to the topic of that name is not enough", async () => {
    await log.acls.add([onGroup("READ", "g")]);
    for (const [rule, status] of [
      [onTopic("READ", "orders"), 403],
      [onTopic("READ", "orders-", prefixed), 403],
      [onTopic("DESCRIBE", "*"), 403],
      [onTopic("READ", "orders", prefixed), 200],
      [onTopic("READ", "ord", prefixed), 200],
      [onTopic("ALL", "*"), 200],
    ] as const) {
      await log.acls.add([rule]);
      const answer = await beat({ prefix: "orders" });
      assert.equal(answer.status, status, `${JSON.stringify(rule)}: ${answer.text}`);
      assert.equal(answer.text.includes("orders-secret"), status === 200);
      await log.acls.remove({ principal: "User:ada", resourceType: "TOPIC" });
      await log.groups.leave("g", "m");
    }
  });

  test("a token's scopes bound what its member reads", async () => {
    await log.acls.add([onGroup("ALL", "*"), onTopic("ALL", "*")]);
    const on = (resourceType: "GROUP" | "TOPIC", resourceName: string) =>
      ({ resourceType, resourceName, patternType: "LITERAL", operation: "READ" }) as const;
    const scoped = await tokenFor("User:ada", { scopes: [on("GROUP", "g"), on("TOPIC", "orders")] });
    assert.equal((await beat({ topics: ["orders"] }, "g", scoped)).status, 200);
    assert.equal((await beat({ topics: ["orders"] }, "other", scoped)).status, 403);
    assert.equal((await beat({ topics: ["returns"] }, "g", scoped)).status, 403);
    assert.equal((await beat({ prefix: "orders" }, "g", scoped)).status, 403);
  });

  test("a commit takes READ on each topic, and with one that is missing commits nothing", async () => {
    await log.acls.add([onGroup("READ", "g"), onTopic("READ", "orders")]);
    const offsets = ["orders", "returns"].map((topic) => ({ topic, partition: 0, offset: 1 }));
    assert.equal((await ask("POST", "/groups/g/offsets", { offsets })).status, 403);
    await assert.rejects(log.groups.describe("g"), { code: "group_id_not_found" });
    const { generation } = await log.groups.heartbeat("g", "m", { subscription: { topics: ["orders", "returns"] } });
    assert.equal((await ask("POST", "/groups/g/offsets", { member: "m", generation, offsets })).status, 403);
    assert.deepEqual(await log.groups.committed("g"), []);
    assert.equal((await ask("POST", "/groups/g/offsets", { member: "m", generation, offsets: offsets.slice(0, 1) })).status, 204);
  });

  test("a member's fetch takes READ on all its topics, also one that lost the right since it joined", async () => {
    await log.acls.add([onGroup("READ", "g"), onTopic("READ", "orders"), onTopic("READ", "returns")]);
    await log.append("returns", { records: [{ key: null, value: new TextEncoder().encode("secret"), headers: [] }] });
    const subscription = { topics: ["orders", "returns"] };
    const { generation } = await log.groups.heartbeat("g", "m", { subscription });
    const fetched = () => ask("GET", `/groups/g/records?member=m&generation=${generation}&autoOffsetReset=earliest`);
    const first = await fetched();
    assert.equal(first.status, 200, first.text);
    assert.match(first.text, /secret/);
    await log.acls.remove({ principal: "User:ada", resourceName: "returns" });
    const refused = await fetched();
    assert.equal(refused.status, 403);
    assert.match(refused.text, /READ on TOPIC \\"returns\\"/);
  });

  test("a transaction takes WRITE on each topic of its records too, and with one that is missing nothing of it is done", async () => {
    await log.acls.add([onGroup("READ", "g"), onTopic("READ", "orders"), onTopic("WRITE", "returns"), onTopic("READ", "orders-eu")]);
    const { generation } = await log.groups.heartbeat("g", "m", { subscription: { topics: ["orders"] } });
    const transact = (...topics: readonly string[]) => {
      const records = topics.map((topic) => ({ topic, value: "x" }));
      return ask("POST", "/groups/g/members/m/transactions", {
        generation,
        offsets: [{ topic: "orders", partition: 0, offset: 1 }],
        records,
      });
    };
    const refused = await transact("returns", "orders-eu");
    assert.equal(refused.status, 403);
    assert.match(refused.text, /WRITE on TOPIC \\"orders-eu\\"/);
    assert.deepEqual(await log.groups.committed("g"), []);
    assert.equal((await log.watermarks("returns"))[0]?.highWatermark, 0);
    assert.equal((await transact("returns")).status, 200);
    assert.equal((await log.watermarks("returns"))[0]?.highWatermark, 1);
  });

  test("what a group tells of topics is of those that the caller may DESCRIBE", async () => {
    const { generation } = await log.groups.heartbeat("g", "m", { subscription: { prefix: "orders" } });
    const identity = { member: "m", generation };
    const offsets = ["orders", "orders-eu", "orders-secret"].map((topic) => ({ topic, partition: 0, offset: 0 }));
    await log.groups.commit("g", identity, offsets);
    await log.append("orders-secret", { records: [{ timestampMs: 1, key: null, value: null, headers: [] }] });
    await log.append("orders-eu", { records: [{ timestampMs: 1, key: null, value: null, headers: [] }] });
    await log.acls.add([onGroup("READ", "g"), onTopic("DESCRIBE", "orders"), onTopic("READ", "orders-eu")]);
    const topicsOf = (text: string): readonly string[] =>
      (JSON.parse(text) as GroupOffsetsBody).offsets.map(({ topic }) => topic).toSorted();
    for (const query of ["", `?member=m&generation=${generation}`]) {
      assert.deepEqual(topicsOf((await ask("GET", `/groups/g/offsets${query}`)).text), ["orders", "orders-eu"]);
      assert.equal(topicsOf((await ask("GET", `/groups/g/offsets${query}`, undefined, asAdmin)).text).length, 3);
    }
    const lagOf = async (headers = ada): Promise<GroupLagBody> =>
      JSON.parse((await ask("GET", "/groups/g/lag", undefined, headers)).text) as GroupLagBody;
    const { partitions, lag } = await lagOf();
    assert.deepEqual([partitions.map(({ topic }) => topic), lag], [["orders", "orders-eu"], 1]);
    assert.equal((await lagOf(asAdmin)).lag, 2);
  });

  test("a member with the rights gets its partitions", async () => {
    await log.acls.add([onGroup("READ", "g", prefixed), onTopic("READ", "orders")]);
    const { status, text } = await beat({ topics: ["orders"] }, "g-2");
    assert.equal(status, 200);
    assert.deepEqual((JSON.parse(text) as MembershipBody).assigned, { orders: [0] });
  });
});
