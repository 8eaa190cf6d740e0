import { LogError } from "../../../core/errors.ts";
import type { FetchResult, Log } from "../../../log/log.ts";
import { type Gone, KeptTopic } from "../kept-topic.ts";
import { ask, noteProblem, pause } from "../world.ts";
import type { Client, Self, World } from "../world.ts";
import { seenIn } from "./reader.ts";

const attemptsMax = 8;
const retainedBytes = 2_000;
/** What a record takes at most, as a segment of its own. */
const recordBytesMax = 500;

interface Kind {
  readonly gone: Gone;
  readonly config: Readonly<Record<string, string | number>>;
}

const kinds: readonly [Kind, ...Kind[]] = [
  { gone: { isTrimmed: true, isCompacted: false, keptMin: Number.POSITIVE_INFINITY }, config: {} },
  {
    gone: { isTrimmed: false, isCompacted: false, keptMin: Math.floor(retainedBytes / recordBytesMax) },
    config: { "retention.bytes": retainedBytes },
  },
  compacted({ isTrimmed: false, isCompacted: true, keptMin: Number.POSITIVE_INFINITY }, "compact"),
  compacted({ isTrimmed: true, isCompacted: true, keptMin: Number.POSITIVE_INFINITY }, "compact,delete"),
];

function compacted(gone: Gone, policy: string): Kind {
  return { gone, config: { "cleanup.policy": policy, "min.cleanable.dirty.ratio": 0, "delete.retention.ms": 200 } };
}

/**
 * Has a topic of its own, of which records go: deleted from the start, by the topic's size, or because newer ones have their keys. It appends, deletes and
 * reads, from anywhere: only what may be gone is gone, and all else is at its offset.
 */
export const keeper: Client = async (world, self) => {
  const name = `${self.life.name}-kept`;
  const { gone, config } = self.prng.pick(kinds);
  const isThere = await attempt(world, self, `create ${name}`, (log) => log.topics.create({ name, config }));
  if (!isThere) return;
  const kept = new KeptTopic(name, gone);
  world.recorder.kept.push(kept);
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 80);
    if (!(await append(world, self, kept, `${name}.${i}`))) return;
    if (gone.isTrimmed && self.prng.chance(0.3)) {
      const before = self.prng.between(kept.askedFor, kept.certain);
      // Before it is sent: it may be done whatever is answered.
      kept.askedFor = Math.max(kept.askedFor, before);
      await attempt(world, self, `trim ${name}`, (log) => log.deleteRecords(name, [{ partition: 0, offset: before }]));
    }
    await check(world, self, kept);
  }
};

async function check(world: World, self: Self, kept: KeptTopic): Promise<void> {
  const { name } = kept;
  const from = self.prng.between(0, kept.certain);
  const request = { from, bytesMax: self.prng.pick([1, 200, 1_000_000]) };
  let found: FetchResult;
  try {
    found = await ask(world, self, `fetch ${name} ${from}`, (log) => log.fetch(name, 0, request), true);
  } catch (reason) {
    const error = LogError.from(reason);
    if (error.code !== "offset_out_of_range") noteProblem(world, self, `a fetch of ${name}`, error);
    else if (from >= kept.startMax)
      world.recorder.problem(`${name} has no offset ${from}, and may begin at ${kept.startMax} at most: ${error.message}`);
    return;
  }
  for (const message of kept.judge(from, found, seenIn(found))) world.recorder.problem(message);
}

/** Compare-and-append, which nobody else does there: what may be in already is sent again until it is known to be. @returns false when the attempts are used up */
async function append(world: World, self: Self, kept: KeptTopic, value: string): Promise<boolean> {
  const { name } = kept;
  const [key, isTombstone] = [`k${self.prng.between(0, 3)}`, self.prng.chance(0.2)];
  const offset = kept.send(key, isTombstone ? "" : value);
  const encoder = new TextEncoder();
  const records = [{ key: encoder.encode(key), value: isTombstone ? null : encoder.encode(value), headers: [] }];
  let mayBeIn = false;
  for (let count = 0; count < attemptsMax; count++) {
    try {
      await ask(world, self, `append to ${name}`, (log) => log.append(name, { records, expectedOffset: offset }));
      kept.acknowledge();
      return true;
    } catch (reason) {
      const error = LogError.from(reason);
      noteProblem(world, self, `an append to ${name}`, error);
      if (error.code === "wrong_expected_offset") {
        const isIn = mayBeIn && error.details["actualOffset"] === offset + 1;
        if (isIn) kept.acknowledge();
        else world.recorder.problem(`${name} goes on at ${String(error.details["actualOffset"])}, and ${offset} is next: ${error.message}`);
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
