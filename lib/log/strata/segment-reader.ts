import { blockOf, blockReaching, type SegmentIndex } from "../../core/codec/segment.ts";
import { ByteCache } from "../../core/byte-cache.ts";
import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { Catalog } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { blocksUpTo, readBlocks, readIndex, readWhole, type SegmentPlace } from "./segment-objects.ts";
import { segmentAt, type SegmentRow } from "./segment-row.ts";
import { SegmentTimes } from "./segment-times.ts";

export interface SegmentRead {
  /** Whole batches with their real base offsets. Views of bytes that others read too: never to be changed. */
  readonly batches: Uint8Array;
  /** The offset that they reach to: from the last of them to here the segment has no records. */
  readonly end: number;
}

/** Blocks of a segment that are read together. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

interface KnownRow {
  readonly row: SegmentRow;
  readonly readMs: number;
}

/**
 * Reads segments for all readers of a process, who share what was read: rows, indexes and bytes. Who goes on where the last read of a partition ended gets large
 * reads, some of them ahead. What is remembered of a row may be a little old: its object holds what the row's successor does, and what compaction has taken out since. That is over long
 * before a tombstone goes: a reader never gets a record without the tombstone after it.
 */
export class SegmentReader {
  readonly times: SegmentTimes;
  readonly #catalog: Catalog;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #bytes = new ByteCache(limits.segmentCacheBytesMax);
  readonly #indexes = new Map<string, SegmentIndex>();
  /** By partition, the newest last: where a reader is, and what was read ahead for it. */
  readonly #rows = new Map<string, readonly KnownRow[]>();
  /** Where reads have ended: `<topic id>/<partition>@<offset>`. */
  readonly #ends = new Map<string, true>();

  constructor(catalog: Catalog, objects: ObjectStore, clock: Clock) {
    this.times = new SegmentTimes(catalog);
    this.#catalog = catalog;
    this.#objects = objects;
    this.#clock = clock;
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
    const isInOrder = offset === row.baseOffset || this.#ends.has(`${topicId}/${partition}@${offset}`);
    if (row.bytes <= limits.segmentStretchBytes) {
      const batches = await this.#all(row);
      if (isInOrder) this.#ahead(topicId, partition, row.next, limits.segmentStretchesAhead);
      const index = await this.#index(row);
      const from = blockOf(index, offset);
      return readOf(batches, row, index, { from: 0, to: index.blocks }, { from, to: blocksUpTo(index, from, bytesMax) });
    }
    const index = await this.#index(row);
    const from = blockOf(index, offset);
    const wanted = { from, to: blocksUpTo(index, from, bytesMax) };
    const stretch = stretchOf(index, from);
    if (!isInOrder && !this.#bytes.has(nameOf(row, stretch))) {
      return readOf(await readBlocks(this.#objects, row, index, wanted), row, index, wanted, wanted);
    }
    const batches = await this.#stretch(row, index, stretch);
    let left: number = limits.segmentStretchesAhead;
    for (let next = stretch; left > 0 && next.to < index.blocks; left--) {
      next = stretchFrom(index, next.to);
      if (!this.#bytes.has(nameOf(row, next))) this.#stretch(row, index, next).catch(() => undefined);
    }
    if (left > 0) this.#ahead(topicId, partition, row.next, left);
    return readOf(batches, row, index, stretch, { from, to: Math.min(wanted.to, stretch.to) });
  }

  /** To be told where a read ended: the next one there is one in order. */
  ended(topicId: string, partition: number, offset: number, next: number): void {
    this.#ends.delete(`${topicId}/${partition}@${offset}`);
    remember(this.#ends, `${topicId}/${partition}@${next}`, true, limits.segmentReadersMax);
  }

  /** Blocks of a segment, from the one with an offset on, that have a timestamp as large as a time: each by a request, when asked for. @throws SegmentGone, corrupt_log */
  async *reaching(row: SegmentRow, offset: number, timestampMs: number): AsyncGenerator<Uint8Array, void, undefined> {
    const index = await this.#index(row);
    let from = blockReaching(index, timestampMs, blockOf(index, offset));
    for (; from < index.blocks; from = blockReaching(index, timestampMs, from + 1)) {
      yield await readBlocks(this.#objects, row, index, { from, to: from + 1 });
    }
  }

  async #index(place: SegmentPlace): Promise<SegmentIndex> {
    const known = this.#indexes.get(place.key);
    if (known !== undefined) return known;
    const index = await readIndex(this.#objects, place);
    remember(this.#indexes, place.key, index, limits.segmentIndexesMax);
    return index;
  }

  async #all(row: SegmentRow): Promise<Uint8Array> {
    return this.#bytes.get(row.key) ?? (await this.#bytes.load(row.key, async () => (await this.#whole(row)).batches));
  }

  /** Reads the next segments before they are asked for. What goes wrong with that shows when they are. */
  #ahead(topicId: string, partition: number, offset: number, count: number): void {
    const read = async (): Promise<void> => {
      const row = await this.row(topicId, partition, offset, false);
      if (row === undefined) return;
      if (row.bytes > limits.segmentStretchBytes) {
        const index = await this.#index(row);
        await this.#stretch(row, index, stretchFrom(index, 0));
        return;
      }
      if (!this.#bytes.has(row.key)) await this.#all(row);
      if (count > 1) this.#ahead(topicId, partition, row.next, count - 1);
    };
    read().catch(() => undefined);
  }

  async #whole(place: SegmentPlace): ReturnType<typeof readWhole> {
    const whole = await readWhole(this.#objects, place);
    remember(this.#indexes, place.key, whole.index, limits.segmentIndexesMax);
    return whole;
  }

  async #stretch(row: SegmentRow, index: SegmentIndex, stretch: Stretch): Promise<Uint8Array> {
    const name = nameOf(row, stretch);
    return this.#bytes.get(name) ?? (await this.#bytes.load(name, () => readBlocks(this.#objects, row, index, stretch)));
  }
}

function nameOf({ key }: SegmentRow, { from }: Stretch): string {
  return `${key}@${from}`;
}

/** Stretches are the same for all readers: each begins where the one before it ends. */
function stretchOf(index: SegmentIndex, block: number): Stretch {
  let stretch = stretchFrom(index, 0);
  while (stretch.to <= block && stretch.to < index.blocks) stretch = stretchFrom(index, stretch.to);
  return stretch;
}

/** @param from where the stretch before it ends */
function stretchFrom(index: SegmentIndex, from: number): Stretch {
  return { from, to: blocksUpTo(index, from, limits.segmentStretchBytes) };
}

/** Some of the blocks of bytes that hold others too. */
function readOf(bytes: Uint8Array, row: SegmentRow, index: SegmentIndex, all: Stretch, wanted: Stretch): SegmentRead {
  const { positions, firstOffsets, blocks } = index;
  const start = positions[all.from] ?? 0;
  const batches = bytes.subarray((positions[wanted.from] ?? 0) - start, (positions[wanted.to] ?? 0) - start);
  return { batches, end: wanted.to < blocks ? (firstOffsets[wanted.to] ?? row.next) : row.next };
}
