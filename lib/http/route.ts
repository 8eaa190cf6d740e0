import type { ErrorCode, LogError } from "../core/errors.ts";
import type { Log } from "../log/log.ts";
import type { Compression } from "../ports/compression.ts";
import type { Exposition } from "../ports/telemetry.ts";
import type { Access } from "./auth/access.ts";
import type { Caller } from "./auth/caller.ts";
import type { Permit } from "./auth/permit.ts";
import type { BodyBudget } from "./body-budget.ts";
import type { AppRequest, AppResponse } from "./message.ts";
import type { Query } from "./query.ts";

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Services {
  readonly log: Log;
  readonly compression: Compression;
  /** Room for request bodies. */
  readonly budget: BodyBudget;
  /** Room for answers. */
  readonly answers: BodyBudget;
  /** What one answer may hold, but for a record or batch that is bigger alone. */
  readonly answerBytesMax: number;
  readonly answerCharsMax: number;
  readonly version: string;
  readonly engine: string;
  /** Undefined where no metrics are kept for `GET /metrics`. */
  readonly metrics?: (() => Promise<Exposition>) | undefined;
  /** Every error that a client is told goes through here: a fault in Stratalog is reported to who runs it. */
  seen(reason: unknown): LogError;
}

/** What a handler works on. */
export interface Call {
  readonly services: Services;
  readonly request: AppRequest;
  readonly caller: Caller;
  /** For what comes late or lasts long. */
  readonly permit: Permit;
  readonly query: Query;
  /** Of the path; empty where it has none. */
  readonly topic: string;
  /** Of the path; -1 where it has none. */
  readonly partition: number;
  /** Of the path; empty where it has none. */
  readonly group: string;
  readonly member: string;
  readonly tokenId: string;
}

export interface Parameter {
  readonly description: string;
  readonly schema: Schema;
}

export interface Answer {
  readonly description: string;
  /** By media type; absent: no body. */
  readonly content?: Readonly<Record<string, Schema>>;
  readonly headers?: Readonly<Record<string, Parameter>>;
}

/** One method of a path: what it does, and its part of the OpenAPI document. */
export interface Operation {
  /** `operationId` */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  /** Whose bytes count for a quota: of the body that comes in, or of the answer that goes out. Absent: the request counts, its bytes do not. */
  readonly quota?: "producerByteRate" | "consumerByteRate";
  /** Every query parameter it takes: another one is refused. */
  readonly query?: Readonly<Record<string, Parameter>>;
  readonly headers?: Readonly<Record<string, Parameter>>;
  /** The request's body by media type. */
  readonly body?: Readonly<Record<string, Schema>>;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Errors of its own, beside `commonErrors`. */
  readonly errors: readonly ErrorCode[];
  handle(call: Call): Promise<AppResponse>;
}

export const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof methods)[number];

export interface Route {
  /** As in OpenAPI, without `/v1`. */
  readonly path: string;
  /** Also served without `/v1`. */
  readonly unversioned?: boolean;
  readonly operations: Readonly<Partial<Record<Method, Operation>>>;
}

/** What any operation may answer. */
export const commonErrors = [
  "invalid_request",
  "unauthenticated",
  "forbidden",
  "throttled",
  "corrupt_log",
  "internal",
  "unavailable",
  "timeout",
] as const satisfies ErrorCode[];
