import assert from "node:assert/strict";
import { test } from "node:test";
import { type Acl, clusterName, type NeededOperation, neededOperations } from "../../../../lib/core/access/acl.ts";
import { checkAcl } from "../../../../lib/core/access/check-acl.ts";
import { routes } from "../../../../lib/http/routes/index.ts";
import type { Route } from "../../../../lib/http/route.ts";
import { send } from "../fixtures.ts";
import { acl, asAdmin, secured } from "./secured.ts";

type Right = readonly [resource: "topic" | "group" | "cluster", operation: NeededOperation];

interface Expected {
  /** Each of them is enough, and nothing else is, but for what allows DESCRIBE. */
  readonly needs: readonly Right[];
  /** Those that it takes too, and which are there already. */
  readonly also?: readonly Right[];
  readonly path: string;
  readonly body?: string;
}

const onTopic = (operation: NeededOperation): readonly Right[] => [["topic", operation]];
const onGroup = (operation: NeededOperation): readonly Right[] => [["group", operation]];
const onCluster = (operation: NeededOperation): readonly Right[] => [["cluster", operation]];
const newAcl = JSON.stringify({ acls: [acl("User:eve", "READ", "other")] });
const beat = { path: "/groups/g/members/m", body: '{"topics":["t"]}' };
const commit = { path: "/groups/g/offsets", body: '{"member":"m","generation":1,"offsets":[{"topic":"t","partition":0,"offset":1}]}' };
const set = { path: "/groups/g/offsets", body: '{"offsets":[{"topic":"t","partition":0,"offset":1}]}' };
const transaction = {
  path: "/groups/g/members/m/transactions",
  body: '{"generation":1,"offsets":[{"topic":"t","partition":0,"offset":1}],"records":[{"topic":"t","value":"x"}]}',
};
const consumer = {
  path: "/consumers/g",
  body: '{"topic":"t","target":"arn:aws:lambda:us-east-1:000000000000:function:f","outputTopics":["t"],"onFailure":"kafka://t"}',
};
const letter = "t/00000/0000000000000000000";
const create = onTopic("CREATE").concat(onCluster("CREATE"));

/** Every operation of the API, by `operationId`; one of several bodies has a word behind it. */
const expected: Readonly<Record<string, Expected>> = {
  createTopic: { needs: create, path: "/topics", body: '{"name":"t"}' },
  describeTopic: { needs: onTopic("DESCRIBE"), path: "/topics/t" },
  alterTopic: { needs: onTopic("ALTER"), path: "/topics/t", body: '{"partitions":2}' },
  "alterTopic configs": { needs: onTopic("ALTER_CONFIGS"), path: "/topics/t", body: '{"config":{"retention.ms":1000}}' },
  "alterTopic nothing": { needs: onTopic("ALTER"), path: "/topics/t", body: "{}" },
  deleteTopic: { needs: onTopic("DELETE"), path: "/topics/t" },
  deleteRecords: { needs: onTopic("DELETE"), path: "/topics/t/partitions/0/records?before=0" },
  produce: { needs: onTopic("WRITE"), path: "/topics/t/records", body: '{"records":[{"value":"x"}]}' },
  followTopic: { needs: onTopic("READ"), path: "/topics/t/records" },
  fetch: { needs: onTopic("READ"), path: "/topics/t/partitions/0/records" },
  findOffsets: { needs: onTopic("DESCRIBE"), path: "/topics/t/offsets" },
  describeGroup: { needs: onGroup("DESCRIBE"), path: "/groups/g" },
  deleteGroup: { needs: onGroup("DELETE"), path: "/groups/g" },
  heartbeat: { needs: onGroup("READ"), also: onTopic("READ"), ...beat },
  "heartbeat topics": { needs: onTopic("READ"), also: onGroup("READ"), ...beat },
  leaveGroup: { needs: onGroup("READ"), path: "/groups/g/members/m" },
  groupOffsets: { needs: onGroup("DESCRIBE"), path: "/groups/g/offsets" },
  "groupOffsets member": { needs: onGroup("READ"), path: "/groups/g/offsets?member=m&generation=1" },
  commitOffsets: { needs: onGroup("READ"), also: onTopic("READ"), ...commit },
  "commitOffsets topics": { needs: onTopic("READ"), also: onGroup("READ"), ...commit },
  "commitOffsets nobody": { needs: onGroup("READ"), also: onTopic("READ"), ...set },
  "commitOffsets nobody's topics": { needs: onTopic("READ"), also: onGroup("READ"), ...set },
  commitTransaction: { needs: onGroup("READ"), also: [...onTopic("READ"), ...onTopic("WRITE")], ...transaction },
  "commitTransaction offsets": { needs: onTopic("READ"), also: [...onGroup("READ"), ...onTopic("WRITE")], ...transaction },
  "commitTransaction records": { needs: onTopic("WRITE"), also: [...onGroup("READ"), ...onTopic("READ")], ...transaction },
  fetchGroup: { needs: onGroup("READ"), path: "/groups/g/records?member=m&generation=1" },
  groupLag: { needs: onGroup("DESCRIBE"), path: "/groups/g/lag" },
  describeConsumer: { needs: onGroup("DESCRIBE"), path: "/consumers/g" },
  consumerStatus: { needs: onGroup("DESCRIBE"), path: "/consumers/g/status" },
  putConsumer: { needs: onCluster("ALTER"), also: [...onGroup("READ"), ...onTopic("READ"), ...onTopic("WRITE")], ...consumer },
  "putConsumer group": { needs: onGroup("READ"), also: [...onCluster("ALTER"), ...onTopic("READ"), ...onTopic("WRITE")], ...consumer },
  "putConsumer topic": { needs: onTopic("READ"), also: [...onCluster("ALTER"), ...onGroup("READ"), ...onTopic("WRITE")], ...consumer },
  "putConsumer outputs": { needs: onTopic("WRITE"), also: [...onCluster("ALTER"), ...onGroup("READ"), ...onTopic("READ")], ...consumer },
  alterConsumer: { needs: onGroup("READ"), path: "/consumers/g", body: '{"enabled":false}' },
  deleteConsumer: { needs: onGroup("DELETE"), path: "/consumers/g" },
  listDeadLetters: { needs: onGroup("DESCRIBE"), path: "/consumers/g/dead-letters" },
  forgetDeadLetter: { needs: onGroup("READ"), path: `/consumers/g/dead-letters?id=${letter}` },
  redriveDeadLetters: { needs: onGroup("READ"), path: "/consumers/g/redrive", body: "{}" },
  listAcls: { needs: onCluster("DESCRIBE"), path: "/acls" },
  createAcls: { needs: onCluster("ALTER"), path: "/acls", body: newAcl },
  deleteAcls: { needs: onCluster("ALTER"), path: "/acls?principal=User:eve" },
  listTokens: { needs: onCluster("DESCRIBE"), path: "/tokens" },
  createToken: { needs: onCluster("ALTER"), path: "/tokens", body: '{"principal":"User:eve"}' },
  deleteToken: { needs: onCluster("ALTER"), path: "/tokens/0123456789abcdef" },
  metrics: { needs: onCluster("DESCRIBE"), path: "/metrics" },
  listQuotas: { needs: onCluster("DESCRIBE_CONFIGS"), path: "/quotas" },
  alterQuota: { needs: onCluster("ALTER_CONFIGS"), path: "/quotas", body: '{"principal":"User:eve","quota":null}' },
};
/** No right at all; the lists leave out what the caller may not see. */
const free = ["listTopics", "listGroups", "listConsumers", "health", "openApi"];

const methodOf = new Map(
  Object.values<Route>(routes).flatMap(({ operations }) => Object.entries(operations).map(([method, { id }]) => [id, method] as const)),
);
const implying: Readonly<Partial<Record<NeededOperation, readonly NeededOperation[]>>> = {
  DESCRIBE: ["READ", "WRITE", "DELETE", "ALTER"],
  DESCRIBE_CONFIGS: ["ALTER_CONFIGS"],
};
/** Every right that there is, on the topic and the group of the tests and on the cluster. */
const rights = neededOperations
  .flatMap((operation): readonly Right[] => [
    ["topic", operation],
    ["group", operation],
    ["cluster", operation],
  ])
  .filter(isAcl);

function aclFor([resource, operation]: Right): Acl {
  if (resource === "group") return acl("User:ada", operation, "g", { resourceType: "GROUP" });
  return acl("User:ada", operation, resource === "topic" ? "t" : clusterName);
}

function isAcl(right: Right): boolean {
  try {
    return checkAcl(aclFor(right)) !== undefined;
  } catch {
    return false;
  }
}

test("every operation of the API has a case here", () => {
  const cases = new Set(Object.keys(expected).map((name) => name.split(" ")[0] ?? ""));
  assert.deepEqual([...cases, ...free].toSorted(), [...methodOf.keys()].toSorted());
});

for (const [name, { needs, also = [], path, body }] of Object.entries(expected)) {
  const shown = (rights: readonly Right[]): string => rights.map(([resource, operation]) => `${operation} on the ${resource}`).join(" or ");
  test(`${name} takes ${shown(needs)}${also.length === 0 ? "" : `, beside ${shown(also)}`}, and no other right is enough`, async () => {
    const { app, log, tokenFor } = secured();
    const ada = await tokenFor("User:ada");
    const method = methodOf.get(name.split(" ")[0] ?? "") ?? "";
    for (const [resource, operation] of rights) {
      if (method !== "POST" || path !== "/topics") await send(app, "POST", "/topics", '{"name":"t"}', asAdmin);
      if (also.some(([on, given]) => on === resource && given === operation)) continue;
      await log.acls.add([aclFor([resource, operation]), ...also.map(aclFor)]);
      const response = await send(app, method, path, body, { ...ada, ...(name === "followTopic" ? { accept: "text/event-stream" } : {}) });
      await response.body?.cancel();
      const enough = needs.some(
        ([on, wanted]) => on === resource && (wanted === operation || implying[wanted]?.includes(operation) === true),
      );
      assert.equal(response.status !== 403, enough, `${operation} on the ${resource} answered ${response.status}`);
      assert.notEqual(response.status, 401);
      if (method === "POST" && path === "/topics" && response.status === 201) await log.topics.delete("t");
      await log.acls.remove({ principal: "User:ada" });
    }
    await log.close();
  });
}

test("partitions and configs in one change take both rights, and with one of them nothing is changed", async () => {
  const { app, log, tokenFor } = secured();
  const ada = await tokenFor("User:ada");
  await log.topics.create({ name: "t" });
  const alter = () => send(app, "PATCH", "/topics/t", '{"partitions":2,"config":{"retention.ms":1000}}', ada);
  for (const operation of ["ALTER", "ALTER_CONFIGS"] as const) {
    await log.acls.add([acl("User:ada", operation, "t")]);
    assert.equal((await alter()).status, operation === "ALTER" ? 403 : 200);
    assert.equal((await log.topics.get("t")).partitions, operation === "ALTER" ? 1 : 2);
  }
  await log.close();
});
