import type { CatalogWrite } from "../../ports/catalog.ts";
import type { Engine } from "../../ports/engine.ts";
import { transactIf } from "../transact-if.ts";
import { garbageRelease, garbageWrite, newGarbage } from "./garbage.ts";
import type { StrataServices } from "./services.ts";
import { topicLives } from "./topic-ids.ts";

export interface SwapPlan {
  readonly topicId: string;
  /** The objects that will be written. */
  readonly keys: readonly string[];
  /** Writes them. @returns what makes them part of the log, on the condition that all is as it was decided on */
  readonly write: () => Promise<SwapWrites>;
}

export interface SwapWrites {
  readonly writes: readonly CatalogWrite[];
  /** Objects that nothing refers to any more afterwards. */
  readonly replaced: readonly { readonly key: string; readonly bytes: number }[];
}

/**
 * Writes objects and makes them part of the log in one step (decision 0009): before they are written the catalog says that they may have to go, and the
 * step takes that back. Whenever it ends in between, the collector deletes them; when it is certainly never done, they are deleted here.
 * @returns false when others were faster, or the topic is gone: nothing was changed
 * @throws LogError; with outcome `unknown` it may come to be done later
 */
export async function swap(services: StrataServices, { topicId, keys, write }: SwapPlan): Promise<boolean> {
  const { engine, clock, random, tuning } = services;
  const dueMs = (): number => clock.nowMs() + tuning.garbageGraceMs;
  const unfinished = newGarbage(random, topicId, dueMs(), keys, "unfinished");
  if (keys.length > 0) await engine.catalog.transact([garbageWrite(unfinished)]);
  const { writes, replaced } = await write().catch(async (reason: unknown) => {
    await discard(engine, keys);
    throw reason;
  });
  const keysReplaced = replaced.map(({ key }) => key);
  const bytesReplaced = replaced.reduce((sum, { bytes }) => sum + bytes, 0);
  const all = [
    topicLives(topicId),
    ...writes,
    ...(keys.length === 0 ? [] : [garbageRelease(unfinished)]),
    ...(replaced.length === 0 ? [] : [garbageWrite(newGarbage(random, topicId, dueMs(), keysReplaced, "replaced", bytesReplaced))]),
  ];
  // It throws when nobody knows whether it was done, or will be.
  const isDone = await transactIf(engine.catalog, all);
  if (!isDone) await discard(engine, keys);
  return isDone;
}

/**
 * Deletes objects that certainly nothing will ever refer to. The collector may have been there before a late put was done, and does not come back; where this fails, it
 * does in most cases, and `stratalog check` finds the rest.
 */
async function discard({ objects }: Engine, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await objects.delete(keys).catch(() => undefined);
}
