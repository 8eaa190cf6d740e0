/** A call that succeeded, as the function saw it. */
export interface Success {
  readonly group: string;
  readonly partition: number;
  readonly offsets: readonly number[];
}

export interface Appended {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** All that a run has seen. */
export class Notes {
  readonly appended: Appended[] = [];
  readonly successes: Success[] = [];
  readonly counts = new Map<string, number>();
  /** What no answer may be. */
  readonly problems: string[] = [];
  /** Values of topics by partition, once all is drained. */
  readonly found = new Map<string, readonly (readonly string[])[]>();
  isDrained = false;

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }
}
