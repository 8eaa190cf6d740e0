import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../../lib/core/limits.ts";
import { TopicCache } from "../../../lib/log/topic-cache.ts";
import { topicRowValue } from "../../../lib/log/topic-row.ts";
import type { Catalog, CatalogItem } from "../../../lib/ports/catalog.ts";
import type { Clock } from "../../../lib/ports/clock.ts";

const row = { id: "id", partitionCounts: [1], partitionsPerShard: 4, overrides: {}, createdMs: 0, growingTo: 0 };

/** A catalog of one topic that counts its reads and answers when told to. */
function slowCatalog() {
  let reads = 0;
  let version = 1;
  const answers: (() => void)[] = [];
  const get: Catalog["get"] = (key) => {
    reads++;
    const item: CatalogItem = { key, version, value: topicRowValue(row) };
    return new Promise((resolve) => answers.push(() => resolve(item)));
  };
  const answer = (): void => {
    for (const one of answers.splice(0)) one();
  };
  return { catalog: { get } as Catalog, answer, reads: () => reads, change: () => version++ };
}

function clockAt(time: { nowMs: number }): Clock {
  return { nowMs: () => time.nowMs, sleep: () => Promise.resolve() };
}

test("a topic of a shared store is read again after a while, one of a sole writer's is not", async () => {
  for (const isShared of [true, false]) {
    const time = { nowMs: 1_000 };
    const { catalog, answer, reads } = slowCatalog();
    const cache = new TopicCache(catalog, clockAt(time), isShared);
    const get = async () => {
      const found = cache.get("t");
      answer();
      return await found;
    };
    await get();
    time.nowMs += limits.topicCacheMs - 1;
    await get();
    assert.equal(reads(), 1);
    time.nowMs += 1;
    await get();
    assert.equal(reads(), isShared ? 2 : 1);
  }
});

test("what was read while the topic changed is not kept", async () => {
  const { catalog, answer, reads, change } = slowCatalog();
  const cache = new TopicCache(catalog, clockAt({ nowMs: 0 }), false);
  const before = cache.get("t");
  change();
  cache.forget("t");
  answer();
  assert.equal((await before).version, 1);
  const after = cache.get("t");
  answer();
  assert.equal((await after).version, 2);
  assert.equal(reads(), 2);
});
