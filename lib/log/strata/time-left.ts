import { LogError } from "../../core/errors.ts";
import type { StrataServices } from "./services.ts";

/** There is no time to end what was begun: it is given up as if it had not been. */
export class OutOfTime extends LogError {
  constructor() {
    super("unavailable", "There is no time left to end this. The next round goes on with it.", { retryAfterMs: 0 });
  }
}

/** Tells when a part of the time has gone that a round had left when this was called. @param parts how many there are: 2 for a half of it */
export function pastPart(
  { clock, endMs = Number.POSITIVE_INFINITY }: Pick<StrataServices, "clock" | "endMs">,
  parts: number,
): () => boolean {
  const begunMs = clock.nowMs();
  return () => parts * (clock.nowMs() - begunMs) >= endMs - begunMs;
}

/** The same, in time. @throws OutOfTime where something comes too late */
export async function* inTime<T>(source: AsyncIterable<T>, isLate: () => boolean): AsyncGenerator<T, void, undefined> {
  for await (const each of source) {
    if (isLate()) throw new OutOfTime();
    yield each;
  }
}
