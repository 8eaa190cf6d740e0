import type { Appended, Entry, Journal, ShardKey } from "../ports/journal.ts";
import type { Telemetry } from "../ports/telemetry.ts";

/** The journal, with what is appended to it counted, timed and logged: which entry of which shard a request's records became. */
export function meteredJournal(journal: Journal, telemetry: Telemetry): Journal {
  const tell = ({ topicId, shard }: ShardKey, entry: Entry, { seq, parts }: Appended, durationMs: number): void => {
    let records = 0;
    let bytes = 0;
    for (const [at, part] of entry.parts.entries()) {
      if (parts[at]?.duplicate !== false) continue;
      records += part.records;
      bytes += part.batches.byteLength;
    }
    telemetry.count("ProduceRecords", records);
    telemetry.count("ProduceBytes", bytes);
    if (telemetry.logs("debug")) telemetry.log("debug", "append", { shard: `${topicId}/${shard}`, seq, records, bytes, durationMs });
  };
  const timed = async <T>(append: () => Promise<T>): Promise<readonly [T, number]> => {
    const startMs = telemetry.nowMs();
    const answer = await append();
    const durationMs = telemetry.nowMs() - startMs;
    telemetry.observe("CommitSeconds", durationMs / 1000);
    return [answer, durationMs];
  };
  return {
    open: (shard, shape) => journal.open(shard, shape),
    async append(shard, entry, guards) {
      const [appended, durationMs] = await timed(() => journal.append(shard, entry, guards));
      tell(shard, entry, appended, durationMs);
      return appended;
    },
    async transact(appends, writes) {
      if (appends.length === 0) return await journal.transact(appends, writes);
      const [answers, durationMs] = await timed(() => journal.transact(appends, writes));
      for (const [at, { shard, entry }] of appends.entries()) {
        const appended = answers[at];
        if (appended !== undefined) tell(shard, entry, appended, durationMs);
      }
      return answers;
    },
    head: (shard, producerId) => journal.head(shard, producerId),
    entries: (shard, from, limit) => journal.entries(shard, from, limit),
    read: (slices) => journal.read(slices),
    trim: (shard, toSeq) => journal.trim(shard, toSeq),
    close: (shard) => journal.close(shard),
  };
}
