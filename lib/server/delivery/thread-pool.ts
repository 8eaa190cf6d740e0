import { limits } from "../../core/limits.ts";
import { CallFailed } from "../../log/consumers/consumers.ts";
import { FunctionThread, type ThreadOptions } from "./function-thread.ts";
import type { CallMessage, WorkerStart } from "./worker-messages.ts";

interface Waiting {
  readonly resolve: (thread: FunctionThread) => void;
  readonly reject: (reason: Error) => void;
}

/** The threads of one state of a function's files: as many as there are calls at once, `limits.localThreadsMax` at most. */
export class ThreadPool {
  readonly #start: WorkerStart;
  readonly #options: ThreadOptions;
  readonly #all = new Set<FunctionThread>();
  readonly #free: FunctionThread[] = [];
  readonly #waiting = new Set<Waiting>();
  #loading = 0;
  #isClosing = false;

  private constructor(start: WorkerStart, options: ThreadOptions) {
    this.#start = start;
    this.#options = options;
  }

  /** With one thread that is loaded. @throws NotLoaded */
  static async open(start: WorkerStart, options: ThreadOptions): Promise<ThreadPool> {
    const pool = new ThreadPool(start, options);
    const first = await FunctionThread.load(start, options);
    pool.#all.add(first);
    pool.#free.push(first);
    return pool;
  }

  /** Whether all its threads have ended. */
  get isOver(): boolean {
    return this.#isClosing && this.#all.size === 0 && this.#loading === 0;
  }

  /** Calls the function when a thread is free. @throws CallFailed; `unavailable` when the signal aborts before that */
  async call(message: CallMessage, signal: AbortSignal | undefined): Promise<unknown> {
    const thread = await this.#take(signal);
    try {
      return await thread.call(message);
    } finally {
      this.#give(thread);
    }
  }

  /** Takes no more calls; those that run or wait for their turn end first. */
  retire(): void {
    this.#isClosing = true;
    this.#endIdle();
  }

  /** Ends all at once. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { reject } of this.#waiting) reject(new CallFailed("unavailable", "The server is ending."));
    this.#waiting.clear();
    await Promise.all([...this.#all].map((thread) => thread.end()));
  }

  async #take(signal: AbortSignal | undefined): Promise<FunctionThread> {
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (!free.isOver) return free;
      this.#all.delete(free);
    }
    const turn = Promise.withResolvers<FunctionThread>();
    const waiting: Waiting = turn;
    this.#waiting.add(waiting);
    const leave = (): void => {
      this.#waiting.delete(waiting);
      turn.reject(new CallFailed("unavailable", "It was ended before its turn."));
    };
    signal?.addEventListener("abort", leave, { once: true });
    if (signal?.aborted === true) leave();
    else this.#grow();
    try {
      return await turn.promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  /** Loads threads while there are calls that wait and room for them. */
  #grow(): void {
    while (this.#waiting.size > this.#loading && this.#all.size + this.#loading < limits.localThreadsMax) {
      this.#loading++;
      void this.#load();
    }
  }

  async #load(): Promise<void> {
    try {
      const thread = await FunctionThread.load(this.#start, this.#options);
      this.#loading--;
      this.#all.add(thread);
      this.#give(thread);
    } catch (reason) {
      this.#loading--;
      const message = reason instanceof Error ? reason.message : String(reason);
      const [first] = this.#waiting;
      if (first === undefined) return;
      this.#waiting.delete(first);
      first.reject(new CallFailed("unavailable", message, { cause: reason }));
    }
  }

  #give(thread: FunctionThread): void {
    if (thread.isOver) {
      this.#all.delete(thread);
      this.#grow();
    } else {
      const [first] = this.#waiting;
      if (first === undefined) this.#free.push(thread);
      else {
        this.#waiting.delete(first);
        first.resolve(thread);
      }
    }
    if (this.#isClosing) this.#endIdle();
  }

  #endIdle(): void {
    for (const thread of this.#free.splice(0)) {
      this.#all.delete(thread);
      void thread.end();
    }
  }
}
