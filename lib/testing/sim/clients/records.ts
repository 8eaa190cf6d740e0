import type { RecordResult, PartitionedRecord } from "../../../log/log.ts";
import type { LogError } from "../../../core/errors.ts";
import type { SentRecord } from "../../history.ts";
import type { Self, World } from "../world.ts";

const encoder = new TextEncoder();

export interface Draft {
  readonly values: readonly string[];
  readonly records: readonly PartitionedRecord[];
}

/** New records: some with a key, some placed, some neither. */
export function draft(world: World, self: Self, count: number, place: "any" | "unplaced" = "any"): Draft {
  const values = Array.from({ length: count }, () => world.recorder.newValue(self.life.name));
  const records = values.map((value) => {
    const bytes = { value: encoder.encode(value), headers: [] };
    if (place === "any" && self.prng.chance(0.3)) return { ...bytes, key: null, partition: self.prng.between(0, world.partitions - 1) };
    return { ...bytes, key: self.prng.chance(0.8) ? encoder.encode(`k${self.prng.between(0, 40)}`) : null };
  });
  return { values, records };
}

/** What is known of one operation's records, attempt after attempt. */
export class Outcomes {
  readonly #sent: SentRecord[];
  #isUnknown = false;

  constructor(values: readonly string[]) {
    this.#sent = values.map((value) => ({ value, outcome: "not-applied" }));
  }

  get areAllOk(): boolean {
    return this.#sent.every(({ outcome }) => outcome === "ok");
  }

  /** An answer to the whole request. @returns the errors in it */
  answered(results: readonly RecordResult[]): readonly LogError[] {
    const errors: LogError[] = [];
    for (const [at, result] of results.entries()) {
      const was = this.#sent[at];
      if (was === undefined) continue;
      if ("error" in result) {
        errors.push(result.error);
        if (result.error.outcome === "unknown" && was.outcome !== "ok") this.#sent[at] = { ...was, outcome: "unknown" };
      } else {
        this.#sent[at] = { value: was.value, outcome: "ok", partition: result.partition, offset: result.offset };
      }
    }
    return errors;
  }

  failed(error: LogError): void {
    if (error.outcome === "unknown") this.#isUnknown = true;
  }

  /** @param mayBeRepeated the network may have delivered a copy of a refused request later: then a refusal proves nothing */
  records(mayBeRepeated: boolean): readonly SentRecord[] {
    const unsure = this.#isUnknown || mayBeRepeated;
    return this.#sent.map((record) => (record.outcome === "not-applied" && unsure ? { ...record, outcome: "unknown" } : record));
  }
}
