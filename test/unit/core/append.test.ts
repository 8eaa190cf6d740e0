import assert from "node:assert/strict";
import { test } from "node:test";
import { type CommittedStep, decideAppend, type ShardView } from "../../../lib/core/append.ts";
import type { EntryPart, ProducerState, ProducerStep } from "../../../lib/ports/journal.ts";

const part = (index: number, records = 1): EntryPart => ({ index, records, maxTimestampMs: 0, batches: new Uint8Array(1) });
const step = (change: Partial<ProducerStep> = {}): ProducerStep => ({
  producerId: 7n,
  epoch: 1,
  index: null,
  sequence: 5,
  count: 1,
  crc: 99,
  ...change,
});

function view(state?: Partial<ProducerState>, committed?: CommittedStep): ShardView {
  const known: ProducerState | undefined = state && { ...step(), layout: 0, ...state };
  return {
    partitions: 2,
    layout: 3,
    highWatermarks: [10, 20],
    forgets: false,
    producer: (producerId, index) => (known?.producerId === producerId && known.index === index ? known : undefined),
    committed: () => committed,
  };
}

const code = (expected: string) => (error: unknown) => (error as { code?: string; outcome?: string }).code === expected;

test("a plain append takes the next offset of each partition", () => {
  const { parts, answer, duplicateSeq } = decideAppend(view(), { parts: [part(0, 3), part(1)] });
  assert.equal(parts.length, 2);
  assert.equal(duplicateSeq, undefined);
  assert.deepEqual(answer, [
    { index: 0, baseOffset: 10, duplicate: false },
    { index: 1, baseOffset: 20, duplicate: false },
  ]);
});

test("entries must ascend, hold records and stay within the shard", () => {
  assert.throws(() => decideAppend(view(), { parts: [] }), code("invalid_request"));
  assert.throws(() => decideAppend(view(), { parts: [part(1), part(0)] }), code("invalid_request"));
  assert.throws(() => decideAppend(view(), { parts: [part(0), part(0)] }), code("invalid_request"));
  assert.throws(() => decideAppend(view(), { parts: [part(0, 0)] }), code("invalid_request"));
  assert.throws(() => decideAppend(view(), { parts: [part(2)] }), code("unknown_topic_or_partition"));
});

test("layout and expected offset are conditions", () => {
  assert.throws(() => decideAppend(view(), { parts: [part(0)] }, { layout: 2 }), code("conflict"));
  assert.equal(decideAppend(view(), { parts: [part(0)] }, { layout: 3, expected: [{ index: 0, offset: 10 }] }).parts.length, 1);
  assert.throws(
    () => decideAppend(view(), { parts: [part(0)] }, { expected: [{ index: 0, offset: 9 }] }),
    (error: unknown) =>
      code("wrong_expected_offset")(error) && (error as { details: { actualOffset: number } }).details.actualOffset === 10,
  );
});

test("an HTTP producer's sequences rise, with gaps", () => {
  const entry = { parts: [part(0)] };
  assert.equal(decideAppend(view(), entry, { producers: [step()] }).producers[0]?.sequence, 5);
  assert.equal(decideAppend(view({ sequence: 2 }), entry, { producers: [step()] }).parts.length, 1);
  assert.throws(() => decideAppend(view({ sequence: 6 }), entry, { producers: [step()] }), code("out_of_order_sequence"));
});

test("a Kafka producer's sequences are dense and wrap to 0", () => {
  const entry = { parts: [part(0, 2)] };
  const producers = [step({ index: 0, sequence: 5, count: 2 })];
  assert.equal(decideAppend(view({ index: 0, sequence: 3, count: 2 }), entry, { producers }).parts.length, 1);
  assert.throws(() => decideAppend(view({ index: 0, sequence: 2, count: 2 }), entry, { producers }), code("out_of_order_sequence"));
  const wrapped = [step({ index: 0, sequence: 0, count: 2 })];
  assert.equal(decideAppend(view({ index: 0, sequence: 0x7fffffff, count: 1 }), entry, { producers: wrapped }).parts.length, 1);
});

test("a newer epoch starts anew, an older one is fenced", () => {
  const entry = { parts: [part(0)] };
  assert.throws(() => decideAppend(view({ epoch: 2 }), entry, { producers: [step()] }), code("producer_fenced"));
  assert.equal(decideAppend(view({ epoch: 0, sequence: 9 }), entry, { producers: [step()] }).parts.length, 1);
  const kafka = (sequence: number): ProducerStep[] => [step({ index: 0, sequence })];
  assert.throws(() => decideAppend(view({ epoch: 0, index: 0 }), entry, { producers: kafka(5) }), code("out_of_order_sequence"));
  assert.equal(decideAppend(view({ epoch: 0, index: 0 }), entry, { producers: kafka(0) }).parts.length, 1);
});

test("a retry gets the first answer, whatever offset it expects", () => {
  const committed = { count: 1, crc: 99, seq: 4, parts: [{ index: 0, baseOffset: 6 }] };
  const guards = { producers: [step()], expected: [{ index: 0, offset: 6 }] };
  const { parts, answer, producers, duplicateSeq } = decideAppend(view({ sequence: 5 }, committed), { parts: [part(0)] }, guards);
  assert.deepEqual(parts, []);
  assert.deepEqual(producers, []);
  assert.equal(duplicateSeq, 4);
  assert.deepEqual(answer, [{ index: 0, baseOffset: 6, duplicate: true }]);
});

test("a used sequence with other records is refused, with other partitions it is a conflict", () => {
  const committed = { count: 1, crc: 98, seq: 4, parts: [{ index: 0, baseOffset: 6 }] };
  const guards = { producers: [step()] };
  assert.throws(() => decideAppend(view({ sequence: 5 }, committed), { parts: [part(0)] }, guards), code("sequence_reused"));
  assert.throws(() => decideAppend(view({ sequence: 5 }, { ...committed, crc: 99 }), { parts: [part(1)] }, guards), code("conflict"));
});

test("a partly duplicate entry commits the rest", () => {
  const committed = { count: 1, crc: 99, seq: 4, parts: [{ index: 0, baseOffset: 6 }] };
  const guards = { producers: [step({ index: 0 }), step({ producerId: 8n, index: 1 })] };
  const decision = decideAppend(view({ index: 0, sequence: 5 }, committed), { parts: [part(0), part(1)] }, guards);
  assert.deepEqual(
    decision.parts.map(({ index }) => index),
    [1],
  );
  assert.deepEqual(
    decision.answer.map(({ baseOffset, duplicate }) => [baseOffset, duplicate]),
    [
      [6, true],
      [20, false],
    ],
  );
  assert.deepEqual(
    decision.producers.map(({ producerId }) => producerId),
    [8n],
  );
});
