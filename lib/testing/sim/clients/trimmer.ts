import { LogError } from "../../../core/errors.ts";
import type { FetchResult, Log } from "../../../log/log.ts";
import { ask, noteProblem, pause } from "../world.ts";
import type { Client, Self, World } from "../world.ts";
import { seenIn } from "./reader.ts";

const attemptsMax = 8;

/**
 * Has a topic of its own, whose records it appends, deletes from the start and reads, from anywhere: what is above the deletion that was asked for must be
 * there, at its offset, and only what is below it may be gone.
 */
export const trimmer: Client = async (world, self) => {
  const name = `${self.life.name}-kept`;
  const isThere = await attempt(world, self, `create ${name}`, (log) => log.topics.create({ name }));
  if (!isThere) return;
  const values: string[] = [];
  let asked = 0;
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 80);
    const value = `${name}.${i}`;
    if (!(await append(world, self, name, value, values.length))) return;
    values.push(value);
    if (self.prng.chance(0.3)) {
      const before = self.prng.between(asked, values.length);
      // Before it is sent: it may be done whatever is answered.
      asked = Math.max(asked, before);
      await attempt(world, self, `trim ${name}`, (log) => log.deleteRecords(name, [{ partition: 0, offset: before }]));
    }
    await check(world, self, name, values, asked);
  }
};

async function check(world: World, self: Self, name: string, values: readonly string[], asked: number): Promise<void> {
  const from = self.prng.between(0, values.length);
  let found: FetchResult;
  try {
    found = await ask(
      world,
      self,
      `fetch ${name} ${from}`,
      (log) => log.fetch(name, 0, { from, bytesMax: self.prng.pick([1, 1_000_000]) }),
      true,
    );
  } catch (reason) {
    const error = LogError.from(reason);
    if (error.code !== "offset_out_of_range") noteProblem(world, self, `a fetch of ${name}`, error);
    else if (from >= asked)
      world.recorder.problem(`${name} has no offset ${from}, and was asked to delete up to ${asked}: ${error.message}`);
    return;
  }
  const seen = seenIn(found);
  if (from < values.length && seen.length === 0) world.recorder.problem(`${name} gives nothing at ${from} of ${values.length}`);
  for (const [nth, { offset, value }] of seen.entries()) {
    if (offset !== from + nth || value !== values[offset]) world.recorder.problem(`${name} gives ${value} at ${offset}, read from ${from}`);
  }
  if (found.logStartOffset > asked)
    world.recorder.problem(`${name} starts at ${found.logStartOffset}, and was asked to delete up to ${asked}`);
}

/** Compare-and-append, which nobody else does there: what may be in already is sent again until it is known to be. @returns false when the attempts are used up */
async function append(world: World, self: Self, name: string, value: string, offset: number): Promise<boolean> {
  const records = [{ key: null, value: new TextEncoder().encode(value), headers: [] }];
  let mayBeIn = false;
  for (let count = 0; count < attemptsMax; count++) {
    try {
      await ask(world, self, `append to ${name}`, (log) => log.append(name, { records, expectedOffset: offset }));
      return true;
    } catch (reason) {
      const error = LogError.from(reason);
      noteProblem(world, self, `an append to ${name}`, error);
      if (error.code === "wrong_expected_offset") {
        const isIn = mayBeIn && error.details["actualOffset"] === offset + 1;
        if (!isIn)
          world.recorder.problem(`${name} goes on at ${String(error.details["actualOffset"])}, and ${offset} is next: ${error.message}`);
        return isIn;
      }
      mayBeIn ||= error.outcome === "unknown";
    }
    await pause(self, 150);
  }
  return false;
}

/** Tries until it is done. @returns false once an outcome is unknown, or the attempts are used up */
async function attempt(world: World, self: Self, what: string, run: (log: Log) => Promise<unknown>): Promise<boolean> {
  for (let count = 0; count < attemptsMax; count++) {
    try {
      await ask(world, self, what, run);
      return true;
    } catch (reason) {
      const error = LogError.from(reason);
      if (error.code !== "offset_out_of_range") noteProblem(world, self, what, error);
      if (error.outcome === "unknown") return false;
    }
    await pause(self, 150);
  }
  return false;
}
