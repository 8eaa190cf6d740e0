/** The scheduled function: seals, merges, lets expire, frees, and ends what crashes left half done. */
import { limits } from "../lib/core/limits.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";
import type { Remaining } from "../lib/lambda/invocation.ts";
import type { JanitorReport } from "../lib/log/janitor.ts";
import { nodeClock } from "../lib/node/clock.ts";

const { log, settle } = openFunctionLog(process.env);

export async function handler(_event: unknown, context: Remaining): Promise<JanitorReport> {
  try {
    return await log.runJanitor(nodeClock.nowMs() + context.getRemainingTimeInMillis() - limits.janitorEndMarginMs);
  } finally {
    await settle();
  }
}
