import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryEngine, createMemoryStore } from "../../../../lib/engines/memory/index.ts";

const shard = { topicId: "t", shard: 0 };
const entry = { parts: [{ index: 0, records: 1, maxTimestampMs: 1, batches: new Uint8Array([1]) }] };

describe("the memory engine", () => {
  it("has a store of its own unless it is given one", async () => {
    const [one, other] = [createMemoryEngine(), createMemoryEngine()];
    await one.journal.open(shard, { partitions: 1, layout: 0 });
    await assert.rejects(other.journal.head(shard), { code: "unknown_topic_or_partition" });
  });

  it("shows one store to all engines that are open over it, and closes them one by one", async () => {
    const store = createMemoryStore({ nowMs: () => 42 });
    const [one, other] = [createMemoryEngine(store), createMemoryEngine(store)];
    await one.journal.open(shard, { partitions: 1, layout: 0 });
    await Promise.all([one.journal.append(shard, entry), other.journal.append(shard, entry)]);
    await one.objects.put("a", new Uint8Array(3));
    await one.close();
    await assert.rejects(one.journal.head(shard), { code: "unavailable", outcome: "not-applied" });
    assert.deepEqual((await other.journal.head(shard)).highWatermarks, [2]);
    assert.deepEqual(await other.objects.list("", { limit: 1 }), [{ key: "a", bytes: 3, modifiedMs: 42 }]);
  });
});
