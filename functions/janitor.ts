/** The scheduled function: ends what crashes left half done, and lets records expire. */
import { limits } from "../lib/core/limits.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";
import type { Remaining } from "../lib/lambda/invocation.ts";
import { type JanitorReport, runJanitor } from "../lib/log/janitor.ts";
import { nodeClock } from "../lib/node/clock.ts";
import { nodeRandom } from "../lib/node/random.ts";

const { engine, telemetry, settle } = openFunctionLog(process.env);

export async function handler(_event: unknown, context: Remaining): Promise<JanitorReport> {
  const endMs = nodeClock.nowMs() + context.getRemainingTimeInMillis() - limits.janitorEndMarginMs;
  try {
    const report = await runJanitor(engine, { clock: nodeClock, random: nodeRandom }, endMs);
    const { topicsSeen: topics, shardsTrimmed: trimmed, failures, isComplete } = report;
    telemetry.log(failures > 0 ? "warn" : "info", "janitor", { topics, trimmed, failures, isComplete });
    return report;
  } finally {
    await settle();
  }
}
