import assert from "node:assert/strict";
import { test } from "node:test";
import { LogError } from "../../../lib/core/errors.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import { topicKey } from "../../../lib/log/topic-row.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import type { LogFields, Telemetry } from "../../../lib/ports/telemetry.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A log over time that a test moves on, and what its janitor tells. */
function world(wrap: (engine: Engine) => Engine = (engine) => engine) {
  const time = { nowMs: 1_000 * dayMs };
  const clock = { ...nodeClock, nowMs: () => time.nowMs };
  const counted = new Map<string, number>();
  const lines: LogFields[] = [];
  const telemetry: Telemetry = {
    count: (metric, ...[value]) => void counted.set(metric, (counted.get(metric) ?? 0) + value),
    observe: () => undefined,
    gauge: (metric, ...[value]) => void counted.set(metric, value),
    logs: () => true,
    log: (_, event, fields) => {
      if (event === "janitor-failure") lines.push(fields);
    },
    traceId: () => undefined,
    traced: (_, work) => work(),
    nowMs: () => time.nowMs,
  };
  const engine = wrap(createMemoryEngine());
  const parts = { clock, random: nodeRandom, compression: nodeCompression };
  const log = createLog(engine, parts);
  const round = (endMs = Number.MAX_SAFE_INTEGER) => createJanitor(engine, { ...parts, telemetry })(endMs);
  const write = async (topic: string, partition = 0): Promise<void> => {
    await log.append(topic, { records: [{ partition, key: null, value: Uint8Array.of(1), headers: [] }] });
  };
  const starts = async (topic: string) => (await log.watermarks(topic)).map(({ logStartOffset }) => logStartOffset);
  return { time, engine, log, round, write, starts, counted, lines };
}

test("an entry that cannot be read stops its shard's sealing and nothing else, and is told of, until it is given up", async () => {
  let isDamaged = false;
  const { time, engine, log, round, write, starts, counted, lines } = world((base) => ({
    ...base,
    journal: {
      ...base.journal,
      read: async (slices) => {
        const isBad = isDamaged && slices.some(({ entry, index }) => index === 0 && entry.parts[0]?.baseOffset === 1);
        if (isBad) throw new LogError("corrupt_log", "Entry 4 fails its checksum.");
        return await base.journal.read(slices);
      },
    },
  }));
  const { id } = await log.topics.create({ name: "t", partitions: 4, config: { "retention.ms": 2 * dayMs } });
  for (let partition = 0; partition < 4; partition++) await write("t", partition);
  await round();
  time.nowMs += hourMs;
  assert.equal((await round()).seals, 1);
  isDamaged = true;
  for (let partition = 0; partition < 4; partition++) await write("t", partition);
  for (let hours = 0; hours < 72; hours++) {
    time.nowMs += hourMs;
    await round();
  }
  assert.deepEqual(await starts("t"), [1, 1, 1, 1]);
  const keys = (await engine.objects.list("", { limit: 10 })).map(({ key }) => key);
  assert.deepEqual(
    keys.filter((key) => /\/0-\w+$/.test(key)),
    [],
    "what was sealed before has expired",
  );
  assert.ok((counted.get("UnsealedAgeSeconds") ?? 0) > 70 * 3_600, "its age is told");
  assert.ok((counted.get("JanitorFailures") ?? 0) >= 71);
  const { topic, shard, partition, code, fault } = lines[0] ?? {};
  assert.deepEqual([topic, shard, partition, code, fault?.message], ["t", `${id}/0`, 0, "corrupt_log", "Entry 4 fails its checksum."]);
  await log.deleteRecords("t", [{ partition: 0, offset: 2 }]);
  await write("t", 0);
  const { seals, failures } = await round();
  assert.deepEqual([seals, failures], [1, 0]);
  assert.equal((await log.fetch("t", 0, { from: "earliest" })).nextOffset, 3);
  assert.equal((await log.fetch("t", 3, { from: "earliest" })).nextOffset, 2);
});

test("a partition whose segments cannot be tended holds up none of its shard's, nor its shard's sealing", async () => {
  const { time, engine, log, round, write, starts, lines } = world();
  const { id } = await log.topics.create({ name: "t", partitions: 2, config: { "retention.ms": dayMs } });
  for (const partition of [0, 1]) await write("t", partition);
  await round();
  time.nowMs += hourMs;
  await round();
  const rows = await engine.catalog.query(`segments/${id}/0`, { limit: 1 });
  await engine.catalog.transact([{ key: rows[0]?.key ?? assert.fail(), put: { ...(rows[0]?.value as object), v: 99 }, if: "any" }]);
  await write("t", 1);
  await round();
  time.nowMs += hourMs;
  const { seals, failures } = await round();
  assert.deepEqual([seals, failures], [1, 1]);
  time.nowMs += 2 * dayMs;
  await round();
  assert.deepEqual(await starts("t"), [0, 2]);
  assert.deepEqual([lines[0]?.topic, lines[0]?.partition, lines[0]?.code], ["t", 0, "unsupported_version"]);
});

test("a topic that cannot be tended at all is told by its shard, and a round that ends early is counted", async () => {
  const { time, engine, log, round, write, counted, lines } = world();
  const { id } = await log.topics.create({ name: "t" });
  await write("t");
  await round();
  const row = await engine.catalog.get(topicKey("t"));
  await engine.catalog.transact([{ key: topicKey("t"), put: { ...(row?.value as object), v: 99 }, if: "any" }]);
  assert.equal((await round()).failures, 1);
  assert.deepEqual([lines[0]?.shard, lines[0]?.partition, lines[0]?.code], [`${id}/0`, undefined, "unsupported_version"]);
  assert.deepEqual([counted.get("JanitorFailures"), counted.get("JanitorIncompleteRounds")], [1, undefined]);
  await round(time.nowMs);
  assert.deepEqual([counted.get("JanitorFailures"), counted.get("JanitorIncompleteRounds")], [1, 1]);
});
