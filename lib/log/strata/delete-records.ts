import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { mapBounded } from "../../core/bounded.ts";
import type { DeleteBefore, Topic, Watermarks } from "../log.ts";
import { placeOf } from "../placement.ts";
import { raiseStarts } from "./expire.ts";
import { activeWrite } from "./marks.ts";
import type { StrataServices } from "./services.ts";
import { viewShard } from "./shard-view.ts";

/** Raises log start offsets; the janitor frees what is below them. @throws offset_out_of_range, invalid_request */
export async function deleteRecords(
  services: StrataServices,
  topic: Topic,
  before: readonly DeleteBefore[],
): Promise<readonly Watermarks[]> {
  const byShard = new Map<number, DeleteBefore[]>();
  for (const each of before) {
    const { shard } = placeOf(topic, each.partition).shard;
    const known = byShard.get(shard);
    if (known === undefined) byShard.set(shard, [each]);
    else known.push(each);
  }
  const done = await mapBounded([...byShard], limits.shardConcurrency, ([shard, own]) => deleteInShard(services, topic, shard, own));
  const all = new Map(done.flat().map((marks) => [marks.partition, marks]));
  return before.map(({ partition }) => all.get(partition) as Watermarks);
}

async function deleteInShard(
  services: StrataServices,
  topic: Topic,
  shardNumber: number,
  before: readonly DeleteBefore[],
): Promise<readonly Watermarks[]> {
  const { engine, clock, frontiers } = services;
  const shard = { topicId: topic.id, shard: shardNumber };
  const view = await viewShard({ journal: engine.journal, frontiers }, shard, true);
  const starts = new Map<number, number>();
  for (const { partition, offset } of before) {
    const { index } = placeOf(topic, partition);
    const { logStartOffset, highWatermark } = view(index);
    const wanted = offset === "latest" ? highWatermark : offset;
    if (!Number.isSafeInteger(wanted) || wanted < 0)
      throw new LogError("invalid_request", `"${offset}" is no offset: an integer from 0, or "latest".`);
    if (wanted > highWatermark) {
      throw new LogError(
        "offset_out_of_range",
        `Partition ${partition} of "${topic.name}" ends at ${highWatermark}: nothing can be deleted up to ${wanted}.`,
        {
          details: { logStartOffset, highWatermark },
        },
      );
    }
    starts.set(index, Math.max(wanted, starts.get(index) ?? 0));
  }
  // In this order: should this end in between, the janitor has looked for nothing; else what is below the start would stay.
  await engine.catalog.transact([activeWrite(shard, clock.nowMs())]);
  const { start } = await raiseStarts(services, shard, starts);
  return before.map(({ partition }) => {
    const { index } = placeOf(topic, partition);
    const { logStartOffset, highWatermark } = view(index);
    return { partition, logStartOffset: Math.max(logStartOffset, start[index] ?? 0), highWatermark };
  });
}
