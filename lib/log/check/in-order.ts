import type { LogError } from "../../core/errors.ts";
import type { Check } from "./context.ts";

type Told<F> = AsyncGenerator<F, void, undefined>;

/** One item's findings: looked for until the next one is there, and no further before that was told. */
interface Lane<F> {
  readonly findings: Told<F>;
  /** What it has come to; undefined while it looks. */
  found: IteratorResult<F, void> | undefined;
  /** Ends when it has come to something, and never fails. */
  looking: Promise<void>;
}

/**
 * Looks at several items at once, and tells what is found of them in the order of the items. An item of which there is nothing to tell makes room for the next one
 * even while those before it take long; one of which there is waits with its finding until those before it are done. So little is held, whatever is found.
 * When looking at one of them fails, the check fails, and all others end soon.
 * @param atOnce how many are looked at, or wait with a finding
 */
export async function* inOrder<T, F>(
  check: Pick<Check, "fail">,
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  look: (item: T) => Told<F>,
): Told<F> {
  const lanes: Lane<F>[] = [];
  let wake = (): void => undefined;
  let failure: LogError | undefined;
  const run = async (lane: Lane<F>): Promise<void> => {
    try {
      lane.found = await lane.findings.next();
    } catch (reason) {
      failure = check.fail(reason);
    }
    wake();
  };
  const goOn = (lane: Lane<F>): void => {
    lane.found = undefined;
    lane.looking = run(lane);
  };
  try {
    for await (const item of items) {
      const lane: Lane<F> = { findings: look(item), found: undefined, looking: Promise.resolve() };
      lanes.push(lane);
      goOn(lane);
      yield* settle(atOnce - 1);
    }
    yield* settle(0);
  } catch (reason) {
    throw check.fail(reason);
  } finally {
    await Promise.all(lanes.map(async ({ looking, findings }) => looking.then(() => findings.return())));
  }

  /** Tells what can be told until there are at most so many lanes. */
  async function* settle(most: number): Told<F> {
    for (;;) {
      if (failure !== undefined) throw failure;
      const first = lanes[0];
      if (first?.found?.done === false) {
        yield first.found.value;
        goOn(first);
        continue;
      }
      const done = lanes.findIndex(({ found }) => found?.done === true);
      if (done >= 0) lanes.splice(done, 1);
      else if (lanes.length <= most) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
}
