import { AsyncLocalStorage } from "node:async_hooks";
import type { Random } from "../ports/random.ts";

/** The trace id of the request that is being worked on, through all that it awaits. */
export class TraceContext {
  readonly #current = new AsyncLocalStorage<string>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get id(): string | undefined {
    return this.#current.getStore();
  }

  /** @param traceId undefined: a new one */
  run<T>(traceId: string | undefined, work: () => T): T {
    return this.#current.run(traceId ?? this.#newId(), work);
  }

  #newId(): string {
    return Array.from(this.#random.bytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
