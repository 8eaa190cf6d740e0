import { mapBounded } from "../../core/bounded.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { Topic } from "../log.ts";
import { transactIf } from "../transact-if.ts";
import { offsetKey, type OffsetRow, offsetWrite, readOffset } from "../groups/offset-row.ts";
import type { DeliveryServices } from "./services.ts";
import type { ConsumerSettings } from "./settings.ts";

/** A partition's offset before anything is delivered. */
export interface Start {
  readonly write: CatalogWrite;
  /** Takes it back, unless it was changed since. */
  readonly undo: CatalogWrite;
}

/**
 * Where a consumer begins, for the partitions that have no offset: what is appended from now on is after it. Nothing for one that begins with the first record: that is
 * where a partition without an offset begins, also one that is added later.
 */
export async function startingOffsets(services: DeliveryServices, settings: ConsumerSettings, topic: Topic): Promise<readonly Start[]> {
  const { catalog, clock } = services;
  const starts = await startsOf(services, settings, topic);
  const found = await mapBounded(starts, limits.shardConcurrency, async ({ partition, offset }) => {
    const key = offsetKey(settings.group, topic.name, partition);
    const before = await readOffset(catalog, key, topic.id);
    if (before.offset >= 0) return [];
    const next: OffsetRow = { ...before, offset, committedMs: clock.nowMs(), delivery: undefined, version: before.version + 1 };
    const undo: CatalogWrite = before.version === 0 ? { key, delete: true, if: next.version } : offsetWrite(key, next, before);
    return [{ write: offsetWrite(key, before, next), undo }];
  });
  return found.flat();
}

/**
 * Writes where a consumer begins and then, in one step with the last of them, the consumer.
 * @throws non_empty_group, conflict: then nothing is written, or no more
 */
export async function writeStarting(
  services: DeliveryServices,
  group: string,
  starts: readonly Start[],
  consumer: CatalogWrite,
): Promise<void> {
  const step = limits.transactWritesMax - 2;
  let written = 0;
  try {
    for (; starts.length - written > step; written += step) {
      const own = starts.slice(written, written + step);
      await services.withoutMembers(
        group,
        own.map(({ write }) => write),
      );
    }
    await services.withoutMembers(group, [...starts.slice(written).map(({ write }) => write), consumer]);
  } catch (reason) {
    if (LogError.from(reason).outcome === "not-applied") await takeBack(services, starts.slice(0, written));
    throw reason;
  }
}

export async function takeBack({ catalog }: DeliveryServices, starts: readonly Start[]): Promise<void> {
  await mapBounded(starts, limits.shardConcurrency, ({ undo }) => transactIf(catalog, [undo]));
}

async function startsOf(
  { log }: DeliveryServices,
  { startingPosition, startingPositionTimestampMs = 0 }: ConsumerSettings,
  { name }: Topic,
): Promise<readonly { readonly partition: number; readonly offset: number }[]> {
  if (startingPosition === "TRIM_HORIZON") return [];
  const ends = await log.watermarks(name);
  if (startingPosition === "LATEST") return ends.map(({ partition, highWatermark }) => ({ partition, offset: highWatermark }));
  const found = new Map((await log.offsetsForTime(name, startingPositionTimestampMs)).map(({ partition, offset }) => [partition, offset]));
  // Found after the ends: a record that came between is not passed over.
  return ends.map(({ partition, highWatermark }) => ({ partition, offset: found.get(partition) ?? highWatermark }));
}
