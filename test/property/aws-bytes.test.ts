import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LogError } from "../../lib/core/errors.ts";
import { encodePayload, readPart, readStepsBytes } from "../../lib/engines/aws/items/payload.ts";
import { decodeHead, newHead } from "../../lib/engines/aws/items/head.ts";
import { encodeTimestamps } from "../../lib/engines/aws/items/timestamps.ts";
import { decodeState, encodeFact, readStateName, shortElements, stateName } from "../../lib/engines/aws/items/producer-state.ts";
import { decodeSteps, encodeSteps } from "../../lib/engines/aws/items/steps.ts";
import { decodeEntry, encodeEntry } from "../../lib/engines/aws/items/stored-entry.ts";
import { anyEntry, anyFact, anyId, anyPart, anyProducer, anyStep, oneOfIndexes, record, safe, timeMs } from "./aws-arbitraries.ts";

const n = (value: number) => ({ N: String(value) });

/** What is done with bytes may fail in one way only. */
function logErrorOrResult<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (reason) {
    assert.ok(reason instanceof LogError, String(reason));
    assert.ok(["corrupt_log", "unsupported_version"].includes(reason.code), reason.code);
    return undefined;
  }
}

/** The bytes with one bit flipped, or cut. */
function damaged(bytes: Uint8Array, { place, isCut }: { readonly place: number; readonly isCut: boolean }): Uint8Array {
  const bit = Math.floor(place * bytes.length * 8);
  if (isCut) return bytes.slice(0, bit >> 3);
  const changed = bytes.slice();
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}
const damage = record({ place: fc.double({ min: 0, max: 0.999_999, noNaN: true }), isCut: fc.boolean() });

describe("stored entries, whatever is in them", () => {
  it("come back as they went in", () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        assert.deepEqual(decodeEntry(encodeEntry(entry)), entry);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are refused when cut, and give an entry or a LogError when changed", () => {
    fc.assert(
      fc.property(anyEntry, damage, (entry, how) => {
        const read = logErrorOrResult(() => decodeEntry(damaged(encodeEntry(entry), how)));
        if (how.isCut) assert.equal(read, undefined);
        // The first byte has bits that say nothing yet.
        else if (how.place * encodeEntry(entry).length >= 1) assert.notDeepEqual(read, entry);
      }),
      { numRuns: 5_000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void logErrorOrResult(() => decodeEntry(bytes))));
  });

  it("come back with timestamps at both ends of their range", () => {
    const times = [-1, Number.MAX_SAFE_INTEGER];
    const parts = times.map((maxTimestampMs, index) => ({ index, records: 1, bytes: 70, maxTimestampMs }));
    const entry = { payload: { id: "0123456789abcdef", isObject: false, fenceEpoch: 1 }, position: 1, parts, stepsBytes: 0 };
    assert.deepEqual(decodeEntry(encodeEntry(entry)), entry);
  });
});

describe("a head's largest timestamps, whatever they are", () => {
  const stamps = fc.array(timeMs, { maxLength: 16 });
  const read = (bytes: Uint8Array, partitions: number) =>
    decodeHead({ ...newHead({ pk: "H#t1#0", sk: "H" }, { partitions, layout: 0 }), mx: { B: bytes } })?.maxTimestampsMs;

  it("come back as they went in, with none for partitions that were added", () => {
    fc.assert(
      fc.property(stamps, fc.integer({ min: 0, max: 16 }), (timestampsMs, added) => {
        const none = Array.from({ length: added }, () => -1);
        assert.deepEqual(read(encodeTimestamps(timestampsMs), timestampsMs.length + added), [...timestampsMs, ...none]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("give timestamps or a LogError when damaged", () => {
    fc.assert(
      fc.property(stamps, damage, (timestampsMs, how) => {
        const got = logErrorOrResult(() => read(damaged(encodeTimestamps([1, ...timestampsMs]), how), 1 + timestampsMs.length));
        if (got !== undefined) assert.equal(got.length, 1 + timestampsMs.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("producer steps, whatever is in them", () => {
  it("come back as they went in", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 64 }), (steps) => {
        assert.deepEqual(decodeSteps(encodeSteps(steps)), steps);
      }),
    );
  });

  it("give steps or a LogError when damaged", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 1, maxLength: 4 }), damage, (steps, how) => {
        const read = logErrorOrResult(() => decodeSteps(damaged(encodeSteps(steps), how)));
        if (how.isCut) assert.equal(read, undefined);
      }),
      { numRuns: 3_000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void logErrorOrResult(() => decodeSteps(bytes))));
  });
});

describe("payloads, whatever is in them", () => {
  const anyPayload = fc.array(
    record({
      parts: oneOfIndexes.chain((indexes) => fc.tuple(...indexes.map((index) => anyPart(index)))),
      steps: fc.array(anyStep, { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  );

  it("give each part and the steps where their section says, and nothing of them once a bit is flipped or cut off", () => {
    fc.assert(
      fc.property(anyId, anyPayload, damage, (id, entries, how) => {
        const { bytes, sections } = encodePayload(id, entries);
        const broken = damaged(bytes, how);
        const touched = Math.floor(how.place * bytes.length);
        const check = (at: number, length: number, read: (payload: Uint8Array) => Uint8Array, expected: Uint8Array) => {
          assert.deepEqual(Buffer.from(read(bytes)), Buffer.from(expected));
          const isHit = how.isCut ? touched < at + 4 + length : touched >= at && touched < at + 4 + length;
          if (isHit) assert.throws(() => read(broken), { name: "LogError", code: "corrupt_log" });
          else assert.deepEqual(Buffer.from(read(broken)), Buffer.from(expected));
        };
        let end = 1;
        for (const [nth, { parts, steps }] of entries.entries()) {
          const { position, stepsBytes } = sections[nth]!;
          assert.equal(position, end);
          for (const { index, batches } of parts) {
            const at = end;
            check(at, batches.length, (payload) => readPart(payload, at, id, index, batches.length), batches);
            end += 4 + batches.length;
          }
          const at = end;
          if (stepsBytes > 0) {
            check(at, stepsBytes, (payload) => readStepsBytes(payload, at, id, stepsBytes), encodeSteps(steps));
            end += 4 + stepsBytes;
          } else assert.equal(steps.length, 0);
        }
        assert.equal(end, bytes.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe("producer states, whatever is in them", () => {
  it("are named so that the name tells producer and index", () => {
    fc.assert(
      fc.property(anyProducer, (producer) => {
        assert.deepEqual(readStateName(stateName(producer.producerId, producer.index)), producer);
      }),
      { numRuns: 1_000 },
    );
  });

  it("come back long and short, and a long one can be kept short", () => {
    fc.assert(
      fc.property(anyFact, safe, fc.array(safe, { minLength: 16, maxLength: 16 }), (fact, seq, bases) => {
        const { indexes, isLong, ...step } = fact;
        const kept = isLong ? bases : indexes.map((index) => bases[index]!);
        const bytes = encodeFact(fact);
        const state = decodeState(stateName(fact.producerId, fact.index), [{ B: bytes }, n(seq), ...kept.map(n)]);
        const own = new Map(indexes.map((index) => [index, bases[index]!]));
        assert.deepEqual(state, { ...step, seq, bases: own, fact: bytes, elements: 2 + kept.length });
        const short = decodeState(stateName(fact.producerId, fact.index), shortElements(state));
        assert.deepEqual(short, { ...state, fact: encodeFact({ ...fact, isLong: false }), elements: 2 + indexes.length });
      }),
      { numRuns: 1_000 },
    );
  });

  it("give a state or a LogError when damaged", () => {
    fc.assert(
      fc.property(anyFact, damage, (fact, how) => {
        const elements = [{ B: damaged(encodeFact(fact), how) }, ...Array.from({ length: 17 }, (_, at) => n(at))];
        const read = logErrorOrResult(() => decodeState(stateName(fact.producerId, fact.index), elements));
        if (how.isCut) assert.equal(read, undefined);
      }),
      { numRuns: 3_000 },
    );
  });
});
