import { AsyncLocalStorage } from "node:async_hooks";
import { Buffer } from "node:buffer";
import type { Random } from "../ports/random.ts";

const idDigits = 32;
/** Ids that are made at once: randomness costs most by the call. */
const idsAtOnce = 256;

/** The trace id of the request that is being worked on, through all that it awaits. */
export class TraceContext {
  readonly #current = new AsyncLocalStorage<string>();
  readonly #random: Random;
  #digits = "";
  #used = 0;

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
    if (this.#used === this.#digits.length) {
      this.#digits = Buffer.from(this.#random.bytes((idsAtOnce * idDigits) / 2)).toString("hex");
      this.#used = 0;
    }
    return this.#digits.slice(this.#used, (this.#used += idDigits));
  }
}
