import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { EntryPosition, EntryRef, Journal, ShardAppend, ShardHead, ShardKey } from "../../ports/journal.ts";
import { check } from "./checks.ts";
import type { Committer } from "./committer.ts";
import { appendRequest, closeRequest, openRequest, shardGone, transactRequest, trimRequest } from "./decisions.ts";
import type { JournalFiles } from "./journal-files.ts";
import { findEntries } from "./entry-lookup.ts";
import type { LocalShard } from "./local-shard.ts";
import type { LocalState } from "./local-state.ts";
import type { Reading } from "./reading.ts";
import { readSlices } from "./slice-reader.ts";

/** The port over a data folder. Everything that changes goes through the committer; what is read is durable. */
export function localJournal(state: LocalState, files: JournalFiles, committer: Committer, reading: Reading): Journal {
  const openShard = (key: ShardKey): LocalShard => {
    const shard = state.shard(key);
    if (shard === undefined || shard.head.isClosed) throw shardGone(key);
    return shard;
  };
  return {
    async open(key, shape) {
      check.shard(key);
      check.shape(shape);
      await committer.submit(openRequest(key, shape));
    },
    async append(shard, entry, guards) {
      const append = guards === undefined ? { shard, entry } : { shard, entry, guards };
      check.appends([append], []);
      const [appended] = await knownFate(committer, [append], committer.submit(appendRequest([append])));
      if (appended === undefined) throw new LogError("internal", "an append without an answer", { outcome: "unknown" });
      return appended;
    },
    async transact(appends, writes) {
      check.appends(appends, writes);
      return knownFate(committer, appends, committer.submit(transactRequest(appends, writes)));
    },
    async head(key, producerId) {
      return reading(() => {
        const shard = openShard(key);
        return headOf(shard, producerId === undefined ? [] : state.producers(shard, producerId));
      });
    },
    async entries(key, from: EntryPosition, limit): Promise<readonly EntryRef[]> {
      if (!Number.isInteger(limit) || limit < 1 || limit > limits.journalEntriesMax) {
        throw new LogError("invalid_request", `The limit is 1 to ${limits.journalEntriesMax} entries, not ${limit}.`);
      }
      return reading(() => {
        const shard = openShard(key);
        return findEntries(state.index, shard, from, limit).map((entry) => entry.ref(shard.key));
      });
    },
    async read(slices) {
      const checkStarts = (): void => {
        for (const { entry } of slices) {
          const { head } = openShard(entry.shard);
          if (entry.seq >= head.startSeq) continue;
          throw new LogError("offset_out_of_range", `Entry ${entry.seq} is not in the journal, which begins at ${head.startSeq}.`);
        }
      };
      reading(checkStarts);
      try {
        return await readSlices(files, slices);
      } catch (reason) {
        // What was trimmed meanwhile may have gone with its file.
        reading(checkStarts);
        throw reason;
      }
    },
    async trim(key, toSeq) {
      if (Number.isNaN(toSeq)) throw new LogError("invalid_request", "A trim needs an entry number.");
      await committer.submit(trimRequest(key, Math.floor(toSeq)));
    },
    async close(key) {
      await committer.submit(closeRequest(key));
    },
  };
}

/**
 * A refusal since nothing can be appended any more says that nothing was written now. Of a producer's step it cannot say that it is not in the log: its
 * first attempt may be what came to nobody's knowledge, and a restart may find it.
 */
async function knownFate<T>(committer: Committer, appends: readonly ShardAppend[], answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (reason) {
    const { stopped } = committer;
    if (stopped === undefined || reason !== stopped || appends.every(({ guards }) => (guards?.producers ?? []).length === 0)) throw reason;
    throw new LogError("unavailable", stopped.message, { outcome: "unknown", cause: reason, retryAfterMs: 1_000 });
  }
}

function headOf({ head }: LocalShard, producers: ShardHead["producers"]): ShardHead {
  const { partitions, layout, seq, startSeq } = head;
  return { partitions, layout, seq, startSeq, highWatermarks: [...head.highWatermarks], startOffsets: [...head.startOffsets], producers };
}
