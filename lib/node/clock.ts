import type { Clock } from "../ports/clock.ts";

/** The machine's time. A pending sleep keeps the process alive. */
export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  sleep(durationMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      signal?.addEventListener("abort", done, { once: true });
    });
  },
};
