import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Decision, Request } from "./decisions.ts";
import { FrameWriter } from "./frame.ts";
import { GroupView } from "./group-view.ts";
import { indexFault } from "./index-schema.ts";
import type { JournalFiles } from "./journal-files.ts";
import type { JournalOp } from "./journal-op.ts";
import type { LocalState } from "./local-state.ts";

/** Payloads up to this size are copied into one buffer with their frame: cheaper than one more buffer to write. */
const inlinePayloadBytesMax = 32 * 1024;

/** Runs a function soon, once what is ready to run now has run: requests that arrived together then share a group. */
export type Defer = (run: () => void) => void;

interface Job {
  readonly bytes: number;
  /** Decides, and gives what settles the job once the group is durable, or at once. @throws never */
  decide(view: GroupView): Decided;
  reject(reason: LogError): void;
}

interface Decided {
  readonly ops: readonly JournalOp[];
  readonly payload: readonly Uint8Array[];
  readonly settle: () => void;
  /** What settles the job when the group cannot be written. */
  readonly fail: (reason: LogError) => void;
}

/**
 * Group commit. While one group is written and synced the next gathers; a group is one frame: decided together, written together, one
 * fdatasync, then applied and answered. State changes only after the fdatasync.
 */
export class Committer {
  readonly #state: LocalState;
  readonly #files: JournalFiles;
  readonly #frames: FrameWriter;
  readonly #defer: Defer;
  #queue: Job[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;
  #isClosing = false;
  /** Set once memory is behind the journal. */
  #broken: LogError | undefined;

  constructor(state: LocalState, files: JournalFiles, journalId: bigint, defer: Defer) {
    this.#state = state;
    this.#files = files;
    this.#frames = new FrameWriter(journalId);
    this.#defer = defer;
  }

  /** Puts a request into the next group. @throws (rejects with) what it decides, throttled, storage_full, unavailable */
  submit<T>(request: Request<T>): Promise<T> {
    if (this.#isClosing) return Promise.reject(new LogError("unavailable", "The log is closed or closing: open it again."));
    const isTooMuch = this.#queuedBytes + request.bytes > limits.localQueuedBytesMax || this.#queue.length >= limits.localQueuedJobsMax;
    if (isTooMuch && this.#queue.length > 0) {
      const retryAfterMs = limits.localThrottleRetryMs;
      return Promise.reject(
        new LogError("throttled", `Too much waits for the disk: send it again after ${retryAfterMs} ms.`, { retryAfterMs }),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#queue.push(jobOf(request, resolve, reject));
      this.#queuedBytes += request.bytes;
      this.#running ??= this.#run();
    });
  }

  /** Finishes what is queued; refuses what comes later. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise<void>((resolve) => this.#defer(resolve));
    while (this.#queue.length > 0) await this.#commit(this.#nextGroup());
    this.#running = undefined;
  }

  #nextGroup(): readonly Job[] {
    let bytes = 0;
    let count = 0;
    for (const job of this.#queue) {
      if (count > 0 && (bytes + job.bytes > limits.localGroupBytesMax || count >= limits.localGroupJobsMax)) break;
      bytes += job.bytes;
      count++;
    }
    this.#queuedBytes -= bytes;
    if (count === this.#queue.length) {
      const all = this.#queue;
      this.#queue = [];
      return all;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(group: readonly Job[]): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      for (const job of group) job.reject(refusal);
      return;
    }
    const view = new GroupView(this.#state);
    const decided = group.map((job) => job.decide(view));
    const ops = decided.flatMap((one) => one.ops);
    if (ops.length > 0) {
      try {
        await this.#write(
          ops,
          decided.flatMap((one) => one.payload),
          group.length === 1,
        );
      } catch (reason) {
        for (const one of decided) one.fail(LogError.from(reason));
        return;
      }
    }
    for (const one of decided) one.settle();
  }

  async #write(ops: readonly JournalOp[], payload: readonly Uint8Array[], isAlone: boolean): Promise<void> {
    const start = this.#files.end;
    const buffers = this.#frames.encode(start, ops, payload, inlinePayloadBytesMax);
    await this.#files.append(buffers, isAlone);
    let payloadBytes = 0;
    for (const bytes of payload) payloadBytes += bytes.length;
    const end = this.#files.end;
    try {
      this.#state.apply(ops, end - payloadBytes, end);
    } catch (reason) {
      const cause = indexFault(reason);
      const message = `The index cannot be read (${cause.message}). What was appended is in the journal: restart the process to append again.`;
      this.#broken = new LogError("unavailable", message, { cause, retryAfterMs: 1_000 });
      throw new LogError("unavailable", message, { outcome: "unknown", cause });
    }
  }

  /** Why nothing is appended until the process starts again. What was in flight when it came about may be in the journal. */
  get stopped(): LogError | undefined {
    return this.#files.poison ?? this.#broken;
  }

  #refusal(): LogError | undefined {
    if (this.stopped !== undefined) return this.stopped;
    try {
      this.#state.checkRoom();
      return undefined;
    } catch (reason) {
      return LogError.from(reason);
    }
  }
}

function jobOf<T>(request: Request<T>, resolve: (answer: T) => void, reject: (reason: LogError) => void): Job {
  return {
    bytes: request.bytes,
    reject,
    decide(view) {
      let decision: Decision<T>;
      try {
        decision = request.decide(view);
      } catch (reason) {
        const error = indexFault(reason);
        // What it was refused for may be in this very group: the answer waits for it too.
        return { ops: [], payload: [], settle: () => reject(error), fail: (failure) => reject(notApplied(failure)) };
      }
      view.apply(decision.ops);
      const settle = (): void => resolve(decision.answer);
      return { ops: decision.ops, payload: decision.payload, settle, fail: decision.isDurable ? settle : reject };
    },
  };
}

function notApplied(failure: LogError): LogError {
  if (failure.outcome === "not-applied") return failure;
  return new LogError(failure.code, failure.message, { cause: failure, retryAfterMs: failure.retryAfterMs ?? 1_000 });
}
