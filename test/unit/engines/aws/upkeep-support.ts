import assert from "node:assert/strict";
import type { AwsEngine } from "../../../../lib/engines/aws/index.ts";
import { payloadItemKey, payloadObjectKey } from "../../../../lib/engines/aws/keys.ts";
import type { Reclaimable, ReclaimOptions } from "../../../../lib/ports/upkeep.ts";
import { entryOf, openShard, range, shard, type Store } from "./support.ts";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** A few entries roll, and some of them are objects. */
export const small = { rollEntries: 2, inlineBytes: 100 };
export const lost = { id: "00112233aabbccdd", bytes: new Uint8Array(50) };

/** Reclaims the shard. */
export async function freed(engine: AwsEngine, options: Partial<ReclaimOptions> = {}): Promise<readonly Reclaimable[]> {
  const found: Reclaimable[] = [];
  const { isComplete } = await engine.upkeep.reclaim(shard, { graceMs: 0, onFound: (each) => found.push(each), ...options });
  assert.ok(isComplete);
  return found;
}

export async function swept(engine: AwsEngine, options: Partial<ReclaimOptions> = {}): Promise<readonly string[]> {
  const found: string[] = [];
  const { isComplete } = await engine.upkeep.sweep({ graceMs: 0, onFound: ({ name }) => found.push(name), ...options });
  assert.ok(isComplete);
  return found;
}

/** A shard of some entries, the odd ones big. */
export async function filled(store: Store, count: number): Promise<AwsEngine> {
  const engine = store.open();
  await openShard(engine);
  for (const [nth, name] of range(0, count).entries()) {
    await engine.journal.append(shard, entryOf(name, { bytes: nth % 2 === 0 ? 20 : 200 }));
    await engine.idle();
  }
  return engine;
}

/** A payload, item or object, that its writer stored before it crashed. */
export async function storeLost(store: Store, fenceEpoch: number): Promise<readonly [item: string, object: string]> {
  const key = payloadItemKey(shard, fenceEpoch, lost.id);
  await store.table.put({ pk: { S: key.pk }, sk: { S: key.sk }, v: { N: "1" }, d: { B: lost.bytes } });
  const object = payloadObjectKey(shard, fenceEpoch, lost.id);
  await store.bucket.put(object, lost.bytes, lost.id);
  return [`${key.pk}/${key.sk}`, object];
}

/** What is stored of entries. */
export function kept(store: Store): {
  readonly items: number;
  readonly objects: number;
  readonly pages: number;
  readonly tombstones: number;
} {
  const pages = store.items("J#");
  const tombstones = pages.filter((page) => page["ttl"] !== undefined).length;
  return { items: store.items("B#").length, objects: store.bucket.snapshot.length, pages: pages.length - tombstones, tombstones };
}

export function hourOf(store: Store): number {
  return Math.floor(store.clock.now / hourMs);
}
