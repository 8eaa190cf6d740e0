import { eachItem } from "../each-item.ts";
import { isLongInMaking } from "../topic-making.ts";
import { deletedTopicsPk, readTopic } from "../topic-row.ts";
import type { Check } from "./context.ts";
import { type Finding, note } from "./finding.ts";

/** Topics whose makers ended before they were made: their shards may be open, and nothing else tells of them. */
export async function* checkMaking(check: Check): AsyncGenerator<Finding, void, undefined> {
  const { engine, clock, tuning } = check;
  for await (const item of eachItem(engine.catalog, deletedTopicsPk)) {
    check.seen({});
    if (!isLongInMaking(item, clock.nowMs(), tuning.garbageGraceMs)) continue;
    // Made, or given up, meanwhile.
    if ((await engine.catalog.get(item.key))?.version !== item.version) continue;
    const { name = "" } = item.value as { readonly name?: string };
    const { id, createdMs, partitionCounts } = readTopic(item).row;
    const message = `The making of topic ${name} (${id}) with ${partitionCounts.at(-1) ?? 0} partitions began at ${createdMs} (milliseconds since the epoch) and was cut short. Nobody can use it; the janitor takes away what there is of it in its next round.`;
    const where = { topic: name, topicId: id, key: `${item.key.pk} ${item.key.sk}` };
    yield note({ kind: "dangling", what: "topic", where, message });
  }
}
