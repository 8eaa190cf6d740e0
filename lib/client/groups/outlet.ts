import type { LogError } from "../../core/errors.ts";
import { type Deferred, deferred } from "../deferred.ts";

/** Hands things to those who ask for them, one each, until it is ended. */
export class Outlet<T> {
  readonly #waiting: Deferred<IteratorResult<T, undefined>>[] = [];
  #end: { readonly error: LogError | undefined } | undefined;

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Why it has ended, until somebody was told. */
  get error(): LogError | undefined {
    return this.#end?.error;
  }

  /** Whether somebody waits. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const waiter = deferred<IteratorResult<T, undefined>>();
    this.#waiting.push(waiter);
    if (this.isEnded) this.#tell();
    return waiter.promise;
  }

  give(value: T): void {
    this.#waiting.shift()?.resolve({ done: false, value });
  }

  /** Nothing more comes. Who waits, or asks later, is told the error, once. */
  end(error: LogError | undefined): void {
    this.#end ??= { error };
    this.#tell();
  }

  #tell(): void {
    for (const waiter of this.#waiting.splice(0)) {
      const error = this.#end?.error;
      this.#end = { error: undefined };
      if (error === undefined) waiter.resolve({ done: true, value: undefined });
      else waiter.reject(error);
    }
  }
}
