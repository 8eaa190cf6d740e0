import { type AwsEngine, type AwsEngineOptions, createAwsEngine } from "../../../../lib/engines/aws/index.ts";
import type { Bucket } from "../../../../lib/engines/aws/bucket.ts";
import { type FaultKind, type Item, type Key, StoreFault, type Table, type TransactWrite } from "../../../../lib/engines/aws/table.ts";
import type { Clock } from "../../../../lib/ports/clock.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import type { Entry, EntryPosition, ProducerStep, ShardKey } from "../../../../lib/ports/journal.ts";
import { Prng } from "../../../../lib/testing/sim/prng.ts";
import { SimBucket } from "../../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../../lib/testing/sim/aws/sim-table.ts";

export const shard: ShardKey = { topicId: "orders", shard: 0 };
export const other: ShardKey = { topicId: "returns", shard: 0 };
export const headOf: Key = { pk: "H#orders#0", sk: "H" };

/** Time that passes when somebody sleeps, and not otherwise. */
export class SleepClock implements Clock {
  now = 1_700_000_000_000;
  readonly slept: number[] = [];

  nowMs(): number {
    return this.now;
  }

  async sleep(durationMs: number): Promise<void> {
    this.slept.push(durationMs);
    this.now += durationMs;
    await new Promise(setImmediate);
  }
}

export interface TableCall {
  readonly op: "get" | "put" | "update" | "delete" | "query" | "transact";
  /** What the request is about: a key's pk, of a transaction those of all its writes. */
  readonly pk: string;
  readonly isEventual: boolean;
  readonly change: { readonly update: string; readonly condition?: string } | undefined;
}

/** Stands between the engine and its table: runs a request, or fails it. */
export type Between = <T>(call: TableCall, run: () => Promise<T>) => Promise<T>;

export function tableBehind(between: Between, table: Table): Table {
  const call = (op: TableCall["op"], pk: string, more: Partial<TableCall> = {}): TableCall => {
    return { op, pk, isEventual: false, change: undefined, ...more };
  };
  return {
    get: (key, options) => between(call("get", key.pk, { isEventual: options?.isEventual ?? false }), () => table.get(key, options)),
    put: (item, condition) => between(call("put", textOf(item, "pk")), () => table.put(item, condition)),
    update: (key, change) => between(call("update", key.pk, { change }), () => table.update(key, change)),
    delete: (key, condition) => between(call("delete", key.pk), () => table.delete(key, condition)),
    query: (request) => between(call("query", request.pk, { isEventual: request.isEventual ?? false }), () => table.query(request)),
    transact: (writes, token) => between(call("transact", writes.map(pkOf).join(" ")), () => table.transact(writes, token)),
  };
}

function pkOf(write: TransactWrite): string {
  return write.kind === "put" ? textOf(write.item, "pk") : write.key.pk;
}

function textOf(item: Item, name: string): string {
  const value = item[name];
  return value !== undefined && "S" in value ? value.S : "";
}

/** Commits change a head's tail, rolls its `gen`, and what ends an ambiguous commit its `ep`. */
export function headUpdate(call: TableCall): "commit" | "roll" | "fence" | undefined {
  if (!call.pk.startsWith("H#") || call.change === undefined) return undefined;
  if (call.change.update.startsWith("SET gen")) return "roll";
  return call.change.update.startsWith("SET ep") ? "fence" : "commit";
}

export function fault(kind: FaultKind): StoreFault {
  return new StoreFault(kind, `${kind}: injected`);
}

/** A table and a bucket in memory, and engines over them. */
export class Store {
  readonly clock = new SleepClock();
  readonly table = new SimTable(this.clock);
  readonly bucket = new SimBucket(this.clock);
  readonly #tuning: AwsEngineOptions["tuning"];
  #engines = 0;

  constructor(tuning: AwsEngineOptions["tuning"] = {}) {
    this.#tuning = tuning;
  }

  /** An engine that remembers nothing yet: as in another process. */
  open(between?: Between, bucket: Bucket = this.bucket): AwsEngine {
    const table = between === undefined ? this.table : tableBehind(between, this.table);
    const random = new Prng(++this.#engines);
    return createAwsEngine({ table, bucket, clock: this.clock, random }, { tuning: this.#tuning ?? {} });
  }

  /** Items whose pk starts with this. */
  items(prefix: string): readonly Item[] {
    return this.table.snapshot.filter((item) => textOf(item, "pk").startsWith(prefix));
  }

  /** The first and the next entry's number of each page. */
  pages(): readonly (readonly [first: number, next: number])[] {
    return this.items("J#").map((item) => [Number.parseInt(textOf(item, "sk"), 10), numberOf(item, "nx")]);
  }

  async deletePage(firstSeq: number): Promise<void> {
    for (const item of this.items("J#")) {
      if (Number.parseInt(textOf(item, "sk"), 10) === firstSeq) await this.table.delete({ pk: textOf(item, "pk"), sk: textOf(item, "sk") });
    }
  }
}

export function numberOf(item: Item | undefined, name: string): number {
  const value = item?.[name];
  return value !== undefined && "N" in value ? Number(value.N) : Number.NaN;
}

/** One part of one record whose bytes say its name. */
export function entryOf(name: string, more: { readonly index?: number; readonly timeMs?: number; readonly bytes?: number } = {}): Entry {
  const { index = 0, timeMs = 1_000, bytes = 0 } = more;
  return { parts: [{ index, records: 1, maxTimestampMs: timeMs, batches: Buffer.from(name.padEnd(bytes, ".")) }] };
}

export function step(sequence: number, more: Partial<ProducerStep> = {}): ProducerStep {
  return { producerId: 7n, epoch: 0, index: null, sequence, count: 1, crc: sequence, ...more };
}

export async function openShard(engine: Engine, key = shard, partitions = 1): Promise<void> {
  await engine.journal.open(key, { partitions, layout: 0 });
}

/** Appends entries of these names one after another, each with the work that it caused. */
export async function appendAll(engine: AwsEngine, names: readonly string[], key = shard): Promise<void> {
  for (const name of names) {
    await engine.journal.append(key, entryOf(name));
    await engine.idle();
  }
}

/** The names of the entries from a place on, read and checked, at most so many. */
export async function namesFrom(engine: Engine, from: EntryPosition, limit = 1_000, key = shard): Promise<readonly string[]> {
  const entries = await engine.journal.entries(key, from, limit);
  const slices = entries.flatMap((entry) => entry.parts.map(({ index }) => ({ entry, index })));
  return (await engine.journal.read(slices)).map((bytes) => Buffer.from(bytes).toString().replace(/\.+$/, ""));
}

/** All entries that are left, by name. */
export async function namesIn(engine: Engine, key = shard): Promise<readonly string[]> {
  const { seq, startSeq } = await engine.journal.head(key);
  const names: string[] = [];
  while (startSeq + names.length < seq) names.push(...(await namesFrom(engine, { seq: startSeq + names.length }, 1_000, key)));
  return names;
}

export function range(start: number, end: number): readonly string[] {
  return Array.from({ length: end - start }, (_, nth) => `e${start + nth}`);
}

/** Holds requests until they are let go; once they were, all go through. */
export class Gate {
  readonly #held: (() => void)[] = [];
  #isOpen = false;

  get held(): number {
    return this.#held.length;
  }

  async pass(): Promise<void> {
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#held.push(resolve));
  }

  open(): void {
    this.#isOpen = true;
    for (const go of this.#held.splice(0)) go();
  }
}

/** Resolves when it holds; the work that makes it hold needs no time but turns of the event loop. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns > 10_000) throw new Error(`not reached: ${what}`);
    await new Promise(setImmediate);
  }
}
