import { type AwsEngine, createAwsEngine } from "../../lib/engines/aws/index.ts";
import type { Bucket } from "../../lib/engines/aws/bucket.ts";
import type { Table } from "../../lib/engines/aws/table.ts";
import { createLog } from "../../lib/log/create-log.ts";
import { createJanitor, type Janitor } from "../../lib/log/janitor.ts";
import type { Log } from "../../lib/log/log.ts";
import type { StrataTuning } from "../../lib/log/strata/tuning.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import type { Clock } from "../../lib/ports/clock.ts";
import type { Random } from "../../lib/ports/random.ts";
import { SimBucket } from "../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../lib/testing/sim/aws/sim-table.ts";
import { Prng } from "../../lib/testing/sim/prng.ts";
import { HeadBytes } from "./head-bytes.ts";
import { meteredBucket } from "./metered-bucket.ts";
import { meteredTable } from "./metered-table.ts";
import { Usage } from "./usage.ts";

/** One process over a store: its engine with a log on it, and what its requests cost. */
export interface Opened {
  readonly engine: AwsEngine;
  readonly log: Log;
  readonly janitor: Janitor;
  readonly usage: Usage;
  readonly heads: HeadBytes;
}

/** An empty table and bucket. */
export interface Store {
  readonly clock: Clock;
  open(strata?: Partial<StrataTuning>): Opened;
  /** Time goes by, where it does not by itself. */
  readonly pass: (durationMs: number) => void;
}

export type StoreMaker = () => Promise<Store>;

export interface StoreParts {
  readonly table: Table;
  readonly bucket: Bucket;
  readonly peek: Pick<Table, "get">;
  readonly clock: Clock;
  readonly random: Random;
  readonly pass: (durationMs: number) => void;
}

export function storeOf({ table, bucket, peek, clock, random, pass }: StoreParts): Store {
  return {
    clock,
    pass,
    open(strata) {
      const [usage, heads] = [new Usage(), new HeadBytes()];
      const storage = { table: meteredTable(table, { usage, heads, peek }), bucket: meteredBucket(bucket, usage), clock, random };
      const engine = createAwsEngine(storage);
      const parts = { clock, random, compression: nodeCompression, strata };
      return { engine, log: createLog(engine, parts), janitor: createJanitor(engine, parts), usage, heads };
    },
  };
}

/** In memory. By default the same each time: its clock stands unless it is told to go on. */
export async function simStore(realClock?: Clock): Promise<Store> {
  let nowMs = Date.UTC(2026, 0, 1);
  const pass = (durationMs: number): void => {
    nowMs += durationMs;
  };
  const standing: Clock = {
    nowMs: () => nowMs,
    async sleep(durationMs) {
      pass(durationMs);
    },
  };
  const clock = realClock ?? standing;
  const table = new SimTable(clock);
  return storeOf({ table, bucket: new SimBucket(clock), peek: table, clock, random: new Prng(1), pass });
}
