import { sdkBucket } from "../../../lib/engines/aws/sdk-bucket.ts";
import type { AwsClients } from "../../../lib/engines/aws/sdk-clients.ts";
import { sdkTable } from "../../../lib/engines/aws/sdk-table.ts";
import type { Bucket } from "../../../lib/engines/aws/bucket.ts";
import type { Item, Key, Table } from "../../../lib/engines/aws/table.ts";
import { collectOnce } from "../../../lib/testing/sim/aws/collector.ts";
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

  /** As a listing of the table would show them, and the heads of their shards. */
  get items(): readonly Item[] {
    const keys = this.#keys().filter((key) => typeof key !== "string");
    const shards = new Set(this.#keys().map(shardOf));
    return [
      ...[...shards].map((shard) => ({ pk: { S: `H#${shard}` }, sk: { S: "H" } })),
      ...keys.map(({ pk, sk }) => ({ pk: { S: pk }, sk: { S: sk } })),
    ];
  }

  get objects(): readonly string[] {
    return this.#keys().filter((key) => typeof key === "string");
  }

  forget(key: Key | string): void {
    this.#sent.delete(nameOf(key));
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
    const { deposits, log } = this.#parts;
    const storage = this.#storage();
    while (!this.#isOver) {
      const begunMs = performance.now();
      await collectOnce(storage, () => deposits.items).catch((reason: unknown) =>
        log.write(`the collector stopped early: ${String(reason)}`),
      );
      log.count("collector passes");
      // It is to take a part of the store's time, not most of it.
      const pauseMs = Math.max(pauseMsMin, 3 * (performance.now() - begunMs));
      await new Promise((resolve) => setTimeout(resolve, this.#isOver ? 0 : pauseMs));
    }
  }

  #storage(): { readonly table: Table; readonly bucket: Bucket } {
    const { clients, names, deposits, log } = this.#parts;
    const [table, bucket] = [sdkTable(clients.dynamodb, names.table), sdkBucket(clients.s3, names.bucket)];
    const collected = (key: Key | string): void => {
      deposits.forget(key);
      log.count("payloads collected");
      log.write(`collected ${nameOf(key)}`);
    };
    return {
      table: {
        ...table,
        delete: async (key) => {
          await table.delete(key);
          collected(key);
        },
      },
      bucket: {
        ...bucket,
        list: async () => deposits.objects.map((key) => ({ key, bytes: 0, modifiedMs: 0 })),
        delete: async (keys) => {
          await bucket.delete(keys);
          for (const key of keys) collected(key);
        },
      },
    };
  }
}

function shardOf(key: Key | string): string {
  if (typeof key !== "string") return key.pk.split("#").slice(1, 3).join("#");
  return (key.split("/")[3] ?? "").replace(".", "#");
}

function nameOf(key: Key | string): string {
  return typeof key === "string" ? key : `${key.pk}/${key.sk}`;
}

function text(value: Item[string] | undefined): string {
  return value !== undefined && "S" in value ? value.S : "";
}
