import { LogError } from "../../../core/errors.ts";
import type { Bucket } from "../../../engines/aws/bucket.ts";
import { StoreFault } from "../../../engines/aws/table.ts";
import type { FaultKind, Query, QueryPage, Table, WriteFault } from "../../../engines/aws/table.ts";
import type { Life } from "../life.ts";
import type { Network } from "../network.ts";
import type { Prng } from "../prng.ts";
import { storageTimeoutMs } from "../remote-engine.ts";
import type { Scheduler } from "../scheduler.ts";
import { staleMsMax } from "./sim-table.ts";
import type { PastReads } from "./sim-table.ts";

/** What goes wrong beside what the network does, as probabilities of one request. */
export interface StorageFaults {
  /** Of a write: it meets a transaction, or another put, at the same place. */
  readonly conflict: number;
  /** No connection is made. */
  readonly unreachable: number;
  /** Of an eventual read: it answers how things were a moment ago. */
  readonly stale: number;
  /** Of a query: writes happen while it goes from item to item. */
  readonly torn: number;
}

export const noStorageFaults: StorageFaults = { conflict: 0, unreachable: 0, stale: 0, torn: 0 };

/** The storage itself, and what is between it and the processes. */
export interface FaultyStorageParts {
  readonly table: Table & { asOf(atMs: number): PastReads };
  readonly bucket: Bucket;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly prng: Prng;
  /** Asked with each request. */
  readonly faults: () => StorageFaults;
  /** Delivers writes twice at times, as reads are: what the SDK's own retry does. It breaks the log, which tests have to show. Default false. */
  readonly retriesWrites?: boolean;
}

/** A table and a bucket on the other side of a network, for one life of a process. */
export function faultyStorage(parts: FaultyStorageParts, life: Life): { readonly table: Table; readonly bucket: Bucket } {
  const caller = new Caller(parts, life);
  return { table: faultyTable(parts, caller), bucket: faultyBucket(parts, caller) };
}

function faultyTable(parts: FaultyStorageParts, caller: Caller): Table {
  const { table } = parts;
  return {
    get: (key, options) => caller.read(`get ${key.pk}/${key.sk}`, () => seen(parts, options?.isEventual).get(key)),
    query: (request) => caller.read(`query ${request.pk}`, () => query(parts, request)),
    put: (item, condition) => caller.write(`put ${text(item["pk"])}/${text(item["sk"])}`, () => table.put(item, condition)),
    update: (key, change) => caller.write(`update ${key.pk}/${key.sk}`, () => table.update(key, change)),
    delete: (key, condition) => caller.write(`delete ${key.pk}/${key.sk}`, () => table.delete(key, condition)),
    transact: (writes, token) =>
      caller.write(`transact ${writes.map(({ kind }) => kind).join()}`, () => table.transact(writes, token), writes.length),
  };
}

function faultyBucket({ bucket }: FaultyStorageParts, caller: Caller): Bucket {
  return {
    put: (key, bytes, writeId) => caller.write(`put object ${key}`, () => bucket.put(key, bytes, writeId)),
    upload: async (key, writeId) => {
      const upload = await caller.write(`begin object ${key}`, () => bucket.upload(key, writeId));
      return {
        part: (number, bytes) => caller.write(`put part ${number} of ${key}`, () => upload.part(number, bytes)),
        complete: () => caller.write(`complete object ${key}`, () => upload.complete()),
        giveUp: () => caller.read(`give up object ${key}`, () => upload.giveUp()),
      };
    },
    get: (key, range) => caller.read(`get object ${key}`, () => bucket.get(key, range)),
    writeIdOf: (key) => caller.read(`head object ${key}`, () => bucket.writeIdOf(key)),
    list: (prefix, page) => caller.read(`list objects ${prefix}`, () => bucket.list(prefix, page)),
    delete: (keys) => caller.read(`delete ${keys.length} objects`, () => bucket.delete(keys)),
  };
}

/** The table as a read sees it. */
function seen({ table, scheduler, prng, faults }: FaultyStorageParts, isEventual = false): PastReads {
  if (!isEventual || !prng.chance(faults().stale)) return table;
  return table.asOf(scheduler.nowMs - prng.fraction() * staleMsMax);
}

/** One page, read in one go or in two with time between: each item is as it is when the query gets to it. */
async function query(parts: FaultyStorageParts, request: Query): Promise<QueryPage> {
  const { table, scheduler, prng, faults } = parts;
  const whole = await seen(parts, request.isEventual).query(request);
  if (whole.items.length < 2 || !prng.chance(faults().torn)) return whole;
  const begun = whole.items.slice(0, prng.between(1, whole.items.length - 1));
  await scheduler.sleep(prng.fraction() * 20);
  const last = text(begun.at(-1)?.["sk"]);
  const rest = await table.query({ ...request, after: last, limit: request.limit - begun.length });
  return { items: [...begun, ...rest.items], hasMore: rest.hasMore };
}

/** Sends requests for one life and makes StoreFaults of what comes of them. */
class Caller {
  readonly #parts: FaultyStorageParts;
  readonly #life: Life;

  constructor(parts: FaultyStorageParts, life: Life) {
    this.#parts = parts;
    this.#life = life;
  }

  read<T>(what: string, target: () => Promise<T>): Promise<T> {
    return this.#call(what, true, target);
  }

  /** @param writes how many a transaction has: a conflict names one of them */
  write<T>(what: string, target: () => Promise<T>, writes = 0): Promise<T> {
    const { prng, faults, retriesWrites = false } = this.#parts;
    return this.#call(what, retriesWrites, () => {
      if (!prng.chance(faults().conflict)) return target();
      const met = prng.between(0, Math.max(0, writes - 1));
      const each = Array.from({ length: writes }, (_, i): WriteFault => ({ kind: i === met ? "conflict" : "none" }));
      return Promise.reject(new StoreFault("conflict", `${what} met another write`, { writes: each }));
    });
  }

  async #call<T>(what: string, repeatable: boolean, target: () => Promise<T>): Promise<T> {
    const { network, prng, faults } = this.#parts;
    if (prng.chance(faults().unreachable)) throw new StoreFault("unreachable", `${what}: no connection`);
    try {
      return await network.call(this.#life, what, () => target().catch(carried), { timeoutMs: storageTimeoutMs, repeatable });
    } catch (reason) {
      throw faultOf(reason);
    }
  }
}

/** The network carries LogErrors only. */
function carried(reason: unknown): never {
  if (!(reason instanceof StoreFault)) throw reason;
  throw new LogError("conflict", `${reason.kind}: ${reason.message}`, { cause: reason });
}

const kindsByCode: Partial<Record<LogError["code"], FaultKind>> = { timeout: "unknown", throttled: "throttled" };

function faultOf(reason: unknown): unknown {
  if (!(reason instanceof LogError)) return reason;
  if (reason.cause instanceof StoreFault) return reason.cause;
  const kind = kindsByCode[reason.code];
  return kind === undefined ? reason : new StoreFault(kind, reason.message, { cause: reason });
}

function text(value: { readonly S: string } | object | undefined): string {
  return value !== undefined && "S" in value ? value.S : "";
}
