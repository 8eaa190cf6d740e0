import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor, type JanitorReport } from "../../../lib/log/janitor.ts";
import { mapKeys } from "../../../lib/log/strata/compact-keys.ts";
import { allSegments } from "../../../lib/log/strata/segment-row.ts";
import type { StrataTuning } from "../../../lib/log/strata/tuning.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { ByteRange } from "../../../lib/ports/object-store.ts";
import { atOnce } from "../../../lib/testing/conformance/strata/build.ts";
import { type CompactedTopic, compactedTopic, lastOfEachKey, shown } from "./compaction-world.ts";

const readMs = 1_000;
const never = Number.MAX_SAFE_INTEGER;

/** A log of whose objects each read takes a second of the janitor's time, where it is said to. */
function slowWorld() {
  let nowMs = 1_000_000_000;
  let isSlow = false;
  const base = createMemoryEngine();
  const objects: typeof base.objects = {
    put: (key, body) => base.objects.put(key, body),
    get: async (key, range) => {
      if (isSlow) nowMs += readMs;
      return await base.objects.get(key, range);
    },
    list: (prefix, page) => base.objects.list(prefix, page),
    delete: (keys) => base.objects.delete(keys),
  };
  const engine = { ...base, objects };
  const parts = { clock: { ...nodeClock, nowMs: () => nowMs }, random: nodeRandom, compression: nodeCompression };
  const log = createLog(engine, { ...parts, strata: atOnce });
  const round = async (tuning: Partial<StrataTuning>, durationMs = never): Promise<JanitorReport & { readonly lateMs: number }> => {
    const endMs = durationMs === never ? never : nowMs + durationMs;
    isSlow = durationMs !== never;
    const report = await createJanitor(engine, { ...parts, strata: { ...atOnce, ...tuning } })(endMs);
    isSlow = false;
    return { ...report, lateMs: nowMs - endMs };
  };
  const append = async (name: string, value: Uint8Array) => await log.append(name, { records: [{ key: null, value, headers: [] }] });
  /** A segment for each value. */
  const fill = async (name: string, values: readonly Uint8Array[]): Promise<void> => {
    for (const value of values) {
      await append(name, value);
      await round({ mergeSegmentsMin: 1_000 });
    }
  };
  const objectCount = async (): Promise<number> => (await base.objects.list("", { limit: 1_000 })).length;
  return { log, append, fill, round, objectCount, rowsOf: (id: string) => allSegments(base.catalog, id, 0) };
}

const small = (count: number): readonly Uint8Array[] => Array.from({ length: count }, (_, nth) => new Uint8Array(100).fill(nth));

describe("merges in rounds that are too short for them", () => {
  it("end with the round, keep nobody else from their turn, and go on with what they have made", async () => {
    const { log, append, fill, round, objectCount, rowsOf } = slowWorld();
    const names = Array.from({ length: 8 }, (_, nth) => `t${nth}`);
    const topics = [];
    for (const name of names) topics.push(await log.topics.create({ name }));
    topics.sort((a, b) => (a.id < b.id ? -1 : 1));
    const slow = topics[3] as (typeof topics)[number];
    await fill(slow.name, small(64));
    for (const { name } of topics) await append(name, new Uint8Array(1));
    // To read one takes two seconds: each of the rounds has time for 45 of the 64.
    for (let rounds = 0; rounds < 8; rounds++) {
      const { failures, lateMs } = await round({ mergeSegmentsMin: 16 }, 90_000);
      assert.equal(failures, 0);
      assert.ok(lateMs <= readMs, `it ended ${lateMs} ms late`);
      if (rounds === 1) {
        for (const { id } of topics) assert.ok((await rowsOf(id)).length > 0, "all are sealed");
      }
    }
    const left = await rowsOf(slow.id);
    assert.ok(left.length < 16, `${left.length} segments are left`);
    await append(slow.name, new Uint8Array(1));
    await round({ mergeSegmentsMin: 1_000 });
    assert.equal(await objectCount(), 7 + left.length + 1, "nothing is left of what was given up");
    assert.equal((await log.watermarks(slow.name))[0]?.highWatermark, 66);
  });

  it("take no more bytes than a round has time for", async () => {
    const { log, append, fill, round, rowsOf } = slowWorld();
    const { id } = await log.topics.create({ name: "t" });
    await fill(
      "t",
      Array.from({ length: 40 }, () => new Uint8Array(1_000)),
    );
    await append("t", new Uint8Array(1));
    await round({ mergeSegmentsMin: 4, rewriteBytesMax: 10_000 });
    const rows = await rowsOf(id);
    assert.ok(rows.length <= 8, `${rows.length} segments`);
    for (const { bytes, endBytes } of rows) assert.ok(bytes - endBytes <= 10_000, `a segment has ${bytes} bytes`);
  });
});

/** Rounds in which each step takes a second. @returns how many it took until nothing was left to do */
async function shortRounds(topic: CompactedTopic, steps: number, roundsMax: number): Promise<number> {
  const isClean = async (): Promise<boolean> => (await topic.rows()).every(({ cleanedTo, next }) => cleanedTo >= next);
  for (let nth = 1; nth <= roundsMax; nth++) {
    const endMs = topic.now() + steps * 1_000;
    const { failures } = await topic.round(async () => {
      topic.pass(1_000);
      return undefined;
    }, endMs);
    assert.equal(failures, 0);
    assert.ok(topic.now() <= endMs + 15_000, `it ended ${topic.now() - endMs} ms late`);
    if (await isClean()) return nth;
  }
  assert.fail(`after ${roundsMax} rounds of ${steps} steps it is not done: ${shown(await topic.read()).join(", ")}`);
}

async function dirtyTopic(segments: number): Promise<CompactedTopic> {
  const topic = await compactedTopic({ "cleanup.policy": "delete", "retention.ms": -1 }, { mergeSegmentsMin: 100, mergeSegmentsMax: 100 });
  for (let nth = 0; nth < segments; nth++) {
    await topic.append([
      [`a${nth % 3}`, String(nth)],
      [`only ${nth}`, "1"],
    ]);
    await topic.round();
  }
  await topic.log.topics.alter("t", { config: { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0 } });
  return topic;
}

describe("compaction in rounds that are too short for it", () => {
  it("keeps what it has written, a few segments at a time", async () => {
    const topic = await dirtyTopic(24);
    // Time to read all for the keys, and half of it once more.
    await shortRounds(topic, 100, 8);
    topic.pass(1_000_000);
    assert.deepEqual(shown(await topic.read()), shown(lastOfEachKey(topic.appended)));
    assert.deepEqual(await topic.faults(), []);
  });

  it("makes use of the keys that it has read in a part of its time, though it has not read all", async () => {
    const topic = await dirtyTopic(24);
    // Reading all for the keys alone takes longer.
    await shortRounds(topic, 45, 20);
    topic.pass(1_000_000);
    assert.deepEqual(shown(await topic.read()), shown(lastOfEachKey(topic.appended)));
    assert.deepEqual(await topic.faults(), []);
  });

  it("goes on in the middle of a segment, without reading what it knows of it", async () => {
    const topic = await compactedTopic({ "min.compaction.lag.ms": Number.MAX_SAFE_INTEGER });
    const wide = "v".repeat(70_000);
    for (let nth = 0; nth < 6; nth++) await topic.append([[`a${nth % 2}`, wide + String(nth)]]);
    await topic.round();
    const [row] = await topic.rows();
    assert.equal((await topic.rows()).length, 1);
    const reads: number[] = [];
    const objects = {
      ...topic.engine.objects,
      get: async (key: string, range?: ByteRange) => {
        reads.push(range?.start ?? 0);
        return await topic.engine.objects.get(key, range);
      },
    };
    const services = { ...topic.services, engine: { ...topic.engine, objects } };
    const mapped = await mapKeys(services, row === undefined ? [] : [row], { from: 4, to: 6 }, () => false);
    assert.deepEqual([mapped?.keys.size, mapped?.to], [2, 6]);
    assert.ok((reads[1] ?? 0) > 4 * 70_000, `it read from ${reads.join(", ")}`);
  });
});
