import { progress } from "../support/metrics.ts";

/** What is counted of a line `{"event":"janitor", …}`. */
const counted = ["seals", "merges", "expired", "deleted", "failures"] as const;
type Counted = (typeof counted)[number];
export type JanitorCounts = Readonly<Record<Counted, number>>;

/** What the janitors of all the servers of a run have told in their log (docs/telemetry.md). What was done in a round that a kill has ended nobody tells. */
export class JanitorLog {
  readonly #counts: Record<Counted, number> = { seals: 0, merges: 0, expired: 0, deleted: 0, failures: 0 };
  #faults = 0;

  get counts(): JanitorCounts {
    return this.#counts;
  }

  /** Faults of the server itself, and whatever else it said that is no line of its log. */
  get faults(): number {
    return this.#faults;
  }

  /** A line of a server's standard error. */
  read(line: string): void {
    const fields = fieldsOf(line);
    if (fields?.["event"] === "janitor") {
      for (const name of counted) this.#counts[name] += Number(fields[name] ?? 0);
      if (Number(fields["failures"] ?? 0) === 0) return;
    } else this.#faults++;
    progress(`server: ${line}`);
  }
}

/** Undefined for what is no JSON object: a stack, or a warning of Node's. */
function fieldsOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
