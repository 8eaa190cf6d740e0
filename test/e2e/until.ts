import { setTimeout as sleep } from "node:timers/promises";

const lookEveryMs = 5;

/** Waits for a condition. @throws when it does not hold in time */
export async function until(what: string, condition: () => boolean, waitMsMax = 60_000): Promise<void> {
  const endMs = performance.now() + waitMsMax;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`Within ${waitMsMax} ms it did not happen: ${what}`);
    await sleep(lookEveryMs);
  }
}
