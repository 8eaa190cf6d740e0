import { ByteCache } from "../../core/byte-cache.ts";
import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { Clock } from "../../ports/clock.ts";

/** Blocks of a segment that were read together, by one request. */
export interface Stretch {
  /** Of the segment's object. */
  readonly key: string;
  readonly from: number;
  /** The first that is not in it; infinite: it is all of a segment. */
  readonly to: number;
}

/** What may be kept, for who will want it: fetches that keep nothing have the rest. */
const keptBytesMax = limits.segmentCacheBytesMax - limits.fetchBytesMax;

/**
 * What is there, or on its way, of segments that are read in order. All of it together stays within `limits.segmentCacheBytesMax`. A stretch that was read for somebody
 * stays until it was read to its end, or nobody has come for it for a while; others stay as long as there is room.
 */
export class ReplayStretches {
  readonly #clock: Clock;
  readonly #cache: ByteCache;
  /** By segment, in order. */
  readonly #known = new Map<string, readonly Stretch[]>();
  readonly #named = new Map<string, Stretch>();
  /** When somebody wanted what is kept, the newest last. */
  readonly #wantedMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#cache = new ByteCache(limits.segmentCacheBytesMax, { keptBytesMax, dropped: (name) => this.#dropped(name) });
  }

  /**
   * How much is read at once for who reads in order, and how many such stretches each has at a time: as large as they may be, and two of them ahead, for a few
   * readers; for more, less; for many, part of one. All together they have no more than there is.
   */
  static share(readers: number): { readonly bytes: number; readonly count: number } {
    const own = Math.floor(keptBytesMax / Math.max(1, readers));
    const { segmentStretchBytes: most, segmentStretchesAhead: ahead } = limits;
    const count = own <= most ? 1 : Math.min(1 + ahead, Math.max(2, Math.floor(own / most)));
    return { bytes: Math.min(most, Math.floor(own / count)), count };
  }

  /** The stretch with a block. */
  at(key: string, block: number): Stretch | undefined {
    return this.#known.get(key)?.find(({ from, to }) => from <= block && block < to);
  }

  /** The first block from one on that is there; infinite: none is. */
  firstFrom(key: string, block: number): number {
    return this.#known.get(key)?.find(({ from }) => from >= block)?.from ?? Number.POSITIVE_INFINITY;
  }

  /** Undefined: it was dropped. */
  async bytes(stretch: Stretch): Promise<Uint8Array | undefined> {
    return await this.#cache.find(nameOf(stretch));
  }

  /**
   * Reads a stretch that is not there.
   * @param isKept whether it is for somebody who reads in order
   * @returns undefined when it is and there is no room for that: what is kept for others stays
   */
  load(stretch: Stretch, bytes: number, isKept: boolean, read: () => Promise<Uint8Array>): Promise<Uint8Array> | undefined {
    this.#releaseForgotten();
    const name = nameOf(stretch);
    const loading = isKept ? this.#cache.loadKept(name, bytes, read) : this.#cache.load(name, bytes, read);
    if (loading === undefined) return undefined;
    this.#named.set(name, stretch);
    const others = this.#known.get(stretch.key) ?? [];
    this.#known.set(
      stretch.key,
      [...others, stretch].sort((a, b) => a.from - b.from),
    );
    if (isKept) remember(this.#wantedMs, name, this.#clock.nowMs(), Number.POSITIVE_INFINITY);
    return loading;
  }

  /** Somebody who reads in order reads it, or will. */
  wanted(stretch: Stretch): void {
    const name = nameOf(stretch);
    if (this.#cache.keep(name)) remember(this.#wantedMs, name, this.#clock.nowMs(), Number.POSITIVE_INFINITY);
  }

  /** It was read to its end. */
  done(stretch: Stretch): void {
    const name = nameOf(stretch);
    this.#wantedMs.delete(name);
    this.#cache.release(name);
  }

  /** A read of what is not kept. */
  async pass<T>(bytes: number, read: () => Promise<T>): Promise<T> {
    return await this.#cache.pass(bytes, read);
  }

  #releaseForgotten(): void {
    const nowMs = this.#clock.nowMs();
    for (const [name, ms] of this.#wantedMs) {
      if (isLately(ms, nowMs)) return;
      this.#wantedMs.delete(name);
      this.#cache.release(name);
    }
  }

  #dropped(name: string): void {
    const stretch = this.#named.get(name);
    if (stretch === undefined) return;
    this.#named.delete(name);
    this.#wantedMs.delete(name);
    const left = this.#known.get(stretch.key)?.filter((other) => other !== stretch) ?? [];
    if (left.length > 0) this.#known.set(stretch.key, left);
    else this.#known.delete(stretch.key);
  }
}

/** Whether who has read then is still waited for. */
export function isLately(thenMs: number, nowMs: number): boolean {
  return thenMs <= nowMs && nowMs - thenMs < limits.segmentReaderMs;
}

export function isWhole({ to }: Stretch): boolean {
  return to === Number.POSITIVE_INFINITY;
}

function nameOf(stretch: Stretch): string {
  return isWhole(stretch) ? stretch.key : `${stretch.key}@${stretch.from}`;
}
