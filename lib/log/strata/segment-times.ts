import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { Catalog } from "../../ports/catalog.ts";
import { readSegmentRow, segmentAt, segmentKey, type SegmentRow, segmentsPk } from "./segment-row.ts";

/** Where a time is looked for: from one offset to before another, both where segments meet or inside of them. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
  readonly timestampMs: number;
}

/** What was a segment once: its records are no later than this, now and ever, since compaction only takes some away. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly maxTimestampMs: number;
}

/**
 * Finds segments by time, and remembers the largest timestamps of those that it had to look at one by one.
 *
 * Rows know the largest timestamp up to their end, so halving over offsets finds the first that reaches a time, in about log2 of the offsets in reads of
 * one row. They know it of what is gone too: where that was later than what is left, it tells nothing. There each segment counts by itself: one read for
 * 1,000 of them, and none for those that this process has looked at before.
 */
export class SegmentTimes {
  readonly #catalog: Catalog;
  /** By partition, the newest last; a partition's oldest first. */
  readonly #known = new Map<string, readonly Span[]>();
  #spans = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /**
   * The first segment of a range that has a timestamp as large as a time, though maybe before the range.
   * @returns undefined when none has; "moved" when a segment is not where it should be
   */
  async firstReaching(topicId: string, partition: number, range: TimeRange): Promise<SegmentRow | "moved" | undefined> {
    const at = this.#skip(topicId, partition, range.from, range);
    if (at >= range.to) return undefined;
    let row = await segmentAt(this.#catalog, topicId, partition, at);
    if (row === undefined) return "moved";
    if (row.reachedMs < range.timestampMs) {
      const found = await this.#halve(topicId, partition, { ...range, from: row.next });
      if (found === undefined || found === "moved") return found;
      row = found;
    }
    if (row.maxTimestampMs >= range.timestampMs) return row;
    this.#note(topicId, partition, [row]);
    return await this.#oneByOne(topicId, partition, { ...range, from: row.next });
  }

  /** The first segment up to whose end the time is reached, given that it is not before the range. */
  async #halve(topicId: string, partition: number, range: TimeRange): Promise<SegmentRow | "moved" | undefined> {
    let found: SegmentRow | undefined;
    let { from: low, to: high } = range;
    // Asked for the newest most often.
    for (let at = high - 1; low < high; at = Math.floor((low + high) / 2)) {
      const row = await segmentAt(this.#catalog, topicId, partition, at);
      if (row === undefined) return "moved";
      if (row.reachedMs >= range.timestampMs) {
        found = row;
        high = Math.min(high, row.baseOffset);
      } else low = row.next;
    }
    return found;
  }

  async #oneByOne(topicId: string, partition: number, range: TimeRange): Promise<SegmentRow | "moved" | undefined> {
    for (let at = range.from; ; ) {
      at = this.#skip(topicId, partition, at, range);
      if (at >= range.to) return undefined;
      let rows = this.#isKnown(topicId, partition, at) ? [] : await this.#page(topicId, partition, at);
      if (rows.length === 0) {
        const row = await segmentAt(this.#catalog, topicId, partition, at);
        if (row === undefined) return "moved";
        rows = [row];
      }
      this.#note(topicId, partition, rows);
      const found = rows.find(({ maxTimestampMs, baseOffset }) => maxTimestampMs >= range.timestampMs && baseOffset < range.to);
      if (found !== undefined) return found;
      at = rows.at(-1)?.next ?? range.to;
    }
  }

  /** Rows that follow each other from an offset on; none when no segment begins there. */
  async #page(topicId: string, partition: number, offset: number): Promise<SegmentRow[]> {
    const after = segmentKey(topicId, partition, offset - 1).sk;
    const items = await this.#catalog.query(segmentsPk(topicId, partition), { after, limit: limits.catalogQueryLimitMax });
    const rows = items.map(readSegmentRow);
    const end = rows.findIndex(({ baseOffset }, nth) => baseOffset !== (nth === 0 ? offset : rows[nth - 1]?.next));
    return end < 0 ? rows : rows.slice(0, end);
  }

  /** The first offset from one on that is not known to be in a segment of earlier times. */
  #skip(topicId: string, partition: number, offset: number, { timestampMs }: TimeRange): number {
    let at = offset;
    for (const { from, to, maxTimestampMs } of this.#spansOf(topicId, partition)) {
      if (from > at || (to > at && maxTimestampMs >= timestampMs)) break;
      at = Math.max(at, to);
    }
    return at;
  }

  #isKnown(topicId: string, partition: number, offset: number): boolean {
    return this.#spansOf(topicId, partition).some(({ from, to }) => from <= offset && offset < to);
  }

  /** @param rows at least one, that follow each other */
  #note(topicId: string, partition: number, rows: readonly SegmentRow[]): void {
    const spans = rows.map(({ baseOffset, next, maxTimestampMs }): Span => ({ from: baseOffset, to: next, maxTimestampMs }));
    const known = this.#spansOf(topicId, partition);
    const [from, to] = [spans[0]?.from ?? 0, spans.at(-1)?.to ?? 0];
    const before = known.filter((span) => span.to <= from);
    const after = known.filter((span) => span.from >= to);
    const kept = [...before, ...spans, ...after].slice(-limits.segmentTimesMax);
    this.#spans += kept.length - known.length;
    remember(this.#known, nameOf(topicId, partition), kept, Number.POSITIVE_INFINITY);
    for (const [name, { length }] of this.#known) {
      if (this.#spans <= limits.segmentTimesMax) break;
      this.#known.delete(name);
      this.#spans -= length;
    }
  }

  #spansOf(topicId: string, partition: number): readonly Span[] {
    return this.#known.get(nameOf(topicId, partition)) ?? [];
  }
}

function nameOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}
