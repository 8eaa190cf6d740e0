import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { Clock } from "../../ports/clock.ts";
import { isLately, type Stretch } from "./replay-stretches.ts";

/** Regions that nobody reads from any more are looked for this often. */
const lookMs = limits.segmentReaderMs / 10;

/** One who reads a partition in order, wherever it comes to. Consumers that are at the same place are one. */
export interface ReplayReader {
  /** The part of a segment that it reads from, by a name that is the same for all who are about there; "": none yet. */
  region: string;
  /** The offset that the segment is about up to. */
  regionEnd: number;
  /** What was read for it, and is not yet behind it. */
  stretch: Stretch | undefined;
  stretchEnd: number;
  /** When what is ahead of it was last seen to be there. */
  aheadMs: number;
}

/**
 * Who reads in order, and in how many regions of the log they do. Consumers of the same history that are about as far count as one, as what is read for one of them
 * serves the others.
 */
export class ReplayReaders {
  readonly #clock: Clock;
  /** By `<topic id>/<partition>@<offset>`: where the last read ended. The newest last. */
  readonly #readers = new Map<string, ReplayReader>();
  /** When a region was last read from. */
  readonly #regions = new Map<string, number>();
  #lookedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Who goes on at an offset; undefined when no read has ended there. */
  at(partition: string, offset: number): ReplayReader | undefined {
    return this.#readers.get(`${partition}@${offset}`);
  }

  /** One begins at an offset. */
  begins(partition: string, offset: number): ReplayReader {
    const reader = { region: "", regionEnd: 0, stretch: undefined, stretchEnd: 0, aheadMs: 0 };
    remember(this.#readers, `${partition}@${offset}`, reader, limits.segmentReadersMax);
    return reader;
  }

  /** One reads from a region. */
  reads(reader: ReplayReader, region: string, regionEnd: number): void {
    if (reader.region !== region) {
      this.#regions.delete(reader.region);
      reader.region = region;
      reader.regionEnd = regionEnd;
    }
    const nowMs = this.#clock.nowMs();
    if (this.#regions.has(region)) this.#regions.set(region, nowMs);
    else remember(this.#regions, region, nowMs, limits.segmentReadersMax);
  }

  /** A read has ended. @returns the stretch that was read to its end with it */
  ended(partition: string, offset: number, next: number): Stretch | undefined {
    const place = `${partition}@${offset}`;
    const reader = this.#readers.get(place);
    if (reader === undefined) {
      this.begins(partition, next);
      return undefined;
    }
    this.#readers.delete(place);
    remember(this.#readers, `${partition}@${next}`, reader, limits.segmentReadersMax);
    if (next >= reader.regionEnd) this.#regions.delete(reader.region);
    if (next < reader.stretchEnd) return undefined;
    const { stretch } = reader;
    reader.stretch = undefined;
    return stretch;
  }

  /** In how many regions somebody has read lately. */
  get active(): number {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#lookedMs || nowMs - this.#lookedMs >= lookMs) {
      this.#lookedMs = nowMs;
      for (const [region, ms] of this.#regions) if (!isLately(ms, nowMs)) this.#regions.delete(region);
    }
    return this.#regions.size;
  }
}
