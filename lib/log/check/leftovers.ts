import type { ShardKey } from "../../ports/journal.ts";
import type { Reclaimable, Reclaimed, ReclaimOptions } from "../../ports/upkeep.ts";
import type { Topic } from "../log.ts";
import type { Check } from "./context.ts";
import { type Finding, type FindingPlace, note } from "./finding.ts";

/** What the engine would give back of a shard: no fault, the janitor does it in its time. */
export async function* shardLeftovers(check: Check, topic: Topic, shard: ShardKey): AsyncGenerator<Finding, void, undefined> {
  const run = (options: ReclaimOptions) => check.engine.upkeep.reclaim(shard, options);
  yield* leftovers(check, { topic: topic.name, topicId: topic.id, shard: shard.shard }, run);
}

/** The same, of what is found by going over all shards at once. */
export async function* sweptLeftovers(check: Check): AsyncGenerator<Finding, void, undefined> {
  yield* leftovers(check, {}, (options) => check.engine.upkeep.sweep(options));
}

async function* leftovers(
  { tuning: { garbageGraceMs: graceMs } }: Check,
  where: FindingPlace,
  run: (options: ReclaimOptions) => Promise<Reclaimed>,
): AsyncGenerator<Finding, void, undefined> {
  const found = new Map<Reclaimable["why"], { things: number; bytes: number; readonly first: string }>();
  const onFound = ({ why, name, bytes }: Reclaimable): void => {
    const known = found.get(why) ?? { things: 0, bytes: 0, first: name };
    found.set(why, { ...known, things: known.things + 1, bytes: known.bytes + bytes });
  };
  await run({ graceMs, isDryRun: true, onFound });
  const repair = async (): Promise<boolean> => (await run({ graceMs })).things > 0;
  for (const [why, { things, bytes, first }] of found) {
    const message = `${things} things of ${bytes} bytes, ${meaning[why]}, can be given back: ${first}${things > 1 ? " and more, which check --garbage lists" : ""}. The janitor does it in time.`;
    yield note({ kind: "unreferenced", what: "leftover", where: { ...where, key: first }, message, repair });
  }
}

const meaning: Readonly<Record<Reclaimable["why"], string>> = {
  trimmed: "which the journal has forgotten",
  closed: "of a shard that is closed",
  uncommitted: "which writers stored and did not commit",
};
