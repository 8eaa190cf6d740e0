import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { LogError } from "../../../lib/core/errors.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor, type JanitorReport } from "../../../lib/log/janitor.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { CatalogWrite } from "../../../lib/ports/catalog.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
let nowMs = 0;
let engine: Engine;
let log: Log;
const clock = { ...nodeClock, nowMs: () => nowMs };
const parts = { clock, random: nodeRandom, compression: nodeCompression };
const round = (over: Engine = engine): Promise<JanitorReport> => createJanitor(over, parts)(Number.MAX_SAFE_INTEGER);
const marks = async (pk: string) => (await engine.catalog.query(pk, { limit: 1_000 })).map(({ key }) => key.sk);
const starts = async (topic: string) => (await log.watermarks(topic)).map(({ logStartOffset }) => logStartOffset);

beforeEach(() => {
  nowMs = 1_000 * dayMs;
  engine = createMemoryEngine();
  log = createLog(engine, parts);
});

async function write(topic: string, partition = 0, over: Log = log): Promise<void> {
  await over.append(topic, { records: [{ partition, timestampMs: nowMs, key: null, value: new Uint8Array(1), headers: [] }] });
}

/** Rounds until all that was written is sealed and trimmed, and nothing is in use. */
async function settle(): Promise<void> {
  for (const afterMs of [0, hourMs, hourMs, hourMs]) {
    nowMs += afterMs;
    await round();
  }
  assert.deepEqual(await marks("active"), []);
}

/** The engine, which refuses writes of some kind. */
function refusing(isRefused: (write: CatalogWrite) => boolean): Engine {
  const transact: Engine["catalog"]["transact"] = async (writes) => {
    if (writes.some(isRefused)) throw new LogError("throttled", "It is busy.");
    await engine.catalog.transact(writes);
  };
  return { ...engine, catalog: { ...engine.catalog, transact } };
}

const at = (pk: string) => (each: CatalogWrite) => each.key.pk.startsWith(pk);

test("records are deleted in a shard that is marked by then, so that they are freed whatever comes between", async () => {
  const { id } = await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
  await write("t");
  await settle();
  const before = [{ partition: 0, offset: "latest" }] as const;
  await assert.rejects(createLog(refusing(at("active")), parts).deleteRecords("t", before), { code: "throttled" });
  assert.deepEqual(await starts("t"), [0], "not before it is marked");
  await assert.rejects(createLog(refusing(at("frontiers/")), parts).deleteRecords("t", before), { code: "throttled" });
  assert.deepEqual(await marks("active"), [`${id}/0`]);
});
