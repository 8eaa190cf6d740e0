import { checkSegmentHead, segmentFormat, type SegmentFacts, type SegmentIndex, SegmentIndexer } from "../../core/codec/segment.ts";
import type { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { batchesEnd, blocksUpTo, readBlocks, readIndex, SegmentGone } from "../strata/segment-objects.ts";
import { readSegmentRow, segmentKey, type SegmentRow } from "../strata/segment-row.ts";
import { attempt } from "./context.ts";
import { fault, type Finding, type FindingKind, restoreAdvice } from "./finding.ts";
import type { SegmentPlace } from "./segment-place.ts";
import { type BatchesSeen, lookAtBatches } from "./stored-batches.ts";

/** What an object that is not as it was written makes its readers throw; one that ends early, a range past its end. */
const damage: readonly LogError["code"][] = ["corrupt_log", "unsupported_version", "offset_out_of_range", "corrupt_message"];

interface Walk {
  readonly place: SegmentPlace;
  readonly row: SegmentRow;
  readonly index: SegmentIndex;
  readonly indexer: SegmentIndexer;
  next: number;
  isWhole: boolean;
  /** What the footer says otherwise of a block than its batches: of each kind the first. */
  readonly different: Map<"offset" | "time", string>;
}

/**
 * A segment's object: head, footer, each block's checksum, each batch, and whether footer and row say what it holds.
 * @returns false when another row has taken the row's place: nothing that was found is to be trusted, and nothing was told
 */
export async function* checkSegmentObject(place: SegmentPlace, row: SegmentRow): AsyncGenerator<Finding, boolean, undefined> {
  const look = lookAtObject(place, row);
  for (;;) {
    const step = await look.next();
    if (step.done === true) return true;
    if (!(await isStill(place, row))) return false;
    yield step.value;
  }
}

async function isStill({ check, topic, partition }: SegmentPlace, { baseOffset, key }: SegmentRow): Promise<boolean> {
  const item = await check.engine.catalog.get(segmentKey(topic.id, partition, baseOffset));
  return item !== undefined && readSegmentRow(item).key === key;
}

async function* lookAtObject(place: SegmentPlace, row: SegmentRow): AsyncGenerator<Finding, void, undefined> {
  const { engine, room, seen } = place.check;
  seen({ segments: 1 });
  try {
    const index = await attempt(damage, () => room.hold(row.endBytes, () => readIndex(engine.objects, row)));
    if ("error" in index) {
      yield objectFault(place, row, "damaged", row.baseOffset, `Its footer cannot be used: ${index.error.message}`);
      return;
    }
    yield* rowFaults(place, row, index.value);
    const walk: Walk = {
      place,
      row,
      index: index.value,
      indexer: new SegmentIndexer(index.value.baseOffset),
      next: index.value.baseOffset,
      isWhole: true,
      different: new Map(),
    };
    yield* lookAtHead(walk);
    yield* lookAtBlocks(walk);
    if (walk.isWhole) yield* footerFaults(walk);
  } catch (reason) {
    if (!(reason instanceof SegmentGone)) throw reason;
    yield objectFault(place, row, "missing", row.baseOffset, "Its object is not there.");
  }
}

async function* lookAtHead({ place, row }: Walk): AsyncGenerator<Finding, void, undefined> {
  const head = await attempt(damage, async () => {
    const found = await place.check.engine.objects.get(row.key, { start: 0, length: segmentFormat.headBytes });
    if (found === undefined) throw new SegmentGone(row.key);
    checkSegmentHead(found);
  });
  if ("error" in head) yield objectFault(place, row, "damaged", row.baseOffset, `Its head cannot be used: ${head.error.message}`);
}

async function* lookAtBlocks(walk: Walk): AsyncGenerator<Finding, void, undefined> {
  const { index } = walk;
  for (let from = 0; from < index.blocks; ) {
    const to = blocksUpTo(index, from, limits.strataReadBytes);
    const read = await attempt(damage, () => lookInto(walk, from, to));
    if ("value" in read) yield* read.value;
    else for (let block = from; block < to; block++) yield* lookAtBlock(walk, block);
    from = to;
  }
}

async function* lookAtBlock(walk: Walk, block: number): AsyncGenerator<Finding, void, undefined> {
  const { place, row, index } = walk;
  const read = await attempt(damage, () => lookInto(walk, block, block + 1));
  if ("value" in read) {
    yield* read.value;
    return;
  }
  walk.isWhole = false;
  const [first, end] = [index.firstOffsets[block] ?? row.baseOffset, index.firstOffsets[block + 1] ?? index.nextOffset];
  const message = `The part of it with offsets ${first} to ${end - 1} (from byte ${index.positions[block] ?? 0} on) is damaged: ${read.error.message}`;
  yield objectFault(place, row, "damaged", first, message);
  walk.next = end;
}

/** Blocks `from` to before `to`. The room for them is free again before anything is told: who is told may take its time. */
async function lookInto(walk: Walk, from: number, to: number): Promise<readonly Finding[]> {
  const { place, row, index, indexer } = walk;
  const { engine, room } = place.check;
  const bytesMax = (index.positions[to] ?? 0) - (index.positions[from] ?? 0);
  return await room.hold(bytesMax, async () => {
    const bytes = await readBlocks(engine.objects, row, index, { from, to });
    for (let block = from; block < to; block++) {
      const [start = 0, end = 0] = [index.positions[block], index.positions[block + 1]];
      const own = bytes.subarray(start - (index.positions[from] ?? 0), end - (index.positions[from] ?? 0));
      const seen = lookAtBatches(own, { from: walk.next, end: index.nextOffset, isDense: false });
      place.check.seen({ records: seen.records, bytes: own.length });
      walk.next = seen.next;
      if (seen.fault !== undefined) {
        walk.isWhole = false;
        const message = `A batch after byte ${start} was damaged before it was stored there: ${seen.fault.message}.`;
        return [objectFault(place, row, "damaged", seen.fault.offset, message)];
      }
      indexer.add(own);
      compareBlock(walk, block, seen);
    }
    return [];
  });
}

/** The footer leads readers to blocks by their first offsets and largest timestamps. */
function compareBlock({ index, different }: Walk, block: number, { first, maxTimestampMs }: BatchesSeen): void {
  const said = { offset: index.firstOffsets[block], time: index.maxTimestampsMs[block] };
  if (said.offset !== first && !different.has("offset")) different.set("offset", `block ${block} begins at ${said.offset} and ${first}`);
  if (said.time === maxTimestampMs || different.has("time")) return;
  different.set("time", `times in block ${block} reach ${said.time} and ${maxTimestampMs}`);
}

/** The row says of the object what its footer says. */
function* rowFaults(place: SegmentPlace, row: SegmentRow, index: SegmentIndex): Generator<Finding, void, undefined> {
  const { baseOffset, next, records, minTimestampMs, maxTimestampMs } = row;
  const said = { baseOffset, nextOffset: next, records, minTimestampMs, maxTimestampMs };
  const different = differences(said, index);
  if ((index.positions[index.blocks] ?? 0) !== batchesEnd(row)) different.push("where its batches end");
  if (different.length === 0) return;
  const message = `Its row and its footer tell different things: ${different.join(", ")}. ${restoreAdvice.catalog}`;
  yield { ...objectFault(place, row, "inconsistent", baseOffset, ""), message: `${nameOf(row)} ${message}` };
}

/** The footer says of the batches what they are. */
function* footerFaults({ place, row, index, indexer, different: blocks }: Walk): Generator<Finding, void, undefined> {
  const different = [...differences(index, indexer.facts(index.nextOffset)), ...blocks.values()];
  if (different.length > 0) {
    yield objectFault(
      place,
      row,
      "inconsistent",
      row.baseOffset,
      `Its footer and its batches tell different things: ${different.join(", ")}.`,
    );
  }
}

function differences(one: SegmentFacts, other: SegmentFacts): string[] {
  const names = ["baseOffset", "nextOffset", "records", "minTimestampMs", "maxTimestampMs"] as const;
  return names.filter((name) => one[name] !== other[name]).map((name) => `${name} is ${one[name]} and ${other[name]}`);
}

function nameOf({ key, baseOffset, next }: SegmentRow): string {
  return `Segment ${key}, of offsets ${baseOffset} to ${next - 1}:`;
}

function objectFault({ topic, partition }: SegmentPlace, row: SegmentRow, kind: FindingKind, offset: number, message: string): Finding {
  const where = { topic: topic.name, topicId: topic.id, partition, offset, key: row.key };
  return fault({ kind, what: "segment", where, message: `${nameOf(row)} ${message} ${restoreAdvice.object}` });
}
