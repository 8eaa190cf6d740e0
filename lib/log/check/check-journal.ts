import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { EntryRef, EntrySlice, ShardKey } from "../../ports/journal.ts";
import type { Topic } from "../log.ts";
import { attempt, type Check } from "./context.ts";
import { fault, type Finding, type FindingPlace, type FindingKind, restoreAdvice } from "./finding.ts";
import type { ShardState } from "./shard-state.ts";
import { lookAtBatches } from "./stored-batches.ts";

/** What may become of entries that are trimmed while they are read. */
const unreadable: readonly LogError["code"][] = ["corrupt_log", "offset_out_of_range", "invalid_request", "unsupported_version"];

/** A walk over one shard's entries. */
interface Walk {
  readonly check: Check;
  readonly topic: Topic;
  readonly shard: ShardKey;
  readonly state: ShardState;
  /** By index: the offset that has to come next. */
  next: number[];
  seq: number;
  /** Whether entries were trimmed under the walk, past where the shard was sealed up to. */
  hasSkipped: boolean;
}

/** Every entry that the journal has of a shard, and every batch in it. */
export async function* checkJournal(
  check: Check,
  topic: Topic,
  shard: ShardKey,
  state: ShardState,
): AsyncGenerator<Finding, void, undefined> {
  const { head, frontier, isSteady } = state;
  const walk: Walk = { check, topic, shard, state, next: [...head.startOffsets], seq: head.startSeq, hasSkipped: false };
  while (walk.seq < head.seq) {
    const page = await pageOf(walk);
    if (page === "trimmed") continue;
    if ("kind" in page) {
      yield page;
      return;
    }
    for (const entry of page) {
      if (entry.seq === frontier.seq && isSteady) yield* sealedHere(walk);
      yield* numbered(walk, entry);
    }
    yield* readEntries(walk, page);
    check.seen({ entries: page.length });
  }
  if (frontier.seq === head.seq && isSteady) yield* sealedHere(walk);
  for (const [index, highWatermark] of head.highWatermarks.entries()) {
    const next = walk.next[index] ?? 0;
    if (next === highWatermark || walk.hasSkipped) continue;
    const message = `The journal's entries end at offset ${next}, and the head says ${highWatermark}. ${restoreAdvice.journal}`;
    yield journalFault(walk, "missing", index, next, message);
  }
}

/** Entries from where the walk is on, as far as the head knew of them; a fault when they cannot be told. */
async function pageOf(walk: Walk): Promise<readonly EntryRef[] | "trimmed" | Finding> {
  const { check, shard, state, seq } = walk;
  const limit = Math.min(limits.journalEntriesMax, state.head.seq - seq);
  for (let isSecond = false; ; isSecond = true) {
    const found = await attempt(unreadable, () => check.engine.journal.entries(shard, { seq }, limit));
    const page = "value" in found ? found.value.filter((entry) => entry.seq < state.head.seq) : [];
    if (page[0]?.seq === seq) return page;
    if (await skipTrimmed(walk)) return "trimmed";
    if (!isSecond) continue;
    const why = "error" in found ? found.error.message : `the next one that is there is ${page[0]?.seq ?? "none"}.`;
    const message = `Entry ${seq} of the shard cannot be found, though its head begins at ${state.head.startSeq}: ${why} ${restoreAdvice.journal}`;
    return { ...journalFault(walk, "error" in found ? "damaged" : "missing", undefined, undefined, message) };
  }
}

/** Goes on where the journal begins now, if that is further on. */
async function skipTrimmed(walk: Walk): Promise<boolean> {
  const { startSeq, startOffsets } = await walk.check.engine.journal.head(walk.shard);
  if (startSeq <= walk.seq) return false;
  walk.hasSkipped ||= startSeq > walk.state.frontier.seq;
  walk.seq = startSeq;
  walk.next = [...startOffsets];
  return true;
}

/** The number and the offsets of an entry follow those before it. */
function* numbered(walk: Walk, { seq, parts }: EntryRef): Generator<Finding, void, undefined> {
  if (seq !== walk.seq) {
    yield journalFault(walk, "missing", undefined, undefined, `Entry ${seq} follows where ${walk.seq} has to. ${restoreAdvice.journal}`);
  }
  walk.seq = seq + 1;
  for (const { index, baseOffset, records } of parts) {
    const wanted = walk.next[index] ?? 0;
    if (baseOffset !== wanted) {
      const message = `Entry ${seq} begins at offset ${baseOffset} of the partition, where ${wanted} follows. ${restoreAdvice.journal}`;
      yield journalFault(walk, "inconsistent", index, wanted, message);
    }
    walk.next[index] = baseOffset + records;
  }
}

/** Where the frontier's entry number is, its offsets are too: what is not sealed is in the journal. */
function* sealedHere(walk: Walk): Generator<Finding, void, undefined> {
  const { frontier } = walk.state;
  for (const [index, offset] of walk.next.entries()) {
    const sealed = frontier.sealed[index] ?? 0;
    if (sealed === offset) continue;
    const message = `The frontier says that segments reach to offset ${sealed}, and its entry number ${frontier.seq} is at offset ${offset}. ${restoreAdvice.catalog}`;
    yield { ...journalFault(walk, "inconsistent", index, Math.min(sealed, offset), message), what: "frontier" };
  }
}

async function* readEntries(walk: Walk, page: readonly EntryRef[]): AsyncGenerator<Finding, void, undefined> {
  let group: EntrySlice[] = [];
  let bytes = 0;
  for (const entry of page) {
    for (const part of entry.parts) {
      if (group.length > 0 && bytes + part.bytes > limits.strataReadBytes) {
        yield* readSlices(walk, group);
        [group, bytes] = [[], 0];
      }
      group.push({ entry, index: part.index });
      bytes += part.bytes;
    }
  }
  yield* readSlices(walk, group);
}

/** Reads them together; where that fails, one by one. */
async function* readSlices(walk: Walk, slices: readonly EntrySlice[]): AsyncGenerator<Finding, void, undefined> {
  const read = await attempt(unreadable, () => lookInto(walk, slices));
  if ("value" in read) {
    yield* read.value;
    return;
  }
  for (const slice of slices) {
    const alone = await attempt(unreadable, () => lookInto(walk, [slice]));
    if ("value" in alone) {
      yield* alone.value;
      continue;
    }
    const { startSeq } = await walk.check.engine.journal.head(walk.shard);
    if (startSeq > slice.entry.seq) continue;
    const message = `Entry ${slice.entry.seq} cannot be read: ${alone.error.message} ${restoreAdvice.journal}`;
    yield journalFault(walk, "damaged", slice.index, partOf(slice).baseOffset, message);
  }
}

/** The room for them is free again before anything is told: who is told may take its time. */
async function lookInto(walk: Walk, slices: readonly EntrySlice[]): Promise<readonly Finding[]> {
  const { engine, room } = walk.check;
  const bytesMax = slices.reduce((sum, slice) => sum + partOf(slice).bytes, 0);
  return await room.hold(bytesMax, async () => {
    const read = await engine.journal.read(slices);
    return slices.flatMap((slice, nth) => [...sliceFaults(walk, slice, read[nth] as Uint8Array)]);
  });
}

function* sliceFaults(walk: Walk, slice: EntrySlice, bytes: Uint8Array): Generator<Finding, void, undefined> {
  const { index, baseOffset, records, bytes: length, maxTimestampMs } = partOf(slice);
  const seen = lookAtBatches(bytes, { from: 0, end: records, isDense: true });
  walk.check.seen({ records: seen.records, bytes: bytes.length });
  const where = `Entry ${slice.entry.seq}, stored at offset ${baseOffset} of the partition,`;
  if (seen.fault !== undefined) {
    const message = `${where} is damaged: ${seen.fault.message} (counted from the entry's first). ${restoreAdvice.journal}`;
    yield journalFault(walk, "damaged", index, baseOffset + seen.fault.offset, message);
  } else if (seen.records !== records || bytes.length !== length || seen.maxTimestampMs > maxTimestampMs) {
    const message = `${where} has ${seen.records} records in ${bytes.length} bytes up to time ${seen.maxTimestampMs}; the journal says ${records}, ${length}, ${maxTimestampMs}. ${restoreAdvice.journal}`;
    yield journalFault(walk, "inconsistent", index, baseOffset, message);
  }
}

function partOf({ entry, index }: EntrySlice): EntryRef["parts"][number] {
  const part = entry.parts.find((each) => each.index === index);
  if (part === undefined) throw new LogError("internal", `Entry ${entry.seq} has no part of index ${index}.`);
  return part;
}

function journalFault(
  { topic, shard }: Walk,
  kind: FindingKind,
  index: number | undefined,
  offset: number | undefined,
  message: string,
): Finding {
  const where: FindingPlace = {
    topic: topic.name,
    topicId: topic.id,
    shard: shard.shard,
    ...(index !== undefined && { partition: shard.shard * topic.partitionsPerShard + index }),
    ...(offset !== undefined && { offset }),
  };
  return fault({ kind, what: "journal", where, message });
}
