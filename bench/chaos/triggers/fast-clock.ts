import { nodeClock } from "../../../lib/node/clock.ts";
import type { Clock } from "../../../lib/ports/clock.ts";

/** A clock that goes so many times as fast as the machine's, so that leases run out within seconds. */
export function fastClock(speed: number): Clock {
  const startMs = Date.now();
  const begunMs = performance.now();
  return {
    nowMs: () => Math.floor(startMs + (performance.now() - begunMs) * speed),
    sleep: (durationMs, signal) => nodeClock.sleep(Math.ceil(durationMs / speed), signal),
  };
}
