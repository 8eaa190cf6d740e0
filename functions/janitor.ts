/** The scheduled function: ends what crashes left half done, and lets records expire. */
import { limits } from "../lib/core/limits.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";
import type { Remaining } from "../lib/lambda/invocation.ts";
import { type JanitorReport, runJanitor } from "../lib/log/janitor.ts";
import { nodeClock } from "../lib/node/clock.ts";
import { nodeRandom } from "../lib/node/random.ts";

const { engine, settle } = openFunctionLog(process.env);

export async function handler(_event: unknown, context: Remaining): Promise<JanitorReport> {
  const endMs = nodeClock.nowMs() + context.getRemainingTimeInMillis() - limits.janitorEndMarginMs;
  try {
    return await runJanitor(engine, { clock: nodeClock, random: nodeRandom }, endMs);
  } finally {
    await settle();
  }
}
