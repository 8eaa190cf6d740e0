import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createAwsEngine } from "../../../lib/engines/aws/index.ts";
import { openLocalEngine } from "../../../lib/engines/local/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Clock } from "../../../lib/ports/clock.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import { SimBucket } from "../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../lib/testing/sim/aws/sim-table.ts";

const atOnce = { sealAgeMs: 0, trimLagMs: 0, garbageGraceMs: 0, mergeSegmentsMin: 4, quietMs: 0, markMs: 0 };

/** Writes in every way, by several producers, into payloads of both kinds; seals some of it; deletes all topics; two rounds. */
async function liveAndDie(engine: Engine, clock: Clock, pass: () => void): Promise<void> {
  const parts = { clock, random: nodeRandom, compression: nodeCompression, strata: atOnce };
  const log = createLog(engine, parts);
  const janitor = createJanitor(engine, parts);
  const round = () => janitor(Number.MAX_SAFE_INTEGER);
  for (const name of ["a", "b", "c"]) await log.topics.create({ name, partitions: 5, partitionsPerShard: 2 });
  for (let nth = 0; nth < 60; nth++) {
    for (const name of ["a", "b", "c"]) {
      const value = new Uint8Array(nth % 9 === 0 ? 20_000 : 20);
      const records = [0, 3, nth % 5].map((partition) => ({ key: null, value, headers: [], partition }));
      await log.append(name, { records, producer: { id: BigInt(nth % 12), epoch: 0, sequence: nth } });
    }
    if (nth % 13 === 5) await round();
    pass();
  }
  await log.topics.alter("c", { partitions: 9 });
  for (const name of ["a", "b", "c"]) await log.topics.delete(name);
  pass();
  for (let nth = 0; nth < 2; nth++) {
    const { failures, isComplete } = await round();
    assert.deepEqual([failures, isComplete], [0, true]);
    pass();
  }
  assert.deepEqual(await log.topics.list({}), []);
}

test("aws: once all topics are deleted, two rounds leave nothing in the table but the janitor's own rows and what has its end set, and nothing in the bucket", async () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { ...nodeClock, nowMs: () => nowMs };
  const [table, bucket] = [new SimTable(clock), new SimBucket(clock)];
  const engine = createAwsEngine({ table, bucket, clock, random: nodeRandom });
  await liveAndDie(engine, clock, () => {
    nowMs += 600_000;
  });
  await engine.idle();
  // A closed shard's head stays for a day, until DynamoDB takes it away: a late request of its creator must not make it anew.
  const kept = table.snapshot.filter(({ ttl }) => ttl === undefined);
  const left = kept.map(({ pk, sk }) => [pk, sk].map((value) => (value !== undefined && "S" in value ? value.S : "")).join(" "));
  // What was due once is looked at when its time comes, finds nothing, and goes.
  assert.deepEqual(left.filter((key) => !key.startsWith("C#due ")).sort(), ["C#janitor marks", "C#janitor swept", "C#upgrades topic-ids"]);
  assert.deepEqual(bucket.snapshot, []);
});

test("local: once all topics are deleted, two rounds leave the newest journal files and no object", async () => {
  const folder = await mkdtemp(join(tmpdir(), "stratalog-empty-"));
  try {
    const engine = await openLocalEngine(folder, { fileBytesMax: 50_000, unindexedOpsMax: 8 });
    await liveAndDie(engine, nodeClock, () => undefined);
    const files = await readdir(join(folder, "journal"));
    assert.ok(files.length <= 2, files.join());
    assert.deepEqual(await engine.objects.list("", { limit: 10 }), []);
    await engine.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
