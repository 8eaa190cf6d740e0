import type { Appended, Entry, Journal } from "../ports/journal.ts";
import type { Telemetry } from "../ports/telemetry.ts";

/** The journal, with what is appended to it counted and timed. */
export function meteredJournal(journal: Journal, telemetry: Telemetry): Journal {
  const count = (entry: Entry, { parts }: Appended): void => {
    let records = 0;
    let bytes = 0;
    for (const [at, part] of entry.parts.entries()) {
      if (parts[at]?.duplicate !== false) continue;
      records += part.records;
      bytes += part.batches.byteLength;
    }
    telemetry.count("ProduceRecords", records);
    telemetry.count("ProduceBytes", bytes);
  };
  return {
    open: (shard, shape) => journal.open(shard, shape),
    async append(shard, entry, guards) {
      const startMs = telemetry.nowMs();
      const appended = await journal.append(shard, entry, guards);
      telemetry.observe("CommitSeconds", (telemetry.nowMs() - startMs) / 1000);
      count(entry, appended);
      return appended;
    },
    async transact(appends, writes) {
      const startMs = telemetry.nowMs();
      const answers = await journal.transact(appends, writes);
      if (appends.length > 0) telemetry.observe("CommitSeconds", (telemetry.nowMs() - startMs) / 1000);
      for (const [at, { entry }] of appends.entries()) {
        const appended = answers[at];
        if (appended !== undefined) count(entry, appended);
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
