import { createQuotas, type QuotaOptions } from "../../../../lib/log/quotas/create-quotas.ts";
import type { Quotas } from "../../../../lib/log/quotas/quotas.ts";
import { createMemoryEngine, createMemoryStore, type MemoryStore } from "../../../../lib/engines/memory/index.ts";
import type { LogError } from "../../../../lib/core/errors.ts";
import type { QuotaKind } from "../../../../lib/core/quota-rates.ts";
import type { Catalog, CatalogWrite } from "../../../../lib/ports/catalog.ts";
import type { Clock } from "../../../../lib/ports/clock.ts";
import type { Telemetry } from "../../../../lib/ports/telemetry.ts";

/** One time for several processes, each of whose clocks may show another one. */
export class VirtualTime {
  nowMs = 1_700_000_000_000;
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  clock(skewMs = 0): Clock {
    return {
      nowMs: () => this.nowMs + skewMs,
      sleep: (durationMs, signal) => {
        if (signal?.aborted === true) return Promise.resolve();
        return new Promise((resolve) => {
          const sleeper = { untilMs: this.nowMs + durationMs, wake: resolve };
          this.#sleepers.add(sleeper);
          signal?.addEventListener("abort", () => {
            this.#sleepers.delete(sleeper);
            resolve();
          });
        });
      },
    };
  }

  /** Moves on, and lets run what that wakes. */
  async pass(durationMs: number): Promise<void> {
    this.nowMs += durationMs;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.untilMs > this.nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settled();
  }
}

/** What is started has gone as far as it can without time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A process's way to the catalog, which counts what goes over it and can be cut. */
export class Wire {
  reads = 0;
  writes = 0;
  state: "up" | "failing" | "silent" = "up";
  readonly catalog: Catalog;

  constructor(catalog: Catalog) {
    const through = async <T>(call: () => Promise<T>): Promise<T> => {
      if (this.state === "silent") return await new Promise<T>(() => undefined);
      if (this.state === "failing") throw new Error("the table is away");
      // Others come in between.
      await Promise.resolve();
      return await call();
    };
    const count = (writes: readonly CatalogWrite[]) => {
      if (writes.some(({ key }) => key.pk === "quota-use")) this.writes++;
    };
    this.catalog = {
      get: (key) => {
        if (key.pk === "quota-use") this.reads++;
        return through(() => catalog.get(key));
      },
      query: (pk, range) => through(() => catalog.query(pk, range)),
      transact: (writes) => {
        count(writes);
        return through(() => catalog.transact(writes));
      },
    };
  }
}

export interface QuotaProcess {
  readonly quotas: Quotas;
  readonly wire: Wire;
}

/** A process over a store that several share. */
export function processOver(store: MemoryStore, time: VirtualTime, skewMs = 0, options: QuotaOptions = {}): QuotaProcess {
  const wire = new Wire(createMemoryEngine(store).catalog);
  return { quotas: createQuotas({ catalog: wire.catalog, clock: time.clock(skewMs), isShared: true }, options), wire };
}

/** A process that has its store for itself. */
export function aloneProcess(time: VirtualTime, options: QuotaOptions = {}): QuotaProcess {
  const wire = new Wire(createMemoryEngine(createMemoryStore()).catalog);
  return { quotas: createQuotas({ catalog: wire.catalog, clock: time.clock(), isShared: false }, options), wire };
}

/** Undefined when admitted, else the refusal. Anything but a refusal fails the test. */
export async function refusal(quotas: Quotas, principal: string, kind: QuotaKind): Promise<LogError | undefined> {
  try {
    await quotas.admit(principal, kind);
    return undefined;
  } catch (reason) {
    if ((reason as LogError).code === "throttled") return reason as LogError;
    throw reason;
  }
}

/** Counts metrics by name. */
export function countingTelemetry(): { readonly counts: Map<string, number>; readonly telemetry: Telemetry } {
  const counts = new Map<string, number>();
  const telemetry: Telemetry = {
    count: ((metric: string, value: number) => {
      counts.set(metric, (counts.get(metric) ?? 0) + value);
    }) as Telemetry["count"],
    observe: () => undefined,
    gauge: () => undefined,
    logs: () => false,
    log: () => undefined,
    traceId: () => undefined,
    traced: (_, work) => work(),
    nowMs: () => 0,
  };
  return { counts, telemetry };
}
