import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { StoredRecord } from "../../../lib/core/record.ts";
import { type CompactedTopic, compactedTopic, type Disturb, type Given, lastOfEachKey, shown, tableOf } from "./compaction-world.ts";

/** Well above `limits.segmentRowMs`: readers may go by what they know of a segment for so long. */
const tombstoneMs = 800_000;
const never = Number.MAX_SAFE_INTEGER;
const key = fc.constantFrom("a", "b", "c", "d", "e", "f", null);
const given: fc.Arbitrary<Given> = fc.tuple(
  key,
  fc.option(fc.constantFrom("1", "2", "a longer value, so that bytes differ"), { freq: 3, nil: null }),
);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      append: fc.array(given, { minLength: 1, maxLength: 8 }),
      type: fc.constantFrom("none" as const, "gzip" as const, "zstd" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ rounds: fc.integer({ min: 1, max: 3 }), steps: fc.constantFrom(never, never, 30, 60, 120) }) },
  { weight: 1, arbitrary: fc.record({ policy: fc.constantFrom("compact", "delete") }) },
  { weight: 1, arbitrary: fc.record({ passMs: fc.constantFrom(1, 50_000, 300_000, 900_000) }) },
);
const setting = fc.record({
  ratio: fc.constantFrom(0, 0.3, 0.5, 0.9),
  lagMs: fc.constantFrom(0, 0, 200_000),
  keysMax: fc.constantFrom(1, 2, 3, 1_000),
  segmentsMax: fc.constantFrom(2, 64),
});

type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

function topicOf({ ratio, lagMs, keysMax, segmentsMax }: Setting): Promise<CompactedTopic> {
  const config = {
    "min.cleanable.dirty.ratio": ratio,
    "min.compaction.lag.ms": lagMs,
    "delete.retention.ms": tombstoneMs,
    "retention.ms": -1,
  };
  return compactedTopic(config, { compactionKeysMax: keysMax, mergeSegmentsMax: segmentsMax, mergeSegmentsMin: 2 });
}

/** A round that has time for so many steps. */
async function roundOf(topic: CompactedTopic, steps: number, disturb?: Disturb): Promise<unknown> {
  if (steps === never) return await topic.round(disturb);
  const passing: Disturb = async (call, isWrite) => {
    topic.pass(1);
    return await disturb?.(call, isWrite);
  };
  return await topic.round(passing, topic.now() + steps);
}

/** What holds at any moment, however far compaction has come. */
async function check(topic: CompactedTopic, { lagMs }: Setting, isSeen: ReadonlySet<number>): Promise<StoredRecord[]> {
  const seen = await topic.read();
  const { appended } = topic;
  assert.deepEqual(
    seen,
    seen.map(({ offset }) => appended[offset]),
    "what is there is what was appended there",
  );
  assert.ok(seen.every(({ offset }, nth) => nth === 0 || offset > (seen[nth - 1]?.offset ?? 0)));
  assert.deepEqual(tableOf(seen), tableOf(appended), "who reads all ends up with the same");
  const there = new Set(seen.map(({ offset }) => offset));
  for (const { offset } of lastOfEachKey(appended)) assert.ok(there.has(offset), `the record ${offset} is the last of its key`);
  for (const { offset, timestampMs } of appended) {
    if (timestampMs + lagMs > topic.now()) assert.ok(there.has(offset), `the record ${offset} is too young`);
    if (!isSeen.has(offset)) assert.ok(!there.has(offset), `the record ${offset} is back`);
  }
  const last = new Map(appended.map((record) => [String(record.key), record]));
  for (const { offset, value, timestampMs } of last.values()) {
    if (value === null && timestampMs + tombstoneMs > topic.now()) assert.ok(there.has(offset), `the tombstone ${offset} is too young`);
  }
  return seen;
}

async function runSteps(
  topic: CompactedTopic,
  one: Setting,
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
  disturb?: Disturb,
) {
  let there = new Set<number>();
  for (const each of steps) {
    if ("append" in each) {
      const before = topic.appended.length;
      await topic.append(each.append, each.type);
      for (let offset = before; offset < topic.appended.length; offset++) there.add(offset);
    } else if ("rounds" in each) await Promise.allSettled(Array.from({ length: each.rounds }, () => roundOf(topic, each.steps, disturb)));
    else if ("policy" in each) await topic.log.topics.alter("t", { config: { "cleanup.policy": each.policy } });
    else topic.pass(each.passMs);
    there = new Set((await check(topic, one, there)).map(({ offset }) => offset));
  }
}

/** Rounds until nothing is left to do: all is old enough then. */
async function settle(topic: CompactedTopic): Promise<void> {
  await topic.log.topics.alter("t", {
    config: { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0, "min.compaction.lag.ms": 0 },
  });
  for (let nth = 0; nth < 4; nth++) {
    topic.pass(2 * tombstoneMs);
    await topic.append([["settles", String(nth)]]);
    const report = await topic.round();
    assert.equal(report.failures, 0);
  }
}

describe("compaction by key", () => {
  it("leaves the last record of each key, whatever is written and when, and in the end nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(setting, fc.array(step, { minLength: 3, maxLength: 14 }), async (one, steps) => {
        const topic = await topicOf(one);
        await runSteps(topic, one, steps);
        await settle(topic);
        assert.deepEqual(shown(await topic.read()), shown(lastOfEachKey(topic.appended)));
        assert.deepEqual(await topic.faults(), []);
        const rows = await topic.rows();
        assert.equal((await topic.round()).merges, 0, "nothing is done twice");
        assert.deepEqual(await topic.rows(), rows);
        for (let offset = 0; offset < topic.appended.length; offset += 3) {
          const rest = lastOfEachKey(topic.appended).filter((record) => record.offset >= offset);
          assert.deepEqual(shown(await topic.read(offset, 1)), shown(rest));
        }
      }),
      { numRuns: 150 },
    );
  });

  it("does so with several at it at once, whose steps come late, fail, or are not known to be done", async () => {
    await fc.assert(
      fc.asyncProperty(
        setting,
        fc.array(step, { minLength: 3, maxLength: 12 }),
        fc.infiniteStream(fc.nat(99)),
        async (one, steps, chance) => {
          const topic = await topicOf(one);
          const next = (): number => chance.next().value as number;
          const disturb: Disturb = async (_, isWrite) => {
            for (let turns = next() % 4; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
            const drawn = next();
            if (drawn >= 6) return undefined;
            return isWrite && drawn < 3 ? "after" : "before";
          };
          await runSteps(topic, one, steps, disturb);
          await settle(topic);
          assert.deepEqual(shown(await topic.read()), shown(lastOfEachKey(topic.appended)));
          assert.deepEqual(await topic.faults(), []);
        },
      ),
      { numRuns: 150 },
    );
  });
});
