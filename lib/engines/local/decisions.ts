import { type AppendDecision, decideAppend } from "../../core/append.ts";
import { LogError } from "../../core/errors.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { Appended, EntryPart, ShardAppend, ShardKey, ShardShape } from "../../ports/journal.ts";
import { crc32c } from "../../core/codec/crc32c.ts";
import type { DraftShard, GroupView } from "./group-view.ts";
import type { AppendOp, JournalOp, StoredPart } from "./journal-op.ts";

/** What one request adds to its group's frame, and its answer once that is durable. */
export interface Decision<T> {
  readonly ops: readonly JournalOp[];
  /** The bytes of the parts, in the order of the operations. */
  readonly payload: readonly Uint8Array[];
  readonly answer: T;
  /** True when the answer rests on what is durable already, whatever becomes of the group. */
  readonly isDurable: boolean;
}

/** A request on its way into a group. */
export interface Request<T> {
  /** What it holds in memory while it waits. */
  readonly bytes: number;
  /** @throws LogError, not applied */
  decide(view: GroupView): Decision<T>;
}

export function openRequest(shard: ShardKey, shape: ShardShape): Request<undefined> {
  return {
    bytes: 0,
    decide(view) {
      const draft = view.shard(shard);
      if (draft?.head.isClosed === true) throw shardGone(shard);
      const isNews = draft === undefined || shape.layout > draft.layout || shape.partitions > draft.partitions;
      const isSmaller = draft !== undefined && (shape.layout < draft.layout || shape.partitions < draft.partitions);
      return isNews && !isSmaller ? plain([{ kind: "open", shard, partitions: shape.partitions, layout: shape.layout }]) : nothing(draft);
    },
  };
}

export function trimRequest(shard: ShardKey, toSeq: number): Request<undefined> {
  return {
    bytes: 0,
    decide(view) {
      const draft = openShard(view, shard);
      const to = Math.min(toSeq, draft.head.seq);
      if (to <= draft.head.startSeq) return nothing(draft);
      // A trim into this very group's entries stops short of them: what is left is found in durable entries only.
      const capped = Math.min(to, draft.durableSeq);
      if (capped <= draft.head.startSeq) return nothing(draft);
      const startOffsets = draft.head.highWatermarks.map((_, index) => draft.startOffsetFrom(index, capped));
      return plain([{ kind: "trim", shard, toSeq: capped, startOffsets }]);
    },
  };
}

export function closeRequest(shard: ShardKey): Request<undefined> {
  return {
    bytes: 0,
    decide(view) {
      const draft = view.shard(shard);
      return draft === undefined || draft.head.isClosed ? nothing(draft) : plain([{ kind: "close", shard }]);
    },
  };
}

/** One append. Checksums are computed here, while the group before is being written. */
export function appendRequest(appends: readonly ShardAppend[]): Request<readonly Appended[]> {
  return request(appends, [], false);
}

/** Several appends and catalog writes, all or nothing. */
export function transactRequest(appends: readonly ShardAppend[], writes: readonly CatalogWrite[]): Request<readonly Appended[]> {
  return request(appends, writes, true);
}

function request(appends: readonly ShardAppend[], writes: readonly CatalogWrite[], isTransaction: boolean): Request<readonly Appended[]> {
  const checksums = new Map<EntryPart, number>();
  let bytes = 0;
  for (const { entry } of appends) {
    for (const part of entry.parts) {
      checksums.set(part, crc32c(part.batches));
      bytes += part.batches.length;
    }
  }
  const values = writes.map((write) => ("put" in write ? JSON.stringify(write.put) : ""));
  for (const value of values) bytes += value.length;
  return {
    bytes,
    decide(view) {
      const decided = decideAll(view, appends);
      const repeated = decided.filter(({ decision }) => decision.duplicateSeq !== undefined);
      if (isTransaction && repeated.length > 0) return repeatedTransaction(decided, repeated);
      const made = appendOps(decided, checksums);
      const ops = [...made.ops, ...writes.flatMap((write, nth) => catalogOp(view, write, values[nth] ?? "") ?? [])];
      return { ops, payload: made.payload, answer: decided.map(answerOf), isDurable: ops.length === 0 && decided.every(isDurable) };
    },
  };
}

interface Decided {
  readonly shard: ShardKey;
  readonly draft: DraftShard;
  readonly decision: AppendDecision;
}

function decideAll(view: GroupView, appends: readonly ShardAppend[]): readonly Decided[] {
  return appends.map(({ shard, entry, guards }) => {
    const draft = openShard(view, shard);
    return { shard, draft, decision: decideAppend(draft, entry, guards) };
  });
}

/** @throws sequence_reused unless every append is in the log whole */
function repeatedTransaction(decided: readonly Decided[], repeated: readonly Decided[]): Decision<readonly Appended[]> {
  if (repeated.length < decided.length || repeated.some(({ decision }) => decision.parts.length > 0)) {
    throw new LogError("sequence_reused", "A part of this transaction is in the log already, another is not: it is no retry.");
  }
  return { ops: [], payload: [], answer: decided.map(answerOf), isDurable: decided.every(isDurable) };
}

function appendOps(decided: readonly Decided[], checksums: ReadonlyMap<EntryPart, number>): Pick<Decision<unknown>, "ops" | "payload"> {
  const ops: JournalOp[] = [];
  const payload: Uint8Array[] = [];
  for (const one of decided) {
    if (one.decision.parts.length === 0) continue;
    ops.push(appendOp(one, checksums));
    for (const part of one.decision.parts) payload.push(part.batches);
  }
  return { ops, payload };
}

function appendOp({ shard, draft, decision }: Decided, checksums: ReadonlyMap<EntryPart, number>): AppendOp {
  const parts = decision.parts.map((part): StoredPart => {
    const { index, records, maxTimestampMs, batches } = part;
    const baseOffset = draft.highWatermarks[index] ?? 0;
    return { index, records, baseOffset, maxTimestampMs, bytes: batches.length, checksum: checksums.get(part) ?? crc32c(batches) };
  });
  return { kind: "append", shard, seq: draft.head.seq, parts, producers: decision.producers };
}

function answerOf({ draft, decision }: Decided): Appended {
  const seq = decision.parts.length === 0 ? (decision.duplicateSeq ?? draft.head.seq) : draft.head.seq;
  return { seq, parts: decision.answer };
}

function isDurable({ draft, decision }: Decided): boolean {
  return decision.parts.length === 0 && decision.duplicateSeq !== undefined && decision.duplicateSeq < draft.durableSeq;
}

/** The operation of a write; undefined for a mere check, or a deletion of what is not there. @throws conflict */
function catalogOp(view: GroupView, write: CatalogWrite, value: string): JournalOp | undefined {
  const { key } = write;
  const version = view.version(key);
  const holds = write.if === "any" || (write.if === "absent" ? version === undefined : version === write.if);
  if (!holds) throw new LogError("conflict", `The catalog item ${key.pk} ${key.sk} is not as this write expects it: read it again.`);
  if ("put" in write) return { kind: "put", key: { pk: key.pk, sk: key.sk }, version: (version ?? 0) + 1, value };
  return "delete" in write && version !== undefined ? { kind: "delete", key: { pk: key.pk, sk: key.sk } } : undefined;
}

function openShard(view: GroupView, shard: ShardKey): DraftShard {
  const draft = view.shard(shard);
  if (draft === undefined || draft.head.isClosed) throw shardGone(shard);
  return draft;
}

function plain(ops: readonly JournalOp[]): Decision<undefined> {
  return { ops, payload: [], answer: undefined, isDurable: false };
}

/** Nothing to write. What makes it so may be in this very group, unless there is no sign of it at all. */
function nothing(draft: DraftShard | undefined): Decision<undefined> {
  return { ops: [], payload: [], answer: undefined, isDurable: draft === undefined };
}

export function shardGone({ topicId, shard }: ShardKey): LogError {
  return new LogError(
    "unknown_topic_or_partition",
    `There is no shard ${shard} of topic ${topicId}: it was never opened, or it was closed.`,
  );
}
