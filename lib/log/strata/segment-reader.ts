import { blockOf, blockReaching, type SegmentIndex } from "../../core/codec/segment.ts";
import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { Catalog } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { type ReplayReader, ReplayReaders } from "./replay-readers.ts";
import { isWhole, ReplayStretches, type Stretch } from "./replay-stretches.ts";
import { blocksUpTo, readBlocks, readIndex, readWhole, type SegmentPlace } from "./segment-objects.ts";
import { segmentAt, type SegmentRow } from "./segment-row.ts";
import { SegmentTimes } from "./segment-times.ts";

export interface SegmentRead {
  /** Whole batches with their real base offsets. Views of bytes that others read too: never to be changed. */
  readonly batches: Uint8Array;
  /** The offset that they reach to: from the last of them to here the segment has no records. */
  readonly end: number;
}

/** From one to before another. */
interface Blocks {
  readonly from: number;
  readonly to: number;
}

interface KnownRow {
  readonly row: SegmentRow;
  readonly readMs: number;
}

/** Who reads in order says so often enough that what is kept for it stays. */
const renewMs = limits.segmentReaderMs / 4;

/**
 * Reads segments for all readers of a process, who share what was read: rows, indexes and bytes. Who goes on where the last read of a partition ended gets large
 * reads, some of them ahead, as far as there is room for all who do (`ReplayStretches`). What is remembered of a row may be a little old: its object holds what the row's
 * successor does, and what compaction has taken out since. That is over long before a tombstone goes: a reader never gets a record without the tombstone after it.
 */
export class SegmentReader {
  readonly times: SegmentTimes;
  readonly #catalog: Catalog;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #stretches: ReplayStretches;
  readonly #readers: ReplayReaders;
  readonly #indexes = new Map<string, SegmentIndex>();
  readonly #loadingIndexes = new Map<string, Promise<SegmentIndex>>();
  /** By partition, the newest last: where a reader is, and what was read ahead for it. */
  readonly #rows = new Map<string, readonly KnownRow[]>();

  constructor(catalog: Catalog, objects: ObjectStore, clock: Clock) {
    this.times = new SegmentTimes(catalog);
    this.#catalog = catalog;
    this.#objects = objects;
    this.#clock = clock;
    this.#stretches = new ReplayStretches(clock);
    this.#readers = new ReplayReaders(clock);
  }

  /** The segment that an offset is in; undefined when none is about it. */
  async row(topicId: string, partition: number, offset: number, isFresh: boolean): Promise<SegmentRow | undefined> {
    const name = `${topicId}/${partition}`;
    const known = this.#rows.get(name) ?? [];
    const there = known.find(({ row }) => row.baseOffset <= offset && offset < row.next);
    const readMs = this.#clock.nowMs();
    const ageMs = there === undefined ? 0 : readMs - there.readMs;
    if (!isFresh && there !== undefined && ageMs >= 0 && ageMs < limits.segmentRowMs) return there.row;
    const found = await segmentAt(this.#catalog, topicId, partition, offset);
    if (found === undefined) return undefined;
    const others = (this.#rows.get(name) ?? []).filter(({ row }) => row.next <= found.baseOffset || row.baseOffset >= found.next);
    remember(this.#rows, name, [...others.slice(1 - limits.segmentRowsMax), { row: found, readMs }], limits.segmentReadersMax);
    return found;
  }

  /**
   * Batches of a segment from the block that holds an offset on: about as many bytes as are wanted, at least a block.
   * @throws SegmentGone, corrupt_log
   */
  async read(topicId: string, partition: number, row: SegmentRow, offset: number, bytesMax: number): Promise<SegmentRead> {
    const name = `${topicId}/${partition}`;
    const reader = this.#readers.at(name, offset) ?? (offset === row.baseOffset ? this.#readers.begins(name, offset) : undefined);
    const isSmall = row.bytes <= limits.segmentStretchBytes;
    if (isSmall && reader !== undefined) this.#readers.reads(reader, row.key, row.next);
    let stretch = isSmall ? this.#whole(row, reader !== undefined, reader === undefined || offset === row.baseOffset) : undefined;
    let bytes = stretch && (await this.#stretches.bytes(stretch));
    const index = await this.#index(row);
    const from = blockOf(index, offset);
    const wanted = { from, to: blocksUpTo(index, from, bytesMax) };
    if (bytes === undefined) {
      if (!isSmall && reader !== undefined) this.#readers.reads(reader, regionOf(row, index, from), row.next);
      stretch = this.#stretches.at(row.key, from) ?? (reader && this.#from(row, index, from, bytesMax));
      bytes = stretch && (await this.#stretches.bytes(stretch));
    }
    if (stretch === undefined || bytes === undefined) {
      return readOf(await this.#pass(row, index, wanted), row, index, from, wanted);
    }
    if (reader !== undefined) this.#goesOn(reader, topicId, partition, row, index, stretch);
    return readOf(bytes, row, index, stretch.from, { from, to: Math.min(wanted.to, stretch.to) });
  }

  /** To be told where a read ended: the next one there is one in order. */
  ended(topicId: string, partition: number, offset: number, next: number): void {
    const done = this.#readers.ended(`${topicId}/${partition}`, offset, next);
    if (done !== undefined) this.#stretches.done(done);
  }

  /** Blocks of a segment, from the one with an offset on, that have a timestamp as large as a time: each by a request, when asked for. @throws SegmentGone, corrupt_log */
  async *reaching(row: SegmentRow, offset: number, timestampMs: number): AsyncGenerator<Uint8Array, void, undefined> {
    const index = await this.#index(row);
    let from = blockReaching(index, timestampMs, blockOf(index, offset));
    for (; from < index.blocks; from = blockReaching(index, timestampMs, from + 1)) {
      yield await this.#pass(row, index, { from, to: from + 1 });
    }
  }

  async #index(place: SegmentPlace): Promise<SegmentIndex> {
    return this.#indexes.get(place.key) ?? (await (this.#loadingIndexes.get(place.key) ?? this.#loadIndex(place)));
  }

  #loadIndex(place: SegmentPlace): Promise<SegmentIndex> {
    const load = async (): Promise<SegmentIndex> => {
      try {
        const index = await readIndex(this.#objects, place);
        remember(this.#indexes, place.key, index, limits.segmentIndexesMax);
        return index;
      } finally {
        this.#loadingIndexes.delete(place.key);
      }
    };
    const loading = load();
    this.#loadingIndexes.set(place.key, loading);
    return loading;
  }

  /** Blocks that are not kept. */
  async #pass(row: SegmentRow, index: SegmentIndex, blocks: Blocks): Promise<Uint8Array> {
    return await this.#stretches.pass(bytesOf(index, blocks), () => readBlocks(this.#objects, row, index, blocks));
  }

  #share(): ReturnType<typeof ReplayStretches.share> {
    return ReplayStretches.share(this.#readers.active);
  }

  /** All of a small segment, there or on its way; undefined when it is read in stretches. @param begins whether it is to be read when it is not there */
  #whole(row: SegmentRow, isInOrder: boolean, begins: boolean): Stretch | undefined {
    const known = this.#stretches.at(row.key, 0);
    if (known !== undefined) return isWhole(known) ? known : undefined;
    if (!begins || row.bytes > this.#share().bytes || this.#stretches.firstFrom(row.key, 0) < Number.POSITIVE_INFINITY) return undefined;
    const stretch = { key: row.key, from: 0, to: Number.POSITIVE_INFINITY };
    return this.#begin(stretch, row.bytes, isInOrder, async () => {
      const { index, batches } = await readWhole(this.#objects, row);
      remember(this.#indexes, row.key, index, limits.segmentIndexesMax);
      return batches;
    });
  }

  /** The stretch that begins with a block, on its way; undefined when there is no room for more than what is wanted. */
  #from(row: SegmentRow, index: SegmentIndex, from: number, bytesMax: number): Stretch | undefined {
    const { bytes } = this.#share();
    if (bytes < Math.min(bytesMax, limits.segmentStretchBytes)) return undefined;
    const to = Math.min(blocksUpTo(index, from, bytes), this.#stretches.firstFrom(row.key, from));
    const stretch = { key: row.key, from, to };
    return this.#begin(stretch, bytesOf(index, stretch), true, () => readBlocks(this.#objects, row, index, stretch));
  }

  #begin(stretch: Stretch, bytes: number, isInOrder: boolean, read: () => Promise<Uint8Array>): Stretch | undefined {
    const loading = this.#stretches.load(stretch, bytes, isInOrder, read);
    // Who wants it asks for it: it may be ahead of all.
    loading?.catch(() => undefined);
    return loading && stretch;
  }

  /** Keeps what one who reads in order is at, and has what is ahead of it read before it is asked for. What goes wrong with that shows when it is. */
  #goesOn(reader: ReplayReader, topicId: string, partition: number, row: SegmentRow, index: SegmentIndex, stretch: Stretch): void {
    const nowMs = this.#clock.nowMs();
    const agoMs = nowMs - reader.aheadMs;
    if (reader.stretch === stretch && agoMs >= 0 && agoMs < renewMs) return;
    reader.stretch = stretch;
    reader.stretchEnd = endOf(row, index, stretch.to);
    reader.aheadMs = nowMs;
    this.#stretches.wanted(stretch);
    const ahead = this.#ahead(topicId, partition, row, stretch.to, this.#share().count - 1);
    ahead.then(
      (isThere) => {
        if (!isThere) reader.aheadMs = 0;
      },
      () => undefined,
    );
  }

  /** Reads stretches from a block on, then of the next segments. @returns false when there is no room for them */
  async #ahead(topicId: string, partition: number, row: SegmentRow, from: number, count: number): Promise<boolean> {
    let [block, left] = [from, count];
    if (block < Number.POSITIVE_INFINITY && left > 0) {
      const index = await this.#index(row);
      for (; left > 0 && block < index.blocks; left--) {
        const stretch = this.#stretches.at(row.key, block) ?? this.#from(row, index, block, 0);
        if (stretch === undefined) return false;
        this.#stretches.wanted(stretch);
        block = stretch.to;
      }
    }
    const next = left > 0 ? await this.row(topicId, partition, row.next, false) : undefined;
    if (next === undefined) return true;
    const isSmall = next.bytes <= limits.segmentStretchBytes;
    const whole = isSmall ? this.#whole(next, true, true) : undefined;
    if (whole !== undefined) this.#stretches.wanted(whole);
    else if (isSmall) return false;
    return await this.#ahead(topicId, partition, next, whole?.to ?? 0, whole === undefined ? left : left - 1);
  }
}

/** The same for all who read about there. */
function regionOf({ key }: SegmentRow, { positions }: SegmentIndex, block: number): string {
  return `${key}@${Math.floor((positions[block] ?? 0) / limits.segmentStretchBytes)}`;
}

/** Some of the blocks of bytes that begin with a block and hold others too. */
function readOf(bytes: Uint8Array, row: SegmentRow, index: SegmentIndex, first: number, wanted: Blocks): SegmentRead {
  const { positions } = index;
  const start = positions[first] ?? 0;
  const batches = bytes.subarray((positions[wanted.from] ?? 0) - start, (positions[wanted.to] ?? 0) - start);
  return { batches, end: endOf(row, index, wanted.to) };
}

/** The offset that blocks before one reach to. */
function endOf({ next }: SegmentRow, { firstOffsets, blocks }: SegmentIndex, block: number): number {
  return block < blocks ? (firstOffsets[block] ?? next) : next;
}

function bytesOf({ positions }: SegmentIndex, { from, to }: Blocks): number {
  return (positions[to] ?? 0) - (positions[from] ?? 0);
}
