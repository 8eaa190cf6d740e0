import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";

/** What lasts long runs under a watch: its signal aborts when the caller goes, or may not go on. */
export interface Watch extends Disposable {
  readonly signal: AbortSignal;
  /** Why the caller may not go on; undefined while it may. */
  readonly refusal: LogError | undefined;
}

/** That a call may go on, asked again as time goes by. */
export interface Permit {
  /** To be called before a step that comes late: asks again when the last time was `limits.accessRecheckMs` ago. @throws unauthenticated, forbidden, unavailable */
  renew(): Promise<void>;
  /** @param signal the request's */
  watch(signal: AbortSignal): Watch;
}

/** Where nothing is checked. */
export const openPermit: Permit = {
  renew: () => Promise.resolve(),
  watch: (signal) => ({ signal, refusal: undefined, [Symbol.dispose]: () => undefined }),
};

/** @param check whether the call may go on: throws why not */
export function lastingPermit(clock: Clock, check: () => Promise<void>): Permit {
  let checkedMs = clock.nowMs();
  return {
    async renew() {
      const sinceMs = clock.nowMs() - checkedMs;
      if (sinceMs >= 0 && sinceMs < limits.accessRecheckMs) return;
      await check();
      checkedMs = clock.nowMs();
    },
    watch: (signal) => new RunningWatch(clock, check, signal),
  };
}

class RunningWatch implements Watch {
  readonly signal: AbortSignal;
  refusal: LogError | undefined;
  readonly #done = new AbortController();

  constructor(clock: Clock, check: () => Promise<void>, request: AbortSignal) {
    const ended = new AbortController();
    this.signal = AbortSignal.any([request, ended.signal]);
    this.#look(clock, check).catch((reason: unknown) => {
      this.refusal = LogError.from(reason);
      ended.abort();
    });
  }

  [Symbol.dispose](): void {
    this.#done.abort();
  }

  async #look(clock: Clock, check: () => Promise<void>): Promise<void> {
    const stop = AbortSignal.any([this.signal, this.#done.signal]);
    while (!stop.aborted) {
      await clock.sleep(limits.accessRecheckMs, stop);
      if (!stop.aborted) await check();
    }
  }
}

/** Runs a wait while the caller may wait. @throws what the caller may not any longer */
export async function whilePermitted<T>(permit: Permit, signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  using watch = permit.watch(signal);
  const result = await run(watch.signal);
  if (watch.refusal !== undefined) throw watch.refusal;
  return result;
}
