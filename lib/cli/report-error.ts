import { LogError } from "../core/errors.ts";
import { type Io, write } from "./io.ts";

/** Tells an error on standard error, as a sentence or as JSON. */
export async function reportError(io: Io, reason: unknown, json: boolean): Promise<void> {
  const error = LogError.from(reason);
  if (json) {
    const { code, message, outcome, retryAfterMs, details } = error;
    await write(io, io.stderr, `${JSON.stringify({ error: { code, message, outcome, retryAfterMs, ...details } })}\n`);
    return;
  }
  const doubt = error.outcome === "unknown" ? " It is not known whether it was done." : "";
  await write(io, io.stderr, `stratalog: ${error.message}${doubt} (${error.code})\n`);
}
