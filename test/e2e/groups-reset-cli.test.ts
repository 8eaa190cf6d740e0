/** `stratalog groups reset`: where a group goes on. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { chosenOf, type Move } from "../../lib/cli/commands/groups-reset-plan.ts";
import { UsageError } from "../../lib/cli/usage-error.ts";
import { type GroupsServer, startGroupsServer, topicOf } from "./groups-command.ts";
import { runCommand } from "./run-command.ts";

let at: GroupsServer;
before(async () => {
  at = await startGroupsServer();
});
after(() => at.stop());

interface Reset {
  readonly group: string;
  readonly dryRun: boolean;
  readonly partitions: readonly Move[];
}
const reset = async (group: string, ...args: string[]): Promise<Reset> =>
  JSON.parse(await at.ok("reset", group, ...args, "--json")) as Reset;
const changes = ({ partitions }: Reset): string[] =>
  partitions.map(({ topic, partition, oldOffset, newOffset }) => `${topic}:${partition} ${oldOffset} ${newOffset}`);
const committed = async (group: string): Promise<string[]> =>
  (await at.client.groups.offsets(group)).map(({ topic, partition, offset }) => `${topic}:${partition} ${offset}`);

test("reset: to the ends, an offset, a time, and by so many; what lies outside is brought to the ends, and that is said", async () => {
  const first = await at.run("reset", "moved", "--topic", "orders", "--to", "latest");
  assert.equal(
    first.stdout,
    "TOPIC   PARTITION  OLD  NEW\norders          0    -    5\norders          1    -    3\norders          2    -    0\n",
  );
  assert.match(first.stderr, /Group moved was not there: this has made it\./);
  assert.deepEqual(changes(await reset("moved", "--topic", "orders", "--to", "earliest")), [
    "orders:0 5 2",
    "orders:1 3 0",
    "orders:2 0 0",
  ]);
  assert.equal(
    await at.ok("reset", "moved", "--topic", "orders", "--to", "1"),
    [
      "TOPIC   PARTITION  OLD  NEW  NOTE",
      "orders          0    2    2  1 is before the start",
      "orders          1    0    1",
      "orders          2    0    0  1 is past the end",
      "",
    ].join("\n"),
  );
  assert.deepEqual(changes(await reset("moved", "--topic", "orders:0-1", "--shift-by", "1")), ["orders:0 2 3", "orders:1 1 2"]);
  assert.match(await at.ok("reset", "moved", "--topic", "orders:1", "--shift-by", "-5"), / 2 +0 +-3 is before the start\n$/);
  const timed = await at.ok("reset", "moved", "--topic", "orders", "--to", "@1970-01-01T00:00:04Z");
  assert.match(
    timed,
    /\norders +0 +3 +3\norders +1 +0 +3 +no record is that late: the end\norders +2 +0 +0 +no record is that late: the end\n$/,
  );
  assert.deepEqual(await committed("moved"), ["orders:0 3", "orders:1 3", "orders:2 0"]);
  const data = await reset("moved", "--topic", "orders:2", "--to", "9");
  assert.deepEqual(data, {
    group: "moved",
    dryRun: false,
    partitions: [{ topic: "orders", partition: 2, oldOffset: 0, newOffset: 0, note: "9 is past the end" }],
  });
});

test("reset takes what Kafka's tool calls it", async () => {
  const kafka = async (...args: string[]): Promise<string[]> => changes(await reset("kafka", "--topic", "orders:0", ...args));
  assert.deepEqual(await kafka("--to-latest", "--execute"), ["orders:0 null 5"]);
  assert.deepEqual(await kafka("--to-earliest", "--execute"), ["orders:0 5 2"]);
  assert.deepEqual(await kafka("--to-offset", "3"), ["orders:0 2 3"]);
  assert.deepEqual(await kafka("--shift-by", "+1"), ["orders:0 3 4"]);
  // Without a zone it is UTC there, wherever the command runs.
  const timed = ["groups", "reset", "kafka", "--topic", "orders:0", "--to-datetime", "1970-01-01T00:00:04.000", "--json"];
  const { stdout } = await runCommand(timed, { url: at.server.url, env: { TZ: "Asia/Tokyo" } });
  assert.deepEqual(changes(JSON.parse(stdout) as Reset), ["orders:0 4 3"]);
  assert.deepEqual(await kafka("--to-datetime", "1970-01-01T09:00:05+09:00"), ["orders:0 3 4"]);
  const wrong = (...args: string[]): Promise<string> => at.fails(2, "reset", "kafka", "--topic", "orders", ...args);
  assert.match(await wrong("--to-latest", "--shift-by", "1"), /Give one of --to-latest and --shift-by\./);
  assert.match(await wrong("--to", "latest", "--execute", "--dry-run"), /Give one of --execute and --dry-run\./);
  assert.match(await wrong("--to-datetime", "noon"), /--to-datetime "noon" is no time/);
  assert.match(await wrong("--to-offset", "x"), /--to-offset must be a whole number/);
});

test("commands by the words that others have for them", async () => {
  assert.match(await at.fails(2, "lag"), /Did you mean "groups describe"\?/);
  assert.match(await at.fails(2, "reset-offsets"), /Did you mean "groups reset"\?/);
  const { code, stderr } = await runCommand(["consumers", "status", "billing"], { url: at.server.url });
  assert.equal(code, 2);
  assert.match(stderr, /There is no command "consumers status"\. Did you mean "consumers describe"\?/);
});

test("reset --dry-run shows the same and changes nothing, also while the group has members", async () => {
  const made = await at.run("reset", "dry", "--topic", "orders", "--to", "latest", "--dry-run");
  assert.match(made.stdout, /orders +0 +- +5\n/);
  assert.match(made.stderr, /Nothing was changed: this was a dry run\. Group dry is not there yet\./);
  await assert.rejects(at.client.groups.get("dry"), { code: "group_id_not_found" });

  await at.client.groups.setOffsets("dry", [{ topic: "orders", partition: 0, offset: 4 }]);
  await at.client.groups.beat("dry", "ann", { topics: ["orders"] });
  const busy = await at.run("reset", "dry", "--topic", "orders:0", "--to", "earliest", "--dry-run");
  assert.equal(busy.code, 0);
  assert.match(busy.stdout, /orders +0 +4 +2\n/);
  assert.match(busy.stderr, /Group dry has 1 member \(ann\): stop them first/);
  const data = await reset("dry", "--topic", "orders:0", "--to", "earliest", "--dry-run");
  assert.deepEqual([data.dryRun, changes(data)], [true, ["orders:0 4 2"]]);
  assert.deepEqual(await committed("dry"), ["orders:0 4"]);
});

test("reset takes several topics, of more partitions than one request holds", async () => {
  await topicOf(
    at.client,
    "wide",
    Array.from({ length: 120 }, () => 1),
  );
  const { partitions } = await reset("many", "--topic", "wide", "--topic", "orders:2,0", "--topic", "orders:1", "--to", "latest");
  assert.equal(partitions.length, 123);
  assert.deepEqual(
    partitions.slice(-3).map(({ topic, partition }) => [topic, partition]),
    [
      ["orders", 0],
      ["orders", 1],
      ["orders", 2],
    ],
  );
  const found = await at.client.groups.offsets("many");
  assert.equal(found.filter(({ topic, offset }) => topic === "wide" && offset === 1).length, 120);
  assert.equal((await at.client.groups.lag("many")).lag, 0);
});

test("reset refuses what it does not understand, with what to write; and nothing is changed", async () => {
  const wrong = (...args: string[]): Promise<string> => at.fails(2, "reset", "wrong", ...args);
  assert.match(await wrong("--to", "latest"), /--topic orders:0,4-7/);
  assert.match(await wrong("--topic", "orders"), /--to takes earliest, latest, an offset, or @ and a time; --shift-by a number/);
  assert.match(await wrong("--topic", "orders", "--to", "latest", "--shift-by", "1"), /Give one of --to and --shift-by\./);
  assert.match(await wrong("--topic", "orders", "--to", "15m"), /"15m" is no offset/);
  assert.match(await wrong("--topic", "orders", "--to", "@noon"), /"noon" is no time/);
  assert.match(await wrong("--topic", "orders", "--shift-by", "x"), /whole number/);
  assert.match(await wrong("--topic", "orders:x", "--to", "latest"), /after the colon come partitions, such as orders:0,4-7/);
  for (const bad of ["orders:", "orders:3-1", "orders:0,,1", "orders:-1", "orders:10000", "orders:1:2", ":0", ""])
    assert.throws(() => chosenOf([bad]), UsageError, bad);
  assert.match(await wrong("--topic", "orders:1-3", "--to", "latest"), /partition 3 of orders is none of 0 to 2/);
  assert.match(
    await at.fails(1, "reset", "wrong", "--topic", "orders", "--shift-by", "1"),
    /^stratalog: Group wrong has committed nothing of orders:0, and of 2 more: there is nothing to shift\. .* \(offset_out_of_range\)\n$/,
  );
  assert.match(await at.fails(1, "reset", "wrong", "--topic", "gone", "--to", "latest"), /unknown_topic_or_partition/);
  await assert.rejects(at.client.groups.get("wrong"), { code: "group_id_not_found" });
});

test("reset ends where a member joins meanwhile, and says how far it has come", async () => {
  await topicOf(
    at.client,
    "long",
    Array.from({ length: 100 }, () => 1),
  );
  // Somebody joins as soon as the first request is done.
  const door = createServer((request, response) => {
    void (async () => {
      const { method = "GET", url = "" } = request;
      const body = await buffer(request);
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${at.server.url}${url}`, { method, headers, ...(method === "POST" && { body }) });
      if (method === "POST") await at.client.groups.beat("partly", "ann", { topics: ["orders"] });
      response.writeHead(answer.status, headers).end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  try {
    const { code, stdout, stderr } = await runCommand(["groups", "reset", "partly", "--topic", "long", "--to", "latest"], { url });
    assert.equal(code, 1);
    assert.equal(stdout.trim().split("\n").length, 1 + 99);
    assert.match(stderr, /Only 99 partitions of 100 were set\.\nstratalog: Group partly has 1 member \(ann\): stop them first/);
    assert.equal((await committed("partly")).length, 99);
  } finally {
    door.closeAllConnections();
    door.close();
  }
});
