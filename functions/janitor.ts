/** The scheduled function: seals, merges, lets expire, frees, and ends what crashes left half done. */
import { limits } from "../lib/core/limits.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";
import type { Remaining } from "../lib/lambda/invocation.ts";
import { createJanitor, type JanitorReport } from "../lib/log/janitor.ts";
import { nodeClock } from "../lib/node/clock.ts";
import { nodeCompression } from "../lib/node/compression.ts";
import { nodeRandom } from "../lib/node/random.ts";

const { engine, telemetry, settle } = openFunctionLog(process.env);
const janitor = createJanitor(engine, { clock: nodeClock, random: nodeRandom, compression: nodeCompression, telemetry });

export async function handler(_event: unknown, context: Remaining): Promise<JanitorReport> {
  try {
    return await janitor(nodeClock.nowMs() + context.getRemainingTimeInMillis() - limits.janitorEndMarginMs);
  } finally {
    await settle();
  }
}
