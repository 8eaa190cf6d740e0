/** The scheduled function: seals, merges, lets expire, frees, and ends what crashes left half done. */
import { readSetting } from "../lib/config/read-setting.ts";
import { serverSettings } from "../lib/config/settings.ts";
import { limits } from "../lib/core/limits.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";
import type { Remaining } from "../lib/lambda/invocation.ts";
import { createJanitor, type JanitorReport } from "../lib/log/janitor.ts";
import { nodeClock } from "../lib/node/clock.ts";
import { nodeCompression } from "../lib/node/compression.ts";
import { nodeRandom } from "../lib/node/random.ts";

const { engine, telemetry, settle } = openFunctionLog(process.env);
const offsetsRetentionMs = 60_000 * Number(readSetting(serverSettings.offsetsRetention, undefined, process.env));
const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression, telemetry };
const janitor = createJanitor(engine, { ...parts, offsetsRetentionMs });

export async function handler(_event: unknown, context: Remaining): Promise<JanitorReport> {
  try {
    return await janitor(nodeClock.nowMs() + context.getRemainingTimeInMillis() - limits.janitorEndMarginMs);
  } finally {
    await settle();
  }
}
