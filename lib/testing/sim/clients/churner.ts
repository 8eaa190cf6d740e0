import { LogError } from "../../../core/errors.ts";
import type { FetchFrom, FetchResult, Log } from "../../../log/log.ts";
import { ask, noteProblem, pause } from "../world.ts";
import type { Client, Self, World } from "../world.ts";
import { seenIn } from "./reader.ts";

const attemptsMax = 8;

/**
 * Makes a topic of its own, fills, reads and deletes it, over and over under the same name. What it reads must be what it put into this very topic:
 * nothing of the one before, and all that was acknowledged. After an unknown outcome it takes another name, since that request may
 * still come and meet the next topic.
 */
export const churner: Client = async (world, self) => {
  let names = 0;
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 150);
    const name = `${self.life.name}-${names}`;
    const partitions = self.prng.between(1, 4);
    const isCertain =
      (await isDone(world, self, `create ${name}`, (log) => log.topics.create({ name, partitions, partitionsPerShard: 2 }))) &&
      (await fillAndRead(world, self, name, `${self.life.name}.${i}`)) &&
      (await isDone(world, self, `delete ${name}`, (log) => log.topics.delete(name)));
    if (!isCertain) names++;
  }
};

/** @returns whether the outcome of every write is certain */
async function fillAndRead(world: World, self: Self, name: string, prefix: string): Promise<boolean> {
  const acknowledged: string[] = [];
  for (let n = 0; n < 3; n++) {
    const value = `${prefix}.${n}`;
    const records = [{ key: null, value: new TextEncoder().encode(value), headers: [], partition: 0 }];
    const isIn = await isDone(world, self, `append to ${name}`, (log) => log.append(name, { records }));
    if (!isIn) return false;
    acknowledged.push(value);
  }
  const seen = await readAll(world, self, name);
  if (seen === undefined) return true;
  if (seen.join() !== acknowledged.join()) world.recorder.problem(`${name} holds ${seen.join()}, and was given ${acknowledged.join()}`);
  return true;
}

/** Tries until it is done. @returns false once an outcome is unknown, or the attempts are used up */
async function isDone(world: World, self: Self, what: string, run: (log: Log) => Promise<unknown>): Promise<boolean> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      await ask(world, self, what, run);
      return true;
    } catch (reason) {
      const error = LogError.from(reason);
      noteProblem(world, self, what, error);
      if (error.outcome === "unknown") return false;
      if (error.code === "topic_already_exists" || error.code === "unknown_topic_or_partition") {
        world.recorder.problem(`${self.life.name} was told ${error.code} for ${what}, and nobody else has touched it`);
        return false;
      }
    }
    await pause(self, 200);
  }
  return false;
}

/** The values of all records, fetch after fetch; undefined when no answer is to be had. */
async function readAll(world: World, self: Self, name: string): Promise<readonly string[] | undefined> {
  const values: string[] = [];
  let from: FetchFrom = "earliest";
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      const next: FetchFrom = from;
      const found: FetchResult = await ask(world, self, `fetch ${name}`, (log) => log.fetch(name, 0, { from: next }), true);
      values.push(...seenIn(found).map(({ value }) => value));
      from = found.nextOffset;
      if (from >= found.highWatermark) return values;
    } catch (reason) {
      noteProblem(world, self, `a fetch of ${name}`, LogError.from(reason));
    }
    await pause(self, 200);
  }
  return undefined;
}
