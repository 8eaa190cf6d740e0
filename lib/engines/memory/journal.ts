import { decideAppend } from "../../core/append.ts";
import type { AppendDecision } from "../../core/append.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Appended, Entry, Guards, Journal, ShardAppend, ShardKey, ShardShape } from "../../ports/journal.ts";
import type { MemoryItems } from "./catalog.ts";
import { MemoryShard } from "./shard.ts";

/** The port over a map of shards. Everything that one call changes, it changes in one turn: that is what makes it atomic. */
export function memoryJournal(shards: Map<string, MemoryShard>, items: MemoryItems, ensureOpen: () => void): Journal {
  const open = (key: ShardKey): MemoryShard => {
    ensureOpen();
    const shard = shards.get(nameOf(key));
    if (shard === undefined || shard.closed) throw gone(key);
    return shard;
  };
  const decide = (shard: MemoryShard, entry: Entry, guards: Guards | undefined): AppendDecision => {
    checkSize(entry);
    return decideAppend(shard, entry, guards);
  };
  return {
    async open(key, shape) {
      ensureOpen();
      checkShape(shape);
      const name = nameOf(key);
      const shard = shards.get(name) ?? new MemoryShard({ ...key });
      if (shard.closed) throw gone(key);
      shard.grow(shape);
      shards.set(name, shard);
    },
    async append(key, entry, guards) {
      const shard = open(key);
      return commit(shard, decide(shard, entry, guards), guards);
    },
    async transact(appends, writes) {
      ensureOpen();
      checkTransaction(appends, writes.length);
      const steps = appends.map(({ shard: key, entry, guards }) => {
        const shard = open(key);
        return { shard, guards, decision: decide(shard, entry, guards) };
      });
      const repeated = steps.filter(({ decision }) => decision.duplicateSeq !== undefined);
      if (repeated.length > 0) {
        if (repeated.some(({ decision }) => decision.parts.length > 0) || repeated.length < steps.length) {
          throw new LogError("sequence_reused", "A part of this transaction is in the log already, another is not: it is no retry.");
        }
      } else {
        items.check(writes);
        items.apply(writes);
      }
      return steps.map(({ shard, guards, decision }) => commit(shard, decision, guards));
    },
    async head(key, producerId) {
      return open(key).head(producerId);
    },
    async entries(key, from, limit) {
      if (!Number.isInteger(limit) || limit < 1 || limit > limits.journalEntriesMax) {
        throw new LogError("invalid_request", `The limit is 1 to ${limits.journalEntriesMax} entries, not ${limit}.`);
      }
      return open(key).from(from, limit);
    },
    async read(slices) {
      return slices.map(({ entry, index }) => open(entry.shard).bytes(entry.seq, index));
    },
    async trim(key, toSeq) {
      open(key).trim(toSeq);
    },
    async close(key) {
      ensureOpen();
      shards.get(nameOf(key))?.end();
    },
  };
}

function commit(shard: MemoryShard, decision: AppendDecision, guards: Guards | undefined): Appended {
  const { parts, answer, producers, duplicateSeq } = decision;
  if (parts.length === 0) return { seq: duplicateSeq ?? shard.seq, parts: answer };
  return { seq: shard.commit(parts, producers, guards?.producers ?? []), parts: answer };
}

function checkTransaction(appends: readonly ShardAppend[], writes: number): void {
  const count = appends.length + writes;
  if (count === 0) throw new LogError("invalid_request", "A transaction needs at least one append or write.");
  if (count > limits.transactWritesMax) {
    throw new LogError("request_too_large", `A transaction has at most ${limits.transactWritesMax} appends and writes, not ${count}.`);
  }
  if (new Set(appends.map(({ shard }) => nameOf(shard))).size < appends.length) {
    throw new LogError("invalid_request", "A transaction appends to a shard at most once.");
  }
}

function checkSize(entry: Entry): void {
  const bytes = entry.parts.reduce((sum, part) => sum + part.batches.length, 0);
  if (bytes > limits.entryBytesMax) {
    throw new LogError("request_too_large", `One entry has at most ${limits.entryBytesMax} bytes, not ${bytes}: send several.`);
  }
}

function checkShape({ partitions, layout }: ShardShape): void {
  const whole = Number.isInteger(partitions) && Number.isInteger(layout);
  if (!whole || partitions < 1 || partitions > limits.partitionsPerShardMax || layout < 0) {
    throw new LogError("invalid_partitions", `A shard has 1 to ${limits.partitionsPerShardMax} partitions and a layout from 0.`);
  }
}

function nameOf({ topicId, shard }: ShardKey): string {
  return `${shard}/${topicId}`;
}

function gone({ topicId, shard }: ShardKey): LogError {
  return new LogError(
    "unknown_topic_or_partition",
    `There is no shard ${shard} of topic ${topicId}: it was never opened, or it was closed.`,
  );
}
