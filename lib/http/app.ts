import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../log/log.ts";
import type { Compression } from "../ports/compression.ts";
import type { Exposition, Telemetry } from "../ports/telemetry.ts";
import { type Access, needsOf } from "./auth/access.ts";
import { authorize, type Caller } from "./auth/caller.ts";
import { lastingPermit, openPermit, type Permit } from "./auth/permit.ts";
import { openSecurity, type Security } from "./auth/security.ts";
import { BodyBudget } from "./body-budget.ts";
import { allowedOrigin, isPreflight, preflight, withCors } from "./cors.ts";
import { fetchWith } from "./fetch-adapter.ts";
import { checkCaller } from "./guard.ts";
import { type AppRequest, type AppResponse, isStream } from "./message.ts";
import { type Handle, observed, type RequestFacts, toldError } from "./observed.ts";
import { Query } from "./query.ts";
import { empty, errorResponse } from "./responses.ts";
import { type Call, type Method, methods, type Operation, type Route, type Services } from "./route.ts";
import { admit, metered } from "./metering.ts";
import { type Match, matchPath } from "./router.ts";

export interface AppOptions {
  /** Opens compressed batches for JSON answers. */
  readonly compression: Compression;
  /** What `GET /health` tells. Default "0.0.0" and "unknown". */
  readonly version?: string;
  readonly engine?: string;
  /** The longest answer that can be sent, in bytes; a record or batch that is bigger alone is given all the same. Default: what a fetch may ask for. */
  readonly answerBytesMax?: number;
  /** Whether a `Host` (name and port, lower case) is this server's. Default: every one is, for callers that no browser can reach. */
  readonly isHostAllowed?: (host: string) => boolean;
  /** Who is let in, and to what. Default: everyone who reaches the app, to everything. */
  readonly security?: Security | undefined;
  /** Hears of `internal` errors, of which clients are told only the fact, and of `corrupt_log`. Default: nobody. */
  readonly reportFault?: ((error: LogError) => void) | undefined;
  /** Counts, times, traces and logs requests. Default: nothing does. */
  readonly telemetry?: Telemetry | undefined;
  /** What `GET /metrics` answers. Default: that there are none. */
  readonly metrics?: (() => Promise<Exposition>) | undefined;
}

export interface App {
  /** Never rejects. */
  handle(request: AppRequest): Promise<AppResponse>;
  /** The same for web requests: Lambda, tests, clients in the same process. */
  fetch(request: Request): Promise<Response>;
}

/** The HTTP API over a log. */
export function createApp(log: Log, options: AppOptions): App {
  const { compression, version = "0.0.0", engine = "unknown", answerBytesMax, isHostAllowed, reportFault, telemetry } = options;
  const { security = openSecurity } = options;
  const seen = (reason: unknown): LogError => {
    const error = LogError.from(reason);
    if (error.code === "internal" || error.code === "corrupt_log") reportFault?.(error);
    return telemetry === undefined ? error : toldError(telemetry, error);
  };
  const services: Services = {
    log,
    compression,
    budget: new BodyBudget(),
    answers: new BodyBudget(limits.answerBytesInFlightMax),
    answerBytesMax: answerBytesMax ?? limits.fetchBytesMax,
    // A character takes up to three bytes.
    answerCharsMax: answerBytesMax === undefined ? limits.fetchAnswerCharsMax : Math.floor(answerBytesMax / 3),
    version,
    engine,
    metrics: options.metrics,
    seen,
  };
  const answer: Handle = async (request, facts) => {
    try {
      const isOriginAllowed = allowedOrigin(request, security.allowedOrigins) !== undefined;
      checkCaller(request, isHostAllowed, isOriginAllowed);
      if (isOriginAllowed && isPreflight(request)) return preflight();
      return await dispatch(services, { request, security, caller: await security.authenticate(request) }, facts);
    } catch (reason) {
      const error = seen(reason);
      if (facts !== undefined) facts.code = error.code;
      return errorResponse(error);
    }
  };
  const plain: Handle = async (request, facts) => {
    const answered = await answer(request, facts);
    const { allowedOrigins } = security;
    const response = allowedOrigins.size === 0 ? answered : withCors(answered, allowedOrigin(request, allowedOrigins));
    return request.method === "HEAD" ? withoutBody(response) : response;
  };
  const handle = telemetry === undefined ? plain : observed(telemetry, plain);
  return { handle, fetch: (request) => fetchWith(handle, request) };
}

/** A request, and who sent it. */
interface Known {
  readonly request: AppRequest;
  readonly security: Security;
  readonly caller: Caller;
}

async function dispatch(services: Services, known: Known, facts: RequestFacts = {}): Promise<AppResponse> {
  const { request, caller } = known;
  const { method, url } = request;
  const split = url.indexOf("?");
  const { route, ...parts } = matchPath(split < 0 ? url : url.slice(0, split));
  if (parts.topic !== "") facts.topic = parts.topic;
  if (method === "OPTIONS") return empty(204, { allow: allowOf(route) });
  const operation = operationOf(route, method);
  if (operation === undefined) {
    const allow = allowOf(route);
    const error = services.seen(new LogError("method_not_allowed", `${method.slice(0, 20)} is not for this path: ${allow}.`));
    facts.code = error.code;
    return errorResponse(error, { allow });
  }
  facts.operation = operation.id;
  const { quotas } = services.log;
  const admission = admit(quotas, caller.principal, operation.quota);
  if (admission !== undefined) await admission;
  const permit = await permitOf(known, operation.access, parts);
  const query = Query.parse(split < 0 ? "" : url.slice(split + 1), Object.keys(operation.query ?? {}));
  const call: Call = { services, request, caller, permit, query, ...parts };
  return operation.quota === undefined
    ? operation.handle(call)
    : metered(quotas, operation.quota, call, (counted) => operation.handle(counted));
}

/** @throws forbidden, unavailable */
async function permitOf({ security: { clock }, caller }: Known, access: Access, path: Omit<Match, "route">): Promise<Permit> {
  if (clock === undefined || !caller.isChecked) return openPermit;
  const needs = needsOf(access, path);
  const check = async (): Promise<void> => {
    await caller.confirm();
    if (needs !== undefined) await authorize(caller, needs);
  };
  // The credentials were looked at just now.
  if (needs !== undefined) await authorize(caller, needs);
  return lastingPermit(clock, check);
}

function operationOf({ operations }: Route, method: string): Operation | undefined {
  const known = method === "HEAD" ? "GET" : methods.find((candidate) => candidate === method);
  return known === undefined ? undefined : operations[known];
}

function allowOf({ operations }: Route): string {
  const own = (Object.keys(operations) as Method[]).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return [...own, "OPTIONS"].join(", ");
}

async function withoutBody({ status, headers, body, release }: AppResponse): Promise<AppResponse> {
  release?.();
  if (isStream(body)) await body[Symbol.asyncIterator]().return?.();
  return { status, headers };
}
