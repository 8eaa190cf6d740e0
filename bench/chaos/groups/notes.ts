/** One record that a member's life worked on. `generation`: of the answer in which the partition first appeared as this life's own. */
export interface Processed {
  readonly life: string;
  readonly partition: number;
  readonly generation: number;
  readonly offset: number;
  readonly value: string;
  readonly atMs: number;
}

export interface Appended {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** What the watcher read; noted when it is another offset than before. */
export interface Watched {
  readonly partition: number;
  readonly offset: number;
  readonly atMs: number;
}

/** One that got its answer. */
export interface Beat {
  readonly life: string;
  readonly sentMs: number;
  readonly answeredMs: number;
}

/** A member that fell silent for longer than its session. */
export interface Death {
  readonly life: string;
  readonly lastBeatMs: number;
  /** From when on it did nothing. */
  readonly silentMs: number;
  /** The partitions that it had, and since which generation. */
  readonly partitions: ReadonlyMap<number, number>;
  /** Whether nothing else happened until others had what it had. */
  readonly isAlone: boolean;
}

/** Owners by partition before and after one of the settled members left. */
export interface Departure {
  readonly leaver: string;
  readonly before: ReadonlyMap<number, string>;
  readonly after: ReadonlyMap<number, string>;
}

export interface Watermark {
  readonly partition: number;
  readonly committed: number;
  readonly highWatermark: number;
}

/** All that a run has seen of a group, by one clock. */
export class Notes {
  readonly processed: Processed[] = [];
  readonly appended: Appended[] = [];
  readonly watched: Watched[] = [];
  readonly beats: Beat[] = [];
  readonly deaths: Death[] = [];
  readonly departures: Departure[] = [];
  /** Lives that another one replaced under their id: what they had went to others without their knowing. */
  readonly replaced = new Set<string>();
  /** Commits that were refused, by code. */
  readonly refused = new Map<string, number>();
  readonly counts = new Map<string, number>();
  /** What no answer may be. */
  readonly problems: string[] = [];
  /** After the drain. */
  final: readonly Watermark[] = [];
  readonly #lastWatched = new Map<number, number>();

  watch(partition: number, offset: number, atMs: number): void {
    if (this.#lastWatched.get(partition) === offset) return;
    this.#lastWatched.set(partition, offset);
    this.watched.push({ partition, offset, atMs });
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  refuse(code: string): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }
}
