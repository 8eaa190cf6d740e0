import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogError } from "../../../lib/core/errors.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Journal } from "../../../lib/ports/journal.ts";

/** A log whose journal refuses one kind of call once it is told to. */
function logThatRefuses(call: "open" | "close") {
  const engine = createMemoryEngine();
  const state = { refuses: false };
  const refused = async (): Promise<never> => Promise.reject(new LogError("throttled", "too much at once", { retryAfterMs: 5 }));
  const journal: Journal = {
    ...engine.journal,
    open: (shard, shape) => (state.refuses && call === "open" ? refused() : engine.journal.open(shard, shape)),
    close: (shard) => (state.refuses && call === "close" ? refused() : engine.journal.close(shard)),
  };
  const log = createLog({ ...engine, journal }, { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  return { log, state };
}

describe("a topic change that fails halfway", () => {
  it("is not told as refused when the topic is gone already", async () => {
    const { log, state } = logThatRefuses("close");
    await log.topics.create({ name: "t" });
    state.refuses = true;
    await assert.rejects(log.topics.delete("t"), { code: "throttled", outcome: "unknown", retryAfterMs: 5 });
    await assert.rejects(log.topics.get("t"), { code: "unknown_topic_or_partition" });
  });

  it("is not told as refused when the growth has begun already, and is finished by the next who meets it", async () => {
    const { log, state } = logThatRefuses("open");
    await log.topics.create({ name: "t", partitions: 1, partitionsPerShard: 1 });
    state.refuses = true;
    await assert.rejects(log.topics.alter("t", { partitions: 3 }), { code: "throttled", outcome: "unknown" });
    state.refuses = false;
    assert.deepEqual((await log.topics.alter("t", { config: { "retention.ms": 5 } })).partitionCounts, [1, 3]);
  });

  it("is told as refused when nothing has begun", async () => {
    const { log, state } = logThatRefuses("open");
    state.refuses = true;
    await assert.rejects(log.topics.create({ name: "t" }), { code: "throttled", outcome: "not-applied" });
    state.refuses = false;
    await log.topics.create({ name: "t" });
  });
});
