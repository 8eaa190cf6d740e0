/** `stratalog groups` as operators run it: against a server, with members that come and go. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { memberTable } from "../../lib/cli/commands/groups-text.ts";
import type { GroupDetailBody, GroupLagBody, GroupListBody, PartitionLagBody } from "../../lib/client/index.ts";
import { mapBounded } from "../../lib/core/bounded.ts";
import { limits } from "../../lib/core/limits.ts";
import { type GroupsServer, startGroupsServer } from "./groups-command.ts";

let at: GroupsServer;
before(async () => {
  at = await startGroupsServer();
});
after(() => at.stop());

interface Described extends GroupDetailBody, GroupLagBody {
  readonly partitions: readonly (PartitionLagBody & { readonly member: string | null })[];
}
const described = async (group: string, ...flags: string[]): Promise<Partial<Described>> =>
  JSON.parse(await at.ok("describe", group, "--json", ...flags)) as Partial<Described>;

test("groups are listed by name, all of them, and by prefix", async () => {
  const none = await at.run("list", "--prefix", "list.");
  assert.deepEqual([none.code, none.stdout], [0, ""]);
  assert.match(none.stderr, /no groups whose names start with "list\.".*stratalog consume TOPIC --group NAME$/m);
  await at.client.groups.setOffsets("list.b", [{ topic: "orders", partition: 0, offset: 3 }]);
  await at.client.groups.beat("list.a", "m", { topics: ["orders"] });
  assert.match(
    await at.ok("list", "--prefix", "list."),
    /^GROUP +STATE +MEMBERS +GENERATION\nlist\.a +Stable +1 +\d+\nlist\.b +Empty +0 +\d+\n$/,
  );
  const { groups } = JSON.parse(await at.ok("ls", "--json")) as GroupListBody;
  assert.deepEqual(
    groups.map(({ group, state, members }) => [group, state, members]),
    [
      ["list.a", "Stable", 1],
      ["list.b", "Empty", 0],
    ],
  );
});

test("a listing longer than a page is whole, and ids may hold what a path would take for its own", async () => {
  const ids = Array.from({ length: limits.listLimitMax + 1 }, (_, at) => `page/?&#% ${at}`);
  await mapBounded(ids, 32, (group) => at.client.groups.setOffsets(group, [{ topic: "orders", partition: 0, offset: 3 }]));
  const { groups } = JSON.parse(await at.ok("list", "--prefix", "page/?", "--json")) as GroupListBody;
  assert.deepEqual(new Set(groups.map(({ group }) => group)), new Set(ids));
  assert.equal((await described("page/?&#% 0")).group, "page/?&#% 0");
});

test("describe: facts, members, offsets with who has them, and the lag; each part alone", async () => {
  await at.client.groups.setOffsets("seen", [
    { topic: "orders", partition: 0, offset: 0 },
    { topic: "orders", partition: 1, offset: 1 },
  ]);
  const { assigned, generation } = await at.client.groups.beat("seen", "ann", { topics: ["orders"] });
  assert.deepEqual(assigned, { orders: [0, 1, 2] });
  // Ann is to give some back, and has not yet.
  await at.client.groups.beat("seen", "bob", { prefix: "ord" });
  const facts =
    /^Group +seen\nState +Reconciling\nMembers +2\nGeneration +\d+\nAssignor +cooperative-sticky\nLag +5 records, and 1 partition where nothing is committed\n/;
  const members =
    /MEMBER +READS +HAS +GIVES BACK +LAST BEAT +SESSION\nann +orders +orders:0-1 +orders:2 +\d+s ago +45s\nbob +ord\* +- +- +\d+s ago +45s\n/;
  const offsets =
    /TOPIC +PARTITION +START +END +COMMITTED +LAG +MEMBER\norders +0 +2 +5 +0 +3 +ann\norders +1 +0 +3 +1 +2 +ann\norders +2 +0 +0 +- +- +ann\n$/;
  const all = await at.ok("describe", "seen");
  for (const part of [facts, members, offsets]) assert.match(all, part);
  const both = await at.ok("describe", "seen", "--members", "--offsets");
  for (const part of [facts, members, offsets]) assert.match(both, part);
  assert.match(await at.ok("describe", "seen", "--offsets"), new RegExp(`^${offsets.source}`));
  assert.match(await at.ok("describe", "seen", "--members"), new RegExp(`^${members.source}$`));

  const whole = await described("seen");
  assert.equal(whole.lag, 5);
  assert.ok((whole.generation ?? 0) > generation);
  assert.deepEqual(
    whole.partitions?.map(({ partition, offset, member }) => [partition, offset, member]),
    [
      [0, 0, "ann"],
      [1, 1, "ann"],
      [2, null, "ann"],
    ],
  );
  assert.deepEqual(
    whole.members?.map(({ member, assigned: has }) => [member, has]),
    [
      ["ann", { orders: [0, 1] }],
      ["bob", {}],
    ],
  );
  assert.deepEqual(Object.keys(await described("seen", "--members")), ["group", "state", "generation", "assignor", "members"]);
  assert.deepEqual(Object.keys(await described("seen", "--offsets")), ["group", "state", "generation", "assignor", "partitions", "lag"]);
});

test("describe tells a group without members, and one that is not there", async () => {
  await at.client.groups.setOffsets("idle", [{ topic: "orders", partition: 1, offset: 3 }]);
  const { stdout, stderr } = await at.run("describe", "idle", "--members");
  assert.deepEqual([stdout, stderr], ["", "Group idle has no members now.\n"]);
  assert.match(await at.fails(1, "describe", "nobody"), /There is no group nobody\./);
  const { error } = JSON.parse(await at.fails(1, "describe", "nobody", "--json")) as { error: { code: string } };
  assert.equal(error.code, "group_id_not_found");
  assert.match(await at.fails(2, "describe"), /GROUP is missing/);
});

test("a member that has not beaten for its session's time is marked, and ages are told in what they are best read in", () => {
  const nowMs = 10_000_000_000;
  const row = (agoMs: number): string => {
    const beat = { beatMs: nowMs - agoMs, sessionTimeoutMs: 45_000, topics: ["t"], assigned: { t: [7, 0, 1, 3], u: [2] }, revoked: {} };
    return memberTable([{ member: "m", ...beat }], nowMs).split("\n")[1] ?? "";
  };
  assert.match(row(45_000), /^m +t +t:0-1,3,7 u:2 +- +45s ago +45s$/);
  assert.match(row(45_001), / 45s ago +45s \(over\)$/);
  for (const [seconds, told] of [
    [-3, "0s"],
    [119, "119s"],
    [120, "2m"],
    [7_200, "2h"],
    [172_800, "2d"],
  ] as const)
    assert.match(row(seconds * 1_000), new RegExp(` ${told} ago`));
});

test("a group with members is neither reset nor deleted: who is in the way is said; once they have left, it is", async () => {
  await at.client.groups.setOffsets("held", [{ topic: "orders", partition: 0, offset: 4 }]);
  await at.client.groups.beat("held", "ann", { topics: ["orders"] });
  await at.client.groups.beat("held", "bob", { topics: ["orders"] });
  const committed = async () => (await at.client.groups.offsets("held")).map(({ offset }) => offset);
  for (const args of [
    ["reset", "held", "--topic", "orders", "--to", "earliest"],
    ["delete", "held"],
  ]) {
    assert.match(await at.fails(1, ...args), /Group held has 2 members \(ann, bob\): stop them first\..*\(non_empty_group\)/);
    const { error } = JSON.parse(await at.fails(1, ...args, "--json")) as { error: { code: string; outcome: string } };
    assert.deepEqual([error.code, error.outcome], ["non_empty_group", "not-applied"]);
  }
  assert.deepEqual(await committed(), [4]);
  for (const member of ["ann", "bob"]) await at.client.groups.leave("held", { member, session: "" });
  await at.ok("reset", "held", "--topic", "orders", "--to", "earliest");
  assert.deepEqual(await committed(), [2, 0, 0]);
  assert.equal(await at.ok("delete", "held"), "Deleted group held.\n");
  await assert.rejects(at.client.groups.get("held"), { code: "group_id_not_found" });
});

test("delete takes several, and ends at one that is not there", async () => {
  for (const group of ["end.a", "end.b", "end.c"]) await at.client.groups.setOffsets(group, [{ topic: "orders", partition: 0, offset: 3 }]);
  assert.equal(await at.ok("rm", "end.a", "--json"), '{"deleted":"end.a"}\n');
  const { code, stdout, stderr } = await at.run("delete", "end.b", "end.a", "end.c", "--yes");
  assert.deepEqual([code, stdout], [1, "Deleted group end.b.\n"]);
  assert.match(stderr, /There is no group end\.a\./);
  assert.deepEqual(
    (await at.client.groups.list({ prefix: "end." })).groups.map(({ group }) => group),
    ["end.c"],
  );
});
