import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { AwsCatalog } from "./catalog.ts";
import { AwsJournal } from "./journal.ts";
import { AwsObjectStore } from "./object-store.ts";
import type { Storage } from "./context.ts";
import { AwsUpkeep } from "./upkeep/upkeep.ts";
import { defaultTuning, type Tuning } from "./tuning.ts";

export type { Storage } from "./context.ts";

export interface AwsEngineOptions {
  /**
   * How long a first append of a shard waits for others to share its commit, 0 to 250 ms. Default 0: it is sent at once, and what comes while
   * commits run shares the next one.
   */
  readonly lingerMs?: number;
  /** Default: sizes that cost least at list prices. */
  readonly tuning?: Partial<Tuning>;
  /** Hears of commits and of what befalls them. Default: nobody. */
  readonly telemetry?: Telemetry | undefined;
}

export interface AwsEngine extends Engine {
  /** Resolves when nothing runs that no caller waits for: what a function calls before its environment may be frozen. */
  idle(): Promise<void>;
}

/**
 * The engine over one table and one bucket, which have to be there. Any number of processes may have one open over the same: they write to the
 * same shards without waiting for each other, and each may end at any moment.
 */
export function createAwsEngine(storage: Storage, options: AwsEngineOptions = {}): AwsEngine {
  const { lingerMs = 0 } = options;
  if (!(lingerMs >= 0 && lingerMs <= limits.awsLingerMsMax)) {
    throw new LogError("invalid_config", `lingerMs is 0 to ${limits.awsLingerMsMax}, not ${lingerMs}.`);
  }
  const running = new Set<Promise<unknown>>();
  let closed = false;
  const track = <T>(work: Promise<T>): Promise<T> => {
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    running.add(ended);
    void ended.then(() => running.delete(ended));
    return work;
  };
  const inBackground = (work: Promise<unknown>): void => {
    track(work).catch(() => undefined);
  };
  const whileOpen = <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>): ((...args: A) => Promise<T>) => {
    return (...args) => {
      if (closed) return Promise.reject(new LogError("unavailable", "This engine was closed: open another one."));
      return track(call(...args));
    };
  };
  const guarded = <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>): ((...args: A) => Promise<T>) =>
    whileOpen((...args) => call(...args).catch(rethrow));
  const idle = async (): Promise<void> => {
    while (running.size > 0) await Promise.all(running);
  };
  const context = { ...storage, tuning: { ...defaultTuning, ...options.tuning }, telemetry: options.telemetry };
  const journal = new AwsJournal({ context, lingerMs, inBackground });
  const objects = new AwsObjectStore(context);
  const upkeep = new AwsUpkeep(context);
  const catalog = new AwsCatalog(context, (writes) => journal.transact([], writes));
  return {
    journal: {
      open: guarded((shard, shape) => journal.open(shard, shape)),
      append: guarded((shard, entry, guards) => journal.append(shard, entry, guards)),
      transact: guarded((appends, writes) => journal.transact(appends, writes)),
      head: guarded((shard, producerId) => journal.head(shard, producerId)),
      entries: guarded((shard, from, limit) => journal.entries(shard, from, limit)),
      read: guarded((slices) => journal.read(slices)),
      trim: guarded((shard, toSeq) => journal.trim(shard, toSeq)),
      close: guarded((shard) => journal.close(shard)),
    },
    objects: {
      // What the source of its pieces throws is thrown on as it is.
      put: whileOpen((key, body) => objects.put(key, body)),
      get: guarded((key, range) => objects.get(key, range)),
      list: guarded((prefix, page) => objects.list(prefix, page)),
      delete: guarded((keys) => objects.delete(keys)),
    },
    catalog: {
      get: guarded((key) => catalog.get(key)),
      query: guarded((pk, range) => catalog.query(pk, range)),
      transact: guarded((writes) => catalog.transact(writes)),
    },
    upkeep: {
      reclaim: guarded((shard, reclaim) => upkeep.reclaim(shard, reclaim)),
      sweep: guarded((reclaim) => upkeep.sweep(reclaim)),
      verify: guarded(() => upkeep.verify()),
    },
    isShared: true,
    idle,
    async close() {
      closed = true;
      await idle();
    },
  };
}

function rethrow(reason: unknown): never {
  throw LogError.from(reason);
}
