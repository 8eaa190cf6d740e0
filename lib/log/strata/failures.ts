import { LogError } from "../../core/errors.ts";

/** What of a shard could not be tended, while the rest was. */
export interface TendFailure {
  /** Undefined: the shard's journal as a whole. */
  readonly partition: number | undefined;
  readonly error: LogError;
}

/** A partition made a step of its whole shard fail. */
export class PartitionError extends LogError {
  readonly partition: number;

  constructor(partition: number, reason: unknown) {
    const { code, message, outcome, retryAfterMs, details } = LogError.from(reason);
    super(code, message, { outcome, details, cause: reason, ...(retryAfterMs !== undefined && { retryAfterMs }) });
    this.partition = partition;
  }
}

/** What ends a visit: the shard is gone, others have changed what it is about, or storage is out of reach, which the other steps would find so, too. */
const visitEnds = new Set<LogError["code"]>([
  "unknown_topic_or_partition",
  "conflict",
  "offset_out_of_range",
  "unavailable",
  "throttled",
  "timeout",
]);

/** Steps of a visit of which one that fails holds up no other. */
export class Steps {
  readonly failures: TendFailure[] = [];

  /**
   * @param partition that it is about; undefined: the whole shard
   * @returns what it comes to; undefined when it failed
   * @throws what ends the visit
   */
  async run<T>(partition: number | undefined, step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (reason) {
      const error = LogError.from(reason);
      if (visitEnds.has(error.code)) throw error;
      this.failures.push({ partition: error instanceof PartitionError ? error.partition : partition, error });
      return undefined;
    }
  }
}
