import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePayload, readPart, readStepsBytes } from "../../lib/engines/aws/items/payload.ts";
import { decodeState, encodeFact, readStateName, stateName } from "../../lib/engines/aws/items/producer-state.ts";
import { decodeSteps, encodeSteps } from "../../lib/engines/aws/items/steps.ts";
import { decodeEntry, encodeEntry, type StoredEntry } from "../../lib/engines/aws/items/stored-entry.ts";

// Format version 1, field by field as docs/format.md has it. Released bytes: they may be added to, never changed.
const bytesOf = (golden: string) => Uint8Array.from(Buffer.from(golden.replaceAll(" ", ""), "hex"));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const spaceless = (golden: string) => golden.replaceAll(" ", "");

const smallEntry: StoredEntry = {
  payload: { id: "0123456789abcdef", isObject: false, fenceEpoch: 480_000 },
  position: 1,
  parts: [{ index: 0, records: 1, bytes: 70, maxTimestampMs: 1_700_000_000_000 }],
  stepsBytes: 0,
};
const smallEntryBytes = "10 0123456789abcdef 80cc3a 02 02 02 8c01 80a0abfef962";

const bigEntry: StoredEntry = {
  payload: { id: "fedcba9876543210", isObject: true, fenceEpoch: 0x7fffffff },
  position: 300,
  parts: [
    { index: 0, records: 1, bytes: 70, maxTimestampMs: -1 },
    { index: 2, records: 500, bytes: 70_000, maxTimestampMs: 1_700_000_000_000 },
    { index: 15, records: 0x7fffffff, bytes: 32 * 1024 * 1024, maxTimestampMs: Number.MAX_SAFE_INTEGER - 1 },
  ],
  stepsBytes: 30,
};
const bigEntryBytes = [
  "13 fedcba9876543210 feffffff0f d804 8a8004",
  "02 8c01 01 e807 e0c508 82a0abfef962 feffffff0f 80808020 feffffffffffff1f 3c",
].join(" ");

/** The later timestamps are too far from the first for a difference to be a safe integer. */
const farEntry: StoredEntry = {
  payload: { id: "0123456789abcdef", isObject: false, fenceEpoch: 1 },
  position: 1,
  parts: [
    { index: 0, records: 1, bytes: 70, maxTimestampMs: -1 },
    { index: 1, records: 1, bytes: 70, maxTimestampMs: Number.MAX_SAFE_INTEGER },
    { index: 2, records: 1, bytes: 70, maxTimestampMs: 1_700_000_000_000 },
  ],
  stepsBytes: 0,
};
const farEntryBytes = "14 0123456789abcdef 02 02 0e 02 8c01 01 02 8c01 feffffffffffff1f 02 8c01 80a0abfef962";

test("a stored entry of format version 1 is these bytes, and they are read as this entry", () => {
  assert.equal(hex(encodeEntry(smallEntry)), spaceless(smallEntryBytes));
  assert.equal(hex(encodeEntry(bigEntry)), spaceless(bigEntryBytes));
  assert.deepEqual(decodeEntry(bytesOf(smallEntryBytes)), smallEntry);
  assert.deepEqual(decodeEntry(bytesOf(bigEntryBytes)), bigEntry);
  assert.equal(hex(encodeEntry(farEntry)), spaceless(farEntryBytes));
  assert.deepEqual(decodeEntry(bytesOf(farEntryBytes)), farEntry);
  // All flags together: no writer does so without need, but every reader takes it.
  const stamps = smallEntry.parts.map(({ maxTimestampMs }) => maxTimestampMs);
  const flagged = decodeEntry(bytesOf(`17 ${smallEntryBytes.slice(3)} 3c`));
  assert.deepEqual([flagged.payload.isObject, flagged.stepsBytes], [true, 30]);
  assert.deepEqual(
    flagged.parts.map(({ maxTimestampMs }) => maxTimestampMs),
    stamps,
  );
});

test("an entry of a later version is told apart from a damaged one", () => {
  const later = bytesOf(smallEntryBytes);
  later[0] = 0x20;
  assert.throws(() => decodeEntry(later), { name: "LogError", code: "unsupported_version" });
  for (const damaged of [
    "10 0123456789abcd",
    "10 0123456789abcdef 80cc3a 02 02 02 8c01 80a0abfef9",
    `${smallEntryBytes} 00`,
    "10 0123456789abcdef 80cc3a 02 00",
    "10 0123456789abcdef ffffffffff 02 02 02 8c01 02",
    // A flag that nobody sets, alone and with the others.
    `18 ${smallEntryBytes.slice(3)}`,
    `1f ${smallEntryBytes.slice(3)} 3c`,
  ]) {
    assert.throws(() => decodeEntry(bytesOf(damaged)), { name: "LogError", code: "corrupt_log" }, damaged);
  }
});

const httpStep = { producerId: 7n, index: null, epoch: 0, sequence: 9, count: 1, crc: 0xdeadbeef, previousSeq: undefined };
const kafkaStep = {
  producerId: 2n ** 63n - 1n,
  index: 15,
  epoch: 0x7fff,
  sequence: 0x7fffffff,
  count: 500,
  crc: 1,
  previousSeq: Number.MAX_SAFE_INTEGER,
};
const httpStepBytes = "0000000000000007 01 00 12 02 a184929504 01";
const stepsBytes = `04 ${httpStepBytes} 7fffffffffffffff 1e feff03 feffffff0f e807 02 feffffffffffff1f`;

test("an entry's producer steps are these bytes, and they are read as these steps", () => {
  assert.equal(hex(encodeSteps([httpStep, kafkaStep])), spaceless(stepsBytes));
  assert.deepEqual(decodeSteps(bytesOf(stepsBytes)), [httpStep, kafkaStep]);
  assert.throws(() => decodeSteps(bytesOf(stepsBytes).subarray(0, -1)), { name: "LogError", code: "corrupt_log" });
});

test("a payload is its version, then each entry's parts and steps, each after its checksum", () => {
  const id = "0123456789abcdef";
  const part = (index: number, text: string) => ({ index, records: 1, maxTimestampMs: 1, batches: Buffer.from(text) });
  const { bytes, sections } = encodePayload(id, [
    { parts: [part(0, "abc"), part(3, "de")], steps: [] },
    { parts: [part(15, "f")], steps: [httpStep] },
  ]);
  const golden = `01 d5988636 616263 627fefe5 6465 ed30e1ee 66 3e600103 02 ${httpStepBytes}`;
  assert.equal(hex(bytes), spaceless(golden));
  assert.deepEqual(sections, [
    { position: 1, stepsBytes: 0 },
    { position: 14, stepsBytes: 19 },
  ]);
  const payload = bytesOf(golden);
  assert.equal(Buffer.from(readPart(payload, 1, id, 0, 3)).toString(), "abc");
  assert.equal(Buffer.from(readPart(payload, 8, id, 3, 2)).toString(), "de");
  assert.equal(Buffer.from(readPart(payload, 14, id, 15, 1)).toString(), "f");
  assert.deepEqual(decodeSteps(readStepsBytes(payload, 19, id, 19)), [httpStep]);
  // Bytes at another's place have a wrong checksum as damaged ones have.
  assert.throws(() => readPart(payload, 1, id, 1, 3), { name: "LogError", code: "corrupt_log" });
  assert.throws(() => readPart(payload, 1, "0123456789abcdee", 0, 3), { name: "LogError", code: "corrupt_log" });
});

const longState = { producerId: 7n, index: null, epoch: 0x7fff, sequence: 0x7fffffff, count: 1, crc: 0xdeadbeef, layout: 64 };
const longFact = "11 7fff 7fffffff deadbeef 02 8001 8a8004";
const shortState = { producerId: 7n, index: 3, epoch: 1, sequence: 9, count: 500, crc: 1, layout: 0 };
const shortFact = "10 0001 00000009 00000001 e807 00 10";
const numbers = (...values: readonly number[]) => values.map((value) => ({ N: String(value) }));

test("a producer state's fact is these bytes; a long state has all base offsets, a short one its own", () => {
  assert.equal(hex(encodeFact({ ...longState, indexes: [0, 2, 15], isLong: true })), spaceless(longFact));
  assert.equal(hex(encodeFact({ ...shortState, indexes: [3], isLong: false })), spaceless(shortFact));
  const allBases = Array.from({ length: 16 }, (_, index) => 100 + index);
  const long = [{ B: bytesOf(longFact) }, ...numbers(41, ...allBases)];
  const bases = new Map([
    [0, 100],
    [2, 102],
    [15, 115],
  ]);
  assert.deepEqual(decodeState("7.", long), { ...longState, seq: 41, bases, fact: bytesOf(longFact), elements: 18 });
  const short = [{ B: bytesOf(shortFact) }, ...numbers(42, 1_000)];
  const shortBases = new Map([[3, 1_000]]);
  assert.deepEqual(decodeState("73", short), { ...shortState, seq: 42, bases: shortBases, fact: bytesOf(shortFact), elements: 3 });
});

test("a producer state of a later version, or without the offsets that it covers, is not read", () => {
  const [, ...rest] = [{ B: bytesOf(shortFact) }, ...numbers(42, 1_000)];
  assert.throws(() => decodeState("73", [{ B: bytesOf(shortFact.replace("10", "20")) }, ...rest]), {
    name: "LogError",
    code: "unsupported_version",
  });
  for (const damaged of [
    [],
    [{ B: bytesOf(shortFact) }],
    [{ B: bytesOf(shortFact) }, ...numbers(42)],
    [{ B: bytesOf("10 0001") }, ...rest],
  ]) {
    assert.throws(() => decodeState("73", damaged), { name: "LogError", code: "corrupt_log" });
  }
  assert.throws(() => decodeState("7~", [{ B: bytesOf(shortFact) }, ...rest]), { name: "LogError", code: "corrupt_log" });
});

test("a producer state is named by its id in base 64 and its index", () => {
  const names = { "0.": [0n, null], "73": [7n, 3], "Z.": [35n, null], _0: [36n, 0], "-0": [63n, 0], "10f": [64n, 15] } as const;
  for (const [name, [producerId, index]] of Object.entries(names)) {
    assert.equal(stateName(producerId, index), name);
    assert.deepEqual(readStateName(name), { producerId, index });
  }
  assert.equal(stateName(2n ** 63n - 1n, 10), "7----------a");
});
