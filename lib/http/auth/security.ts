import type { Clock } from "../../ports/clock.ts";
import type { AppRequest } from "../message.ts";
import { anonymous, type Caller } from "./caller.ts";

/** Who is let in to the HTTP API. `createSecurity` makes it from what is configured. */
export interface Security {
  /** Origins of web pages that may call, as browsers send them. */
  readonly allowedOrigins: ReadonlySet<string>;
  /** For what is checked again as time goes by. Undefined where nothing is checked. */
  readonly clock?: Clock;
  /** @throws unauthenticated without credentials that are valid here; unavailable when they cannot be checked now */
  authenticate(request: AppRequest): Promise<Caller>;
}

/** Lets in everyone who can reach the server, and checks nothing. */
export const openSecurity: Security = { allowedOrigins: new Set(), authenticate: () => Promise.resolve(anonymous) };
