import { limits } from "../core/limits.ts";
import type { ShardKey } from "../ports/journal.ts";
import type { Clock } from "../ports/clock.ts";
import type { ChangeHub } from "./change-hub.ts";

export interface Wait {
  /** Resolves at the first change since the wait was made, after a time, or when a signal aborts. */
  until(waitMs: number): Promise<void>;
  /** To be called once, however it went. */
  end(): void;
}

/** How long to wait before looking again: other processes tell this one nothing. */
export class PollPauses {
  readonly #isShared: boolean;
  #nextMs: number = limits.sharedPollMs;

  constructor(isShared: boolean) {
    this.#isShared = isShared;
  }

  /** @param leftMs what is left of the whole wait */
  next(leftMs: number): number {
    if (!this.#isShared) return leftMs;
    const pauseMs = Math.min(leftMs, this.#nextMs);
    this.#nextMs = Math.min(2 * this.#nextMs, limits.sharedPollMsMax);
    return pauseMs;
  }
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

interface TopicWait {
  readonly waitMs: number;
  /** Where the partitions end; another answer once any of them has grown. */
  readonly ends: () => Promise<string>;
  /** What `ends` was when the caller looked; undefined: as it is now. */
  readonly was: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Waits until something is appended to a topic, or it is changed, or for a time. What other processes append is found by looking. */
export async function waitForTopic(
  services: WaitServices & { readonly isShared: boolean },
  topic: { readonly id: string },
  { waitMs, ends, was, signal }: TopicWait,
): Promise<void> {
  const { clock, hub, isShared, closing } = services;
  const deadlineMs = clock.nowMs() + waitMs;
  const pauses = new PollPauses(isShared);
  const changes = hub.changes;
  const wait = waitForChange(services, { topicId: topic.id, shard: undefined }, signal);
  try {
    let seen = was;
    for (let isFirst = true; ; isFirst = false) {
      const leftMs = deadlineMs - clock.nowMs();
      const isOver = leftMs <= 0 || hub.changes !== changes || closing.aborted || signal?.aborted === true;
      if (isOver) return;
      if (isShared || (isFirst && was !== undefined)) {
        const now = await ends();
        if (now !== (seen ??= now)) return;
        if (isFirst && hub.changes !== changes) return;
      }
      await wait.until(pauses.next(leftMs));
    }
  } finally {
    wait.end();
  }
}
