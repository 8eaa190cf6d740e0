import { LogError } from "../core/errors.ts";
import type { AppRequest } from "./message.ts";
import { shown } from "./query.ts";

/**
 * Keeps web pages of other sites away: a page can reach a developer's own machine, by a name that it points there
 * (DNS rebinding) or by a cross-site form or script.
 * @param isHostAllowed whether the server serves under this `Host` (name and port, lower case)
 * @param isOriginAllowed whether the request is a page's whose origin may call
 * @throws forbidden, with a message that says why
 */
export function checkCaller(request: AppRequest, isHostAllowed: ((host: string) => boolean) | undefined, isOriginAllowed: boolean): void {
  const host = request.header("host")?.toLowerCase();
  if (isHostAllowed !== undefined && (host === undefined || !isHostAllowed(host))) {
    throw forbidden(
      `This server is not "${shown(host ?? "")}": use localhost or 127.0.0.1 with its port, or allow the host when starting it.`,
    );
  }
  if (isOriginAllowed) return;
  const site = request.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    throw forbidden("A web page of another site sent this request. Only pages that this server serves may use it.");
  }
  const origin = request.header("origin")?.toLowerCase();
  if (origin !== undefined && (host === undefined || (origin !== `http://${host}` && origin !== `https://${host}`))) {
    throw forbidden(`The origin "${shown(origin)}" is not this server's. Only pages that this server serves may use it.`);
  }
}

function forbidden(message: string): LogError {
  return new LogError("forbidden", message);
}
