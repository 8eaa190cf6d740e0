/** What requests of one kind came to. `bytes`: of S3 what was sent or received, of the table what was billed before rounding. */
export interface Tally {
  readonly requests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly bytes: number;
}

/** Tallies by kind of request. */
export type Tallies = ReadonlyMap<string, Tally>;

export type Measure = keyof Tally;

const nothing: Tally = { requests: 0, writeUnits: 0, readUnits: 0, bytes: 0 };

/** Adds up requests as they are made. */
export class Usage {
  readonly #tallies = new Map<string, Tally>();
  /** How much more the table and the bucket hold than when it began, as storage is billed. */
  readonly stored = { tableBytes: 0, bucketBytes: 0 };

  add(kind: string, spent: Partial<Tally>): void {
    const { requests, writeUnits, readUnits, bytes } = this.#tallies.get(kind) ?? nothing;
    this.#tallies.set(kind, {
      requests: requests + 1,
      writeUnits: writeUnits + (spent.writeUnits ?? 0),
      readUnits: readUnits + (spent.readUnits ?? 0),
      bytes: bytes + (spent.bytes ?? 0),
    });
  }

  /** As they are now: later requests change nothing in it. */
  get tallies(): Tallies {
    return new Map(this.#tallies);
  }
}

/** What was added since. */
export function between(before: Tallies, after: Tallies): Tallies {
  return combined(after, before, -1);
}

export function plus(a: Tallies, b: Tallies): Tallies {
  return combined(a, b, 1);
}

function combined(a: Tallies, b: Tallies, sign: 1 | -1): Tallies {
  return new Map(
    [...new Set([...a.keys(), ...b.keys()])].map((kind) => {
      const [x, y] = [a.get(kind) ?? nothing, b.get(kind) ?? nothing];
      const of = (measure: Measure): number => x[measure] + sign * y[measure];
      return [kind, { requests: of("requests"), writeUnits: of("writeUnits"), readUnits: of("readUnits"), bytes: of("bytes") }];
    }),
  );
}

/** The sum over kinds that begin with the words; all without any. */
export function sumOf(tallies: Tallies, measure: Measure, ...kinds: readonly string[]): number {
  let sum = 0;
  for (const [kind, tally] of tallies) if (kinds.length === 0 || kinds.some((start) => kind.startsWith(start))) sum += tally[measure];
  return sum;
}
