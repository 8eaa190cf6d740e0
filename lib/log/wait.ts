import type { ShardKey } from "../ports/journal.ts";
import type { Clock } from "../ports/clock.ts";
import type { ChangeHub } from "./change-hub.ts";

export interface Wait {
  /** Resolves at the first change since the wait was made, after a time, or when a signal aborts. */
  until(waitMs: number): Promise<void>;
  /** To be called once, however it went. */
  end(): void;
}

interface WaitServices {
  readonly clock: Clock;
  readonly hub: ChangeHub;
  readonly closing: AbortSignal;
}

/** Starts to listen at once, so that a change between a look and the wait is not missed. */
export function waitForChange(
  { clock, hub, closing }: WaitServices,
  { topicId, shard }: { readonly topicId: string; readonly shard: ShardKey["shard"] | undefined },
  signal?: AbortSignal,
): Wait {
  const done = new AbortController();
  const stop = (): void => done.abort();
  const unlisten = hub.listen(topicId, (changed) => {
    if (shard === undefined || changed === undefined || changed === shard) stop();
  });
  for (const other of [closing, signal]) {
    if (other?.aborted === true) stop();
    other?.addEventListener("abort", stop);
  }
  return {
    until: async (waitMs) => {
      await clock.sleep(waitMs, done.signal);
    },
    end: () => {
      unlisten();
      for (const other of [closing, signal]) other?.removeEventListener("abort", stop);
      stop();
    },
  };
}
