import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import type { Topic } from "../log.ts";
import { transactIf } from "../transact-if.ts";
import { offsetKey, offsetWrite, readOffset } from "../groups/offset-row.ts";
import type { DeliveryServices } from "./services.ts";
import type { ConsumerSettings } from "./settings.ts";

/**
 * Says where a consumer begins, for the partitions that have no offset: what is appended from now on is after it. Nothing is written for one that begins with the first
 * record: that is where a partition without an offset begins, also one that is added later.
 */
export async function setStartingOffsets(services: DeliveryServices, settings: ConsumerSettings, topic: Topic): Promise<void> {
  const { catalog, clock } = services;
  const starts = await startsOf(services, settings, topic);
  await mapBounded(starts, limits.shardConcurrency, async ({ partition, offset }) => {
    const key = offsetKey(settings.group, topic.name, partition);
    const before = await readOffset(catalog, key, topic.id);
    if (before.offset >= 0) return;
    await transactIf(catalog, [offsetWrite(key, before, { ...before, offset, committedMs: clock.nowMs(), delivery: undefined })]);
  });
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
