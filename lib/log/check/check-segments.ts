import { limits } from "../../core/limits.ts";
import type { Topic } from "../log.ts";
import { placeOf } from "../placement.ts";
import { segmentAt, segmentKey, type SegmentRow, readSegmentRow, segmentsFrom } from "../strata/segment-row.ts";
import type { Check } from "./context.ts";
import { checkSegmentObject } from "./check-segment-object.ts";
import { fault, type Finding, type FindingKind, note, restoreAdvice } from "./finding.ts";
import type { SegmentPlace } from "./segment-place.ts";
import { frontierNow } from "./shard-state.ts";

/** A walk over one partition's rows. */
interface Walk extends SegmentPlace {
  /** Where the rows so far end. */
  next: number;
  /** The largest timestamp that they say was reached. */
  reachedMs: number;
}

/**
 * A partition's segments: rows that follow each other from the log start offset to where the frontier says that the partition is sealed, and their objects.
 * Rows are merged and let expire meanwhile: what looks wrong is looked at again before it is told.
 */
export async function* checkSegments(check: Check, topic: Topic, partition: number): AsyncGenerator<Finding, void, undefined> {
  const { shard, index } = placeOf(topic, partition);
  const walk: Walk = { check, topic, partition, shard, index, next: 0, reachedMs: -1 };
  check.seen({ partitions: 1 });
  for (let idle = 0; idle < limits.segmentReadAttemptsMax; idle++) {
    const before = walk.next;
    const isOver = yield* walkRows(walk);
    if (isOver && (yield* checkEnd(walk))) return;
    if (walk.next > before) idle = -1;
  }
  const message = `Rows from offset ${walk.next} on changed each time that they were read, and were not looked at further: check again.`;
  yield note({ kind: "inconsistent", what: "segment", where: { ...placeIn(walk), offset: walk.next }, message });
}

/** Rows from where the walk is on. @returns false when they changed under it: it is to go on with those that there are now */
async function* walkRows(walk: Walk): AsyncGenerator<Finding, boolean, undefined> {
  const { check, topic, partition } = walk;
  let previous: SegmentRow | undefined;
  for await (const found of segmentsFrom(check.engine.catalog, topic.id, partition, walk.next)) {
    let row = found;
    if (!isSound(row)) {
      yield rowFault(walk, "damaged", row, `The row says ${JSON.stringify(row)}, which no segment can be.`);
      if (row.next > row.baseOffset) walk.next = Math.max(walk.next, row.next);
      continue;
    }
    if (row.baseOffset < walk.next) {
      if (previous === undefined || !(await areBothThere(walk, previous, row))) return false;
      const message = `Its segment is about offsets ${row.baseOffset} to ${row.next - 1}, and the one before it reaches to ${walk.next - 1}.`;
      yield rowFault(walk, "overlapping", row, message);
    } else if (row.baseOffset > walk.next) {
      const covering = await segmentAt(check.engine.catalog, topic.id, partition, walk.next);
      if (covering !== undefined) row = covering;
      else if ((await startNow(walk)) < row.baseOffset) {
        const message = `Offsets ${walk.next} to ${row.baseOffset - 1} are in no segment, though they are not below the log start offset.`;
        yield { ...rowFault(walk, "missing", row, message), where: { ...placeIn(walk), offset: walk.next } };
      }
    }
    if (!(yield* checkSegmentObject(walk, row))) return false;
    if (row.reachedMs < Math.max(row.maxTimestampMs, walk.reachedMs)) {
      const message = `The row says that the partition's timestamps reach ${row.reachedMs}, which is less than they do up to there.`;
      yield rowFault(walk, "inconsistent", row, message);
    }
    walk.next = Math.max(walk.next, row.next);
    walk.reachedMs = Math.max(walk.reachedMs, row.reachedMs);
    // It is another row than the listing's, which goes on with rows that it holds.
    if (row !== found) return false;
    previous = row;
  }
  return true;
}

/** Segments end where the frontier says that the partition is sealed. @returns false when more rows came meanwhile */
async function* checkEnd(walk: Walk): AsyncGenerator<Finding, boolean, undefined> {
  const { check, topic, partition, shard, index, next } = walk;
  const frontier = await frontierNow(check, shard);
  const sealed = frontier.sealed[index] ?? 0;
  if (sealed === next) return true;
  if (sealed < next) {
    const message = `Segments reach to offset ${next}, and the frontier says that the partition is sealed up to ${sealed}. ${restoreAdvice.catalog}`;
    yield fault({ kind: "inconsistent", what: "frontier", where: { ...placeIn(walk), offset: sealed }, message });
    return true;
  }
  const { catalog } = check.engine;
  if ((await segmentAt(catalog, topic.id, partition, next)) !== undefined) return false;
  for await (const row of segmentsFrom(catalog, topic.id, partition, next)) if (isSound(row)) return false;
  if ((await startNow(walk)) >= sealed) return true;
  const { highWatermark, journalStart } = await journalNow(walk);
  const isThere = journalStart <= next && highWatermark >= sealed;
  const advice = isThere ? "The journal has them still: stop its trimming, then restore the frontier's row or the segments'." : "";
  const message = `Offsets ${next} to ${sealed - 1} are sealed by the frontier and in no segment. ${advice} ${restoreAdvice.catalog}`;
  yield fault({ kind: "missing", what: "frontier", where: { ...placeIn(walk), offset: next }, message: message.replace("  ", " ") });
  return true;
}

async function journalNow({ check, shard, index }: Walk): Promise<{ readonly highWatermark: number; readonly journalStart: number }> {
  const { highWatermarks, startOffsets } = await check.engine.journal.head(shard);
  return { highWatermark: highWatermarks[index] ?? 0, journalStart: startOffsets[index] ?? 0 };
}

async function startNow({ check, shard, index }: Walk): Promise<number> {
  return (await frontierNow(check, shard)).start[index] ?? 0;
}

/** Whether both rows are there at one moment, as they were seen. */
async function areBothThere({ check, topic, partition }: Walk, one: SegmentRow, other: SegmentRow): Promise<boolean> {
  for (const row of [one, other, one]) {
    const item = await check.engine.catalog.get(segmentKey(topic.id, partition, row.baseOffset));
    if (item === undefined || item.version !== row.version || readSegmentRow(item).key !== row.key) return false;
  }
  return true;
}

function isSound({ baseOffset, next, key, bytes, endBytes, records }: SegmentRow): boolean {
  const areNumbers = [baseOffset, next, bytes, endBytes, records].every((number) => Number.isSafeInteger(number) && number >= 0);
  return areNumbers && typeof key === "string" && next > baseOffset && endBytes <= bytes;
}

function placeIn({ topic, partition }: Walk): Finding["where"] {
  return { topic: topic.name, topicId: topic.id, partition };
}

function rowFault(walk: Walk, kind: FindingKind, { baseOffset, key }: SegmentRow, message: string): Finding {
  const where = { ...placeIn(walk), offset: baseOffset, key };
  return fault({ kind, what: "segment", where, message: `${message} ${restoreAdvice.catalog}` });
}
