import { sdkBucket } from "../../../lib/engines/aws/sdk-bucket.ts";
import type { AwsClients } from "../../../lib/engines/aws/sdk-clients.ts";
import { sdkTable } from "../../../lib/engines/aws/sdk-table.ts";
import type { Context } from "../../../lib/engines/aws/context.ts";
import type { Item, Key } from "../../../lib/engines/aws/table.ts";
import { defaultTuning } from "../../../lib/engines/aws/tuning.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { collectOnce, type Listing } from "../../../lib/testing/sim/aws/collector.ts";
import type { EmulatedStore } from "../../../scripts/emulators/aws-store.ts";
import type { Stack } from "./disturbed.ts";
import type { FaultLog } from "./fault-log.ts";

const keptMs = 30_000;
const keptMax = 2_000;
const pauseMsMin = 800;

interface Deposit {
  readonly key: Key | string;
  readonly sentMs: number;
}

/** The payloads that were sent lately, by all processes: a listing of them that costs nothing, however full the table is. */
export class Deposits {
  readonly #sent = new Map<string, Deposit>();

  /** Notes what a client puts. */
  watch(stack: Stack): void {
    stack.add(
      (next) => (args) => {
        const { Item: item, Key: key, Body: body } = args.input as { readonly Item?: Item; readonly Key?: string; readonly Body?: unknown };
        if (item !== undefined && text(item["pk"]).startsWith("B#")) this.#note({ pk: text(item["pk"]), sk: text(item["sk"]) });
        if (typeof key === "string" && body !== undefined && key.startsWith("j/")) this.#note(key);
        return next(args);
      },
      { name: "watchDeposits", step: "initialize" },
    );
  }

  /** As a listing of table and bucket would show them. */
  get listing(): Listing {
    const keys = this.#keys();
    return { items: keys.filter((key) => typeof key !== "string"), objects: keys.filter((key) => typeof key === "string") };
  }

  /** By its name in upkeep's words. */
  forget(name: string): void {
    this.#sent.delete(name);
  }

  #note(key: Key | string): void {
    this.#sent.set(nameOf(key), { key, sentMs: performance.now() });
  }

  #keys(): readonly (Key | string)[] {
    const sinceMs = performance.now() - keptMs;
    for (const [name, { sentMs }] of this.#sent) {
      if (sentMs >= sinceMs && this.#sent.size <= keptMax) break;
      this.#sent.delete(name);
    }
    return [...this.#sent.values()].map(({ key }) => key);
  }
}

export interface CollectorParts {
  readonly clients: AwsClients;
  readonly names: EmulatedStore;
  readonly deposits: Deposits;
  readonly log: FaultLog;
}

/** Collects over and over until it is stopped, by requests that meet no faults. */
export class Collector {
  readonly #parts: CollectorParts;
  #isOver = false;
  #running: Promise<void> | undefined;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when its last pass is done. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clients, names, deposits, log } = this.#parts;
    const stores = { table: sdkTable(clients.dynamodb, names.table), bucket: sdkBucket(clients.s3, names.bucket) };
    const context: Context = { ...stores, clock: nodeClock, random: nodeRandom, tuning: defaultTuning };
    const freed = (name: string): void => {
      deposits.forget(name);
      log.count("payloads collected");
      log.write(`collected ${name}`);
    };
    while (!this.#isOver) {
      const begunMs = performance.now();
      await collectOnce(context, deposits.listing, freed).catch((reason: unknown) =>
        log.write(`the collector stopped early: ${String(reason)}`),
      );
      log.count("collector passes");
      // It is to take a part of the store's time, not most of it.
      const pauseMs = Math.max(pauseMsMin, 3 * (performance.now() - begunMs));
      await new Promise((resolve) => setTimeout(resolve, this.#isOver ? 0 : pauseMs));
    }
  }
}

function nameOf(key: Key | string): string {
  return typeof key === "string" ? key : `${key.pk}/${key.sk}`;
}

function text(value: Item[string] | undefined): string {
  return value !== undefined && "S" in value ? value.S : "";
}
