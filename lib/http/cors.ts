import { limits } from "../core/limits.ts";
import type { AppRequest, AppResponse } from "./message.ts";
import { methods } from "./route.ts";
import { requestHeaders, responseHeaders } from "./wire.ts";

const exposed = ["location", "retry-after", "allow", "www-authenticate", ...Object.values(responseHeaders)].join(", ");
const taken = ["authorization", "content-type", ...Object.values(requestHeaders)].join(", ");

/** The page's origin, when it is one of those that may call. */
export function allowedOrigin(request: AppRequest, allowed: ReadonlySet<string>): string | undefined {
  const origin = allowed.size === 0 ? undefined : request.header("origin");
  return origin !== undefined && allowed.has(origin) ? origin : undefined;
}

/** Whether a browser asks if it may send a page's request. It sends no credentials with that. */
export function isPreflight(request: AppRequest): boolean {
  return request.method === "OPTIONS" && request.header("access-control-request-method") !== undefined;
}

/** The same for every path: what is there is told to nobody without credentials. */
export function preflight(): AppResponse {
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": ["HEAD", ...methods].join(", "),
      "access-control-allow-headers": taken,
      "access-control-max-age": String(limits.corsMaxAgeMs / 1_000),
    },
  };
}

/** Lets the page's browser give it the answer. @param origin undefined: of no page that may have it */
export function withCors(response: AppResponse, origin: string | undefined): AppResponse {
  const own = origin === undefined ? {} : { "access-control-allow-origin": origin, "access-control-expose-headers": exposed };
  return { ...response, headers: { ...response.headers, ...own, vary: "origin" } };
}
