import type { Clock } from "../ports/clock.ts";

/** Work that goes on from one `yield` to the next. */
export type Work = AsyncGenerator<void, void, undefined>;

/**
 * Does several kinds of work side by side, a step of one at a time: always of the one that has had the least time so far, the first of them where several have had
 * the same. So none waits for another longer than a step, and what one does not need the others have.
 * @param isLate asked before each step: true ends all
 * @returns whether all came to their ends
 */
export async function inTurns(works: readonly Work[], clock: Clock, isLate: () => boolean): Promise<boolean> {
  let open = works.map((work) => ({ work, usedMs: 0 }));
  let beforeMs = clock.nowMs();
  try {
    while (open.length > 0 && !isLate()) {
      const next = open.reduce((least, each) => (each.usedMs < least.usedMs ? each : least));
      const { done } = await next.work.next();
      const afterMs = clock.nowMs();
      next.usedMs += Math.max(0, afterMs - beforeMs);
      beforeMs = afterMs;
      if (done === true) open = open.filter((each) => each !== next);
    }
    return open.length === 0;
  } finally {
    for (const { work } of open) await work.return();
  }
}
