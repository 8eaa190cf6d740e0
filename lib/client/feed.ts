import type { LogError } from "../core/errors.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { Queue } from "./queue.ts";

interface Page<T> {
  readonly items: readonly T[];
  readonly bytes: number;
}

/** Pages in, items out, in order: the read-ahead of a consumer. */
export class Feed<T> {
  readonly #pages = new Queue<Page<T>>();
  readonly #readers = new Queue<Deferred<IteratorResult<T, undefined>>>();
  readonly #drained: () => void;
  #at = 0;
  #bytes = 0;
  #end: { readonly error: LogError | undefined } | undefined;

  /** @param drained called when a page was read whole */
  constructor(drained: () => void) {
    this.#drained = drained;
  }

  /** Bytes of the pages that are not read whole. */
  get bytes(): number {
    return this.#bytes;
  }

  push(items: readonly T[], bytes: number): void {
    if (items.length === 0 || this.#end !== undefined) return;
    this.#pages.push({ items, bytes });
    this.#bytes += bytes;
    while (this.#readers.length > 0 && this.#pages.length > 0) this.#readers.shift()?.resolve(this.#take());
  }

  /** No more pages. What is here can still be read; then readers are told the error, if there is one, once. */
  end(error?: LogError): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    if (this.#pages.length > 0) return;
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) this.#finish(reader);
  }

  /** Forgets what is here, and ends without an error. */
  clear(): void {
    while (this.#pages.shift() !== undefined) this.#at = 0;
    this.#bytes = 0;
    if (this.#end === undefined) this.end();
    else this.#end = { error: undefined };
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#pages.length > 0) return Promise.resolve(this.#take());
    const reader = deferred<IteratorResult<T, undefined>>();
    if (this.#end !== undefined) this.#finish(reader);
    else this.#readers.push(reader);
    return reader.promise;
  }

  #take(): IteratorResult<T, undefined> {
    const page = this.#pages.peek();
    if (page === undefined) return { done: true, value: undefined };
    const value = page.items[this.#at] as T;
    this.#at += 1;
    if (this.#at === page.items.length) {
      this.#pages.shift();
      this.#bytes -= page.bytes;
      this.#at = 0;
      this.#drained();
    }
    return { done: false, value };
  }

  #finish(reader: Deferred<IteratorResult<T, undefined>>): void {
    const error = this.#end?.error;
    this.#end = { error: undefined };
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }
}
