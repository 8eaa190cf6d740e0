/**
 * What goes over HTTP, as types: the server's routes and the SDK both import this file and nothing else of each other.
 * All paths are under `/v1`. Offsets are JSON integers below 2^53.
 */
import type { Acl, PatternType, Scope } from "../core/access/acl.ts";
import type { ErrorCode, Outcome } from "../core/errors.ts";

export const mediaTypes = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  /** RecordBatch v2 bytes, one or more batches back to back. */
  recordBatch: "application/vnd.stratalog.record-batch",
  eventStream: "text/event-stream",
} as const;

/** Request headers (HTTP header names are case-insensitive). */
export const requestHeaders = {
  producerId: "producer-id",
  producerEpoch: "producer-epoch",
  producerSeq: "producer-seq",
  lastEventId: "last-event-id",
} as const;

/** Response headers: the numbers that JSON answers carry in their body, for a raw fetch and a raw append, and the trace id. */
export const responseHeaders = {
  /** Where a raw fetch started: records of its first batch below it are to be dropped. */
  offset: "stratalog-offset",
  nextOffset: "stratalog-next-offset",
  highWatermark: "stratalog-high-watermark",
  logStartOffset: "stratalog-log-start-offset",
  /** Of every answer, where the server has telemetry: what its log lines name the request by. */
  traceId: "x-request-id",
} as const;

/** `{"error": …}` with a status that fits the code. `details` of the LogError stand beside the code, for example `actualOffset`. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly outcome: Outcome;
  readonly retryAfterMs?: number;
  readonly [detail: string]: string | number | undefined;
}
export interface ErrorBody {
  readonly error: WireError;
}

/** `POST /topics` */
export interface CreateTopicBody {
  readonly name: string;
  readonly partitions?: number;
  readonly partitionsPerShard?: number;
  readonly config?: Readonly<Record<string, string | number | boolean | null>>;
}
/** `PATCH /topics/{t}` */
export interface AlterTopicBody {
  readonly partitions?: number;
  readonly config?: Readonly<Record<string, string | number | boolean | null>>;
}
/** An element of `GET /topics`, and the answer of `POST` (201), `PATCH` and, with `partitionDetails`, of `GET /topics/{t}`. */
export interface TopicBody {
  readonly name: string;
  readonly id: string;
  readonly partitions: number;
  readonly partitionsPerShard: number;
  readonly createdMs: number;
  /** All configs in force. */
  readonly config: Readonly<Record<string, string>>;
  /** Which of them were set for this topic. */
  readonly overrides: readonly string[];
}
/** `GET /topics/{t}` */
export interface TopicDetailBody extends TopicBody {
  readonly partitionDetails: readonly { readonly partition: number; readonly logStartOffset: number; readonly highWatermark: number }[];
}
/** `DELETE /topics/{t}/partitions/{p}/records?before=`: where the partition begins now. */
export interface DeleteRecordsBody {
  readonly partition: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
}
/** `GET /topics?prefix=&limit=&cursor=`: `nextCursor` is there when more may follow. */
export interface TopicListBody {
  readonly topics: readonly TopicBody[];
  readonly nextCursor?: string;
}

/**
 * Header values of a record by name. A name that occurs more than once has an array. A value is a string (its UTF-8 bytes),
 * `{"base64": …}` for other bytes, or null.
 */
export type WireHeaderValue = string | null | { readonly base64: string };
export type WireHeaders = Readonly<Record<string, WireHeaderValue | readonly WireHeaderValue[]>>;

/** One record of `POST /topics/{t}/records`, and one line of its NDJSON form. Absent or null key: none. Absent or null value: a tombstone. */
export interface WireNewRecord {
  readonly key?: unknown;
  readonly keyBase64?: string;
  readonly value?: unknown;
  readonly valueBase64?: string;
  readonly headers?: WireHeaders;
  readonly partition?: number;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
}
export interface ProduceBody {
  readonly records: readonly WireNewRecord[];
}
/** In request order. With query `atomic=true` all have an offset or the request has failed. */
export type WireRecordResult =
  | { readonly partition: number; readonly offset: number }
  | { readonly partition: number; readonly error: WireError };
/**
 * 200 when all records are in the log, 207 when some are (each failed one has its `error`); when none is, an `ErrorBody`.
 * An NDJSON request that fails on its way has both: the offsets of the records before, and the `error`, under the error's status.
 */
export interface ProduceAnswer {
  readonly offsets: readonly WireRecordResult[];
  readonly error?: WireError;
}

/** One record of a fetch, and the data of one server-sent event (there with its `partition`). */
export interface WireRecord {
  readonly offset: number;
  readonly timestamp: number;
  /** `format=text` (default): a string when the bytes are UTF-8, else `keyBase64`. `json`: the parsed JSON, else as `text`. `base64`: always `keyBase64`. Null: none. */
  readonly key?: unknown;
  readonly keyBase64?: string;
  readonly value?: unknown;
  readonly valueBase64?: string;
  readonly headers: WireHeaders;
}
/** `GET /topics/{t}/partitions/{p}/records?offset=N|earliest|latest|@time&limit=&maxBytes=&wait=&format=` (`wait` in milliseconds; `@time`: epoch milliseconds or ISO 8601; default offset: earliest) */
export interface FetchAnswer {
  readonly records: readonly WireRecord[];
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}
/** `GET /topics/{t}/offsets?timestamp=`: epoch milliseconds, ISO 8601, `earliest` or `latest`; null where no record is that late. */
export interface OffsetsAnswer {
  readonly offsets: readonly { readonly partition: number; readonly offset: number | null; readonly timestamp: number | null }[];
}
/** A server-sent event's data on a topic's stream. Its `id` is opaque: what a client has to send as `Last-Event-ID`. */
export interface WireTopicRecord extends WireRecord {
  readonly partition: number;
}
/** `GET /health` */
export interface HealthBody {
  readonly status: "ok";
  readonly version: string;
  readonly engine: string;
}

/**
 * One ACL, in Kafka's words. `POST /acls` takes `patternType` as LITERAL where it is left out. The principal of an AWS role is
 * `User:arn:aws:iam::123456789012:role/Name`; sessions and paths of a role are written so too.
 */
export type WireAcl = Acl;
export type WireNewAcl = Omit<Acl, "patternType"> & { readonly patternType?: PatternType };
/** `POST /acls`: all or none. Adding one that is there changes nothing. */
export interface CreateAclsBody {
  readonly acls: readonly WireNewAcl[];
}
/** The answer of `POST /acls` (200): the ACLs of the request as they are in force. */
export interface AclsBody {
  readonly acls: readonly WireAcl[];
}
/**
 * `GET /acls?resourceType=&resourceName=&patternType=&principal=&operation=&permission=&limit=&cursor=`: those that have all of these.
 * `patternType=MATCH` with a `resourceName` gives every ACL that affects that name. `nextCursor` is there when more may follow.
 */
export interface AclListBody extends AclsBody {
  readonly nextCursor?: string;
}
/** `DELETE /acls` with the same filter, at least one field of it (200): what was deleted. */
export interface DeletedAclsBody {
  readonly deleted: readonly WireAcl[];
}

/** What a token is limited to: one operation on one resource or prefix. */
export type WireScope = Scope;
export type WireNewScope = Omit<Scope, "patternType"> & { readonly patternType?: PatternType };
/** `POST /tokens`. Without scopes the token may all that its principal may. `expiresMs` in epoch milliseconds; without it the token lasts until it is deleted. */
export interface CreateTokenBody {
  readonly principal: string;
  readonly description?: string;
  readonly scopes?: readonly WireNewScope[];
  readonly expiresMs?: number;
}
/** An element of `GET /tokens`. Without `scopes`: not limited. */
export interface TokenBody {
  readonly id: string;
  readonly principal: string;
  readonly createdMs: number;
  /** Who made it. */
  readonly createdBy: string;
  readonly description?: string;
  readonly scopes?: readonly WireScope[];
  readonly expiresMs?: number;
}
/** The answer of `POST /tokens` (201): the only time that `token`, which goes into `Authorization: Bearer`, is told. */
export interface NewTokenBody extends TokenBody {
  readonly token: string;
}
/** `GET /tokens?principal=&limit=&cursor=`: `nextCursor` is there when more may follow. `DELETE /tokens/{id}` answers 204, or 404 `not_found`. */
export interface TokenListBody {
  readonly tokens: readonly TokenBody[];
  readonly nextCursor?: string;
}

/** An element of `GET /quotas`, and the answer of `PATCH /quotas`: bytes or requests a second. What is not there is not limited. */
export interface QuotaBody {
  /** `User:*`: every principal, each by itself, where its own quota says nothing. */
  readonly principal: string;
  readonly producerByteRate?: number;
  readonly consumerByteRate?: number;
  readonly requestRate?: number;
}
/** `PATCH /quotas`: null takes one away, what is not there stays. */
export interface AlterQuotaBody {
  readonly principal: string;
  readonly producerByteRate?: number | null;
  readonly consumerByteRate?: number | null;
  readonly requestRate?: number | null;
}
/** `GET /quotas?principal=` */
export interface QuotaListBody {
  readonly quotas: readonly QuotaBody[];
  /** Whether this server holds anybody to them. */
  readonly enforced: boolean;
}
