/** The check over the aws engine, whose journal has pages and payloads of their own that can be lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAwsEngine } from "../../../../lib/engines/aws/index.ts";
import { payloadItemKey, payloadObjectKey } from "../../../../lib/engines/aws/keys.ts";
import { plannedDeletions } from "../../../../lib/log/check/planned-deletions.ts";
import { createLog } from "../../../../lib/log/create-log.ts";
import { createJanitor } from "../../../../lib/log/janitor.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import { SimBucket } from "../../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../../lib/testing/sim/aws/sim-table.ts";
import { record } from "../../../../lib/testing/conformance/log/build.ts";
import { CheckWorld, namesOf } from "./world.ts";

async function loses(pkPrefix: string) {
  const [table, bucket] = [new SimTable(nodeClock), new SimBucket(nodeClock)];
  const open = () => createAwsEngine({ table, bucket, clock: nodeClock, random: nodeRandom });
  const world = new CheckWorld(open());
  await world.fill();
  for (let nth = 0; nth < 40; nth++) await world.log.append("journal", { records: [record(`more ${nth}`, { partition: 0 })] });
  assert.deepEqual(namesOf(await world.faults(open())), []);
  const lost = table.snapshot.find((item) => "S" in (item["pk"] ?? {}) && JSON.stringify(item["pk"]).includes(`"${pkPrefix}`));
  const [pk, sk] = [lost?.["pk"], lost?.["sk"]];
  assert.ok(pk !== undefined && sk !== undefined && "S" in pk && "S" in sk, `nothing under ${pkPrefix}`);
  await table.delete({ pk: pk.S, sk: sk.S });
  // Another process: what one has read it remembers.
  return await world.faults(open());
}

test("a payload that is lost", async () => {
  const faults = await loses("B#");
  // One for each partition that its entry has a part of.
  assert.deepEqual([...new Set(namesOf(faults))], ["damaged journal"]);
  assert.match(faults[0]?.message ?? "", /Entry \d+ cannot be read/);
});

test("a page that is lost", async () => {
  const faults = await loses("J#");
  assert.equal(faults.length, 1);
  assert.match(faults[0]?.message ?? "", /Entry 0 of the shard cannot be found/);
});

test("planned deletions are what the next collection frees, item by item", async () => {
  const time = { nowMs: Date.UTC(2026, 0, 1) };
  const clock = { ...nodeClock, nowMs: () => time.nowMs };
  const parts = { clock, random: nodeRandom, compression: nodeCompression };
  const [table, bucket] = [new SimTable(clock), new SimBucket(clock)];
  const engine = createAwsEngine({ table, bucket, clock, random: nodeRandom });
  const log = createLog(engine, parts);
  const janitor = createJanitor(engine, parts);
  const { id } = await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
  await log.topics.create({ name: "gone" });
  for (let nth = 0; nth < 80; nth++) {
    const value = new Uint8Array(nth % 9 === 0 ? 20_000 : 20);
    for (const topic of ["t", "gone"]) await log.append(topic, { records: [{ key: null, value, headers: [] }] });
  }
  const shard = { topicId: id, shard: 0 };
  const hour = Math.floor(time.nowMs / 3_600_000);
  const lost = "0000112233aabbcc";
  const item = payloadItemKey(shard, hour, lost);
  await table.put({ pk: { S: item.pk }, sk: { S: item.sk }, v: { N: "1" }, d: { B: new Uint8Array(9) } });
  await bucket.put(payloadObjectKey(shard, hour, lost), new Uint8Array(9), lost);
  await janitor(Number.MAX_SAFE_INTEGER);
  time.nowMs += 3_600_000;
  await janitor(Number.MAX_SAFE_INTEGER);
  await log.topics.delete("gone");
  await engine.journal.trim(shard, 80);
  time.nowMs += 3 * 3_600_000;
  const planned = new Map<string, string>();
  for await (const { why, keys, topic } of plannedDeletions(engine, parts)) {
    for (const key of keys) {
      assert.equal(planned.has(key), false, `${key} is told once`);
      planned.set(key, `${why} ${topic ?? "-"}`);
    }
  }
  const whys = new Set(planned.values());
  assert.deepEqual([...whys].sort(), ["closed gone", "expired gone", "trimmed t", "uncommitted -", "uncommitted t"]);
  const freed: string[] = [];
  for (const topicId of new Set([...planned.keys()].flatMap((key) => /[0-9a-f]{32}/.exec(key) ?? []))) {
    const onFound = ({ name }: { readonly name: string }): number => freed.push(name);
    await engine.upkeep.reclaim({ topicId, shard: 0 }, { graceMs: 3_600_000, onFound });
  }
  await engine.upkeep.sweep({ graceMs: 3_600_000, onFound: ({ name }) => freed.push(name) });
  const told = [...planned].flatMap(([key, why]) => (why === "expired gone" ? [] : [key]));
  assert.deepEqual(freed.sort(), told.sort());
});
