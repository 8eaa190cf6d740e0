import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { type App, type AppOptions, createApp } from "../../../lib/http/app.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Clock } from "../../../lib/ports/clock.ts";

export const base = "http://in.process/v1";

export function memoryLog(clock: Clock = nodeClock): Log {
  return createLog(createMemoryEngine(), { clock, random: nodeRandom, compression: nodeCompression });
}

export function appOver(log: Log, options: Partial<AppOptions> = {}): App {
  return createApp(log, { compression: nodeCompression, ...options });
}

export function send(
  app: App,
  method: string,
  path: string,
  body?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  return app.fetch(new Request(base + path, { method, headers: { ...json, ...headers }, ...(body === undefined ? {} : { body }) }));
}

/** Time that moves only when a test says so. */
export class ManualClock implements Clock {
  #nowMs = 1_700_000_000_000;
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { untilMs: this.#nowMs + durationMs, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers.delete(sleeper);
        resolve();
      });
    });
  }

  /** Moves on once somebody sleeps, or when nobody does for a while. */
  async advance(durationMs: number): Promise<void> {
    for (let turn = 0; this.#sleepers.size === 0 && turn < 1_000; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.#nowMs += durationMs;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.untilMs > this.#nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}
