import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Janitor } from "../log/janitor.ts";
import { nodeClock } from "../node/clock.ts";

export interface BackgroundOptions {
  /** From the end of a round to the next one. */
  readonly everyMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly reportFault: (error: LogError) => void;
}

/** Runs the janitor for as long as the server does. Resolves once the signal has ended it. */
export async function tendInBackground(janitor: Janitor, { everyMs, signal, reportFault }: BackgroundOptions): Promise<void> {
  for (;;) {
    await nodeClock.sleep(everyMs, signal);
    if (signal.aborted) return;
    try {
      await janitor(nodeClock.nowMs() + limits.janitorRoundMsMax, signal);
    } catch (reason) {
      // Storage that is out of reach tells whoever writes or reads; a fault of its own nobody else would hear of.
      const error = LogError.from(reason);
      if (!signal.aborted && (error.code === "internal" || error.code === "corrupt_log")) reportFault(error);
    }
  }
}
