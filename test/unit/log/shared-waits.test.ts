import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryEngine, createMemoryStore } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";

/** Two processes over one store: neither tells the other anything. */
function twoLogs() {
  const store = createMemoryStore();
  const make = () => createLog(createMemoryEngine(store), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  return [make(), make()] as const;
}

const record = { key: null, value: new TextEncoder().encode("x"), headers: [] };
/** Far above what looking again takes, far below what is waited for. */
const soonMs = 5_000;
const waitMs = 30_000;

test("a fetch that waits finds what another process appends", { timeout: waitMs }, async () => {
  const [reader, writer] = twoLogs();
  await writer.topics.create({ name: "t" });
  const startMs = performance.now();
  const fetched = reader.fetch("t", 0, { from: 0, waitMs });
  await writer.append("t", { records: [record] });
  assert.equal((await fetched).nextOffset, 1);
  assert.ok(performance.now() - startMs < soonMs);
});

test("a wait for a topic ends when another process appends to any of its partitions", { timeout: waitMs }, async () => {
  const [reader, writer] = twoLogs();
  await writer.topics.create({ name: "t", partitions: 6 });
  const startMs = performance.now();
  const changed = reader.changed("t", waitMs);
  await new Promise((resolve) => setImmediate(resolve));
  await writer.append("t", { records: [{ ...record, partition: 5 }] });
  await changed;
  assert.ok(performance.now() - startMs < soonMs);
});
