import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";

/** Whether a step succeeds within `limits.quotaWaitMsMax`; after that nobody waits for it. @param step never rejects */
export async function inTime(clock: Clock, step: Promise<boolean>): Promise<boolean> {
  const over = new AbortController();
  try {
    return await Promise.race([step, clock.sleep(limits.quotaWaitMsMax, over.signal).then(() => false)]);
  } finally {
    over.abort();
  }
}
