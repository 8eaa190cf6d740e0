import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Bucket } from "./bucket.ts";
import { StoreFault, type Table } from "./table.ts";
import type { Tuning } from "./tuning.ts";

/** A table and a bucket. */
export interface Stores {
  readonly table: Table;
  readonly bucket: Bucket;
}

/** What the engine is made over. */
export interface Storage extends Stores {
  readonly clock: Clock;
  readonly random: Random;
}

export interface Context extends Storage {
  readonly tuning: Tuning;
  /** Undefined: nobody listens. */
  readonly telemetry?: Telemetry | undefined;
}

/** The attempts of one operation: waits between them, longer each time and by chance (full jitter), until the time is up. */
export class Attempts {
  readonly #context: Context;
  readonly #startMs: number;
  readonly #deadlineMs: number;
  #count = 0;

  constructor(context: Context, deadlineMs: number = limits.awsDeadlineMs) {
    this.#context = context;
    this.#startMs = context.clock.nowMs();
    this.#deadlineMs = deadlineMs;
  }

  /** Since the operation began. */
  get elapsedMs(): number {
    return this.#context.clock.nowMs() - this.#startMs;
  }

  /** Waits before the next attempt. @throws LogError, as the fault says, when there is no time left */
  async again(fault: StoreFault): Promise<void> {
    const { clock, random } = this.#context;
    // A clock that jumps back must not make this endless.
    const isOver = this.elapsedMs >= this.#deadlineMs || this.#count >= limits.awsAttemptsMax;
    if (isOver) throw asLogError(fault);
    const ceilingMs = Math.min(limits.awsBackoffMsMax, limits.awsBackoffMs * 2 ** this.#count++);
    const [chance = 0] = random.bytes(1);
    await clock.sleep((ceilingMs * (chance + 1)) / 256);
  }
}

/** Runs what may be done twice, a read or a write that is the same each time, until it is done. @throws LogError; StoreFault `condition` */
export async function repeat<T>(context: Context, operation: () => Promise<T>): Promise<T> {
  const attempts = new Attempts(context);
  for (;;) {
    try {
      return await operation();
    } catch (reason) {
      const fault = faultOf(reason);
      if (fault.kind === "condition") throw fault;
      if (fault.kind === "refused") throw asLogError(fault);
      await attempts.again(fault);
    }
  }
}

/** Any thrown value as a fault; a LogError is thrown on. */
export function faultOf(reason: unknown): StoreFault {
  if (reason instanceof StoreFault) return reason;
  throw LogError.from(reason);
}

/** What a fault means to a caller. */
export function asLogError(fault: StoreFault): LogError {
  const retry = { retryAfterMs: limits.awsRetryAfterMs, cause: fault };
  switch (fault.kind) {
    case "throttled":
      return new LogError("throttled", "DynamoDB or S3 takes no more at the moment: send it again a little later.", retry);
    case "conflict":
      return new LogError("throttled", "Transactions on the same shard kept this out: send it again.", retry);
    case "unreachable":
      return new LogError("unavailable", `DynamoDB or S3 cannot be reached (${fault.message}): nothing was written.`, retry);
    case "refused":
      return new LogError(
        "unavailable",
        `DynamoDB or S3 refused this: ${fault.message}. Check that the table and the bucket are there and may be used.`,
        { cause: fault },
      );
    case "condition":
      return new LogError("conflict", "Another writer changed what this was decided on: send it again.", retry);
    case "unknown":
      return new LogError(
        "timeout",
        `DynamoDB or S3 gave no clear answer (${fault.message}): look whether it was done, or retry as an idempotent producer.`,
        {
          ...retry,
          outcome: "unknown",
        },
      );
  }
}

/** A new id of 16 hex digits. */
export function newId({ random }: Context): string {
  return Array.from(random.bytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
