import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogError } from "../../../lib/core/errors.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { RecordResult } from "../../../lib/log/log.ts";
import type { Journal } from "../../../lib/ports/journal.ts";
import { partitionForKey } from "../../../lib/core/partition.ts";

const key = (partition: number): Uint8Array => {
  for (let i = 0; ; i++) {
    const bytes = new TextEncoder().encode(`k${i}`);
    if (partitionForKey(bytes, 3) === partition) return bytes;
  }
};

/** Appends one idempotent request to three shards of one partition each, whose appends fail as told: attempt after attempt, by shard. */
async function appendThrough(failures: Readonly<Record<number, (LogError | undefined)[]>>): Promise<readonly RecordResult[]> {
  const engine = createMemoryEngine();
  const journal: Journal = {
    ...engine.journal,
    append: (shard, entry, guards) => {
      const failure = failures[shard.shard]?.shift();
      return failure === undefined ? engine.journal.append(shard, entry, guards) : Promise.reject(failure);
    },
  };
  const log = createLog({ ...engine, journal }, { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  await log.topics.create({ name: "t", partitions: 3, partitionsPerShard: 1 });
  const records = [0, 1, 2].map((partition) => ({ key: key(partition), value: null, headers: [] }));
  return await log.append("t", { records, producer: { id: 1n, epoch: 0, sequence: 0 } });
}

const overtaken = new LogError("conflict", "the topic has grown");
const throttled = new LogError("throttled", "too much at once");
const timeout = new LogError("timeout", "no answer", { outcome: "unknown" });
const told = (result: RecordResult | undefined) =>
  result === undefined || !("error" in result) ? "done" : `${result.error.code} ${result.error.outcome}`;

describe("a request that is decided anew", () => {
  it("tells as done what was done before a later attempt was refused as a whole", async () => {
    const results = await appendThrough({ 0: [undefined, throttled], 1: [overtaken, throttled], 2: [undefined, throttled] });
    assert.deepEqual(results.map(told), ["done", "throttled not-applied", "done"]);
  });

  it("tells as unknown what was unknown, whatever later attempts are refused for", async () => {
    const results = await appendThrough({ 0: [timeout, throttled], 1: [overtaken, throttled] });
    assert.deepEqual(results.map(told), ["throttled unknown", "throttled not-applied", "done"]);
  });

  it("tells as done what a later attempt has done", async () => {
    const results = await appendThrough({ 0: [timeout], 1: [overtaken] });
    assert.deepEqual(results.map(told), ["done", "done", "done"]);
  });
});
