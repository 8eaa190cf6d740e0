import { contentType } from "./accept.ts";
import { readObject } from "./json/object-input.ts";
import type { Call } from "./route.ts";
import { mediaTypes } from "./wire.ts";

/** Reads a body while `use` runs on it. A body may come slowly: whether the caller may is asked again after it. @throws as `BodyBudget.withBody`, and what `use` throws */
export function withBody<T>({ services, request, permit }: Call, use: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  return services.budget.withBody(request, async (bytes) => {
    await permit.renew();
    return await use(bytes);
  });
}

/** A small JSON body of known fields. @throws unsupported_media_type, invalid_request, request_too_large */
export function readFields(call: Call, known: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  contentType(call.request, [mediaTypes.json]);
  return withBody(call, async (bytes) => readObject(bytes, known));
}
