/**
 * The closed list of what can go wrong. Programs act on the code, never on the message; each code says
 * what its caller has to do. `lib/http/status.ts` maps every one of them to an HTTP status.
 */
export const errorCodes = [
  /** The request is malformed: mend it, then send it again. */
  "invalid_request",
  /** A topic name outside Kafka's rule `[a-zA-Z0-9._-]{1,249}`, or `.` or `..`. */
  "invalid_topic",
  /** A topic config with an unknown key or a value out of range. */
  "invalid_config",
  /** A partition count out of range, or one that would shrink a topic. */
  "invalid_partitions",
  /** A record batch that fails its checks (length, CRC, counts, compression). */
  "corrupt_message",
  /** One record or batch is over the topic's `max.message.bytes`. */
  "message_too_large",
  /** A whole request is over a limit: send several smaller ones. */
  "request_too_large",
  /** A stored or sent format version that this build does not know. */
  "unsupported_version",
  "unsupported_media_type",
  "not_acceptable",
  "not_found",
  "method_not_allowed",
  /** No credentials, or none that are valid here. */
  "unauthenticated",
  /** The `Host` or `Origin` is not one that this server serves, or the caller may not do this. */
  "forbidden",
  "topic_already_exists",
  "unknown_topic_or_partition",
  /** The offset is before the log start offset or after the high watermark. */
  "offset_out_of_range",
  /** Compare-and-append: the partition's next offset is not the expected one; `actualOffset` has it. */
  "wrong_expected_offset",
  /** A producer sequence that cannot follow what the log has: an earlier request is missing or was skipped. */
  "out_of_order_sequence",
  /** The same producer sequence was used before, for other records. */
  "sequence_reused",
  /** A newer epoch of this producer id exists: this producer has been replaced. */
  "producer_fenced",
  "invalid_group_id",
  "group_id_not_found",
  /** Nobody of this id is in the group now: join again. What it had may be another's by now. */
  "unknown_member_id",
  /** The partition is another member's, or was between: what it was told before does not hold any more. */
  "illegal_generation",
  /** Another one has joined under this member's id: this one has been replaced. */
  "fenced_instance_id",
  /** What is asked for needs a group without members. */
  "non_empty_group",
  /** Another writer changed what this request was decided on: read again and decide again. */
  "conflict",
  /** Too much at once: send it again after `retryAfterMs`. */
  "throttled",
  /** The disk or the account's quota is full: appends are refused, reads go on. */
  "storage_full",
  /** No answer in time. */
  "timeout",
  /** The log is starting, closing or cannot reach its storage. */
  "unavailable",
  /** Stored bytes fail their checksum. The message names the place. They are never served. */
  "corrupt_log",
  /** A fault in Stratalog itself. */
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Whether the write may have happened. `unknown` is never told as failure: look, or retry as an idempotent producer. */
export type Outcome = "not-applied" | "unknown";

export interface LogErrorOptions {
  /** Default `not-applied`. */
  readonly outcome?: Outcome;
  /** When set, the same request may succeed after this many milliseconds. */
  readonly retryAfterMs?: number;
  /** Facts for programs, beside the code: small, JSON-safe, part of the wire error. */
  readonly details?: Readonly<Record<string, number | string>>;
  readonly cause?: unknown;
}

/** Whether another writer changed what a write was decided on, so that certainly nothing of it was done. */
export function isConflict({ code, outcome }: LogError): boolean {
  return code === "conflict" && outcome === "not-applied";
}

/** The one error that crosses a boundary of this package. */
export class LogError extends Error {
  override readonly name = "LogError";
  readonly code: ErrorCode;
  readonly outcome: Outcome;
  readonly retryAfterMs: number | undefined;
  readonly details: Readonly<Record<string, number | string>>;

  constructor(code: ErrorCode, message: string, options: LogErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.outcome = options.outcome ?? "not-applied";
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }

  /** Any thrown value as a LogError. What is not one already is `internal` with an unknown outcome. */
  static from(reason: unknown): LogError {
    if (reason instanceof LogError) return reason;
    const message = reason instanceof Error ? reason.message : String(reason);
    return new LogError("internal", message, { outcome: "unknown", cause: reason });
  }
}
