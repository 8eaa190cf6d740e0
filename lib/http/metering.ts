import { limits } from "../core/limits.ts";
import type { QuotaKind } from "../core/quota-rates.ts";
import type { Quotas } from "../log/quotas/quotas.ts";
import { type AppBody, type AppRequest, type AppResponse, isStream } from "./message.ts";
import type { Call, Operation } from "./route.ts";
import { keepAlive } from "./sse/events.ts";

type BytesKind = NonNullable<Operation["quota"]>;

/** Before anything of a request is done: undefined when it may go on at once. @throws (or rejects) throttled */
export function admit(quotas: Quotas, principal: string, bytes: BytesKind | undefined): Promise<void> | undefined {
  const request = quotas.admit(principal, "requestRate");
  if (request !== undefined) return bytes === undefined ? request : request.then(() => quotas.admit(principal, bytes));
  return bytes === undefined ? undefined : quotas.admit(principal, bytes);
}

/** Runs a call and charges its bytes: what came in as it comes, what goes out as it goes. */
export function metered(quotas: Quotas, kind: BytesKind, call: Call, run: (call: Call) => Promise<AppResponse>): Promise<AppResponse> {
  const { principal } = call.caller;
  if (!quotas.counts(principal, kind)) return run(call);
  const charge = (bytes: number): void => quotas.charge(principal, kind, bytes);
  if (kind === "producerByteRate") return run({ ...call, request: meteredRequest(call.request, charge) });
  return run(call).then((response) => meteredResponse(response, call, { quotas, kind, charge }));
}

/** Its body is charged when it was read, also when it is refused after that. */
function meteredRequest(request: AppRequest, charge: (bytes: number) => void): AppRequest {
  const { method, url, identity, signal } = request;
  return {
    method,
    url,
    signal,
    ...(identity !== undefined && { identity }),
    header: (name) => request.header(name),
    readBytes: async (bytesMax) => {
      const bytes = await request.readBytes(bytesMax);
      charge(bytes.byteLength);
      return bytes;
    },
    async *chunks() {
      for await (const chunk of request.chunks()) {
        charge(chunk.byteLength);
        yield chunk;
      }
    },
  };
}

interface Meter {
  readonly quotas: Quotas;
  readonly kind: QuotaKind;
  readonly charge: (bytes: number) => void;
}

function meteredResponse(response: AppResponse, { request, caller }: Call, meter: Meter): AppResponse {
  const { body } = response;
  if (body === undefined || request.method === "HEAD") return response;
  if (!isStream(body)) {
    meter.charge(bytesOf(body));
    return response;
  }
  return { ...response, body: paced(body, { request, caller }, meter) };
}

/** An event stream was admitted once and lasts: when its reader has used up the quota it waits, with a sign of life now and then, and goes on where it was. */
async function* paced(
  body: AsyncIterable<string | Uint8Array>,
  { request: { signal }, caller: { principal } }: Pick<Call, "request" | "caller">,
  { quotas, kind, charge }: Meter,
): AsyncGenerator<string | Uint8Array> {
  for await (const piece of body) {
    charge(bytesOf(piece));
    yield piece;
    while (!signal.aborted && !(await quotas.pause(principal, kind, limits.streamKeepAliveMs, signal))) {
      if (!signal.aborted) yield keepAlive;
    }
  }
}

function bytesOf(piece: Exclude<AppBody, AsyncIterable<unknown>>): number {
  return typeof piece === "string" ? Buffer.byteLength(piece) : piece.byteLength;
}
