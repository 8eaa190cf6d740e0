import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { Appended, Journal } from "../../../ports/journal.ts";
import { engineCase, reopenCase } from "../case.ts";
import type { EngineCase } from "../case.ts";
import { refused } from "../expect.ts";
import { by, entry, labels, one, part, request, shard } from "./build.ts";

const again = ({ seq, parts }: Appended): Appended => ({ seq, parts: parts.map((each) => ({ ...each, duplicate: true })) });

/** Neighbours that are one number once they are taken for doubles. */
const wideIds = [2n ** 53n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 2n, 2n ** 63n - 1n];

/** Producers that count requests (`index: null`). */
export const requestProducerCases: readonly EngineCase[] = [
  engineCase("a request's retry gets the first answer and adds nothing", async ({ journal }) => {
    await journal.open(shard, { partitions: 3, layout: 0 });
    await journal.append(shard, one("before"));
    const both = entry(part(0, "a", 2), part(2, "b", 3));
    const first = await journal.append(shard, both, by(request(7n, 0)));
    assert.deepEqual(
      first.parts.map(({ duplicate }) => duplicate),
      [false, false],
    );
    await journal.append(shard, one("between"));
    for (let i = 0; i < 3; i++) assert.deepEqual(await journal.append(shard, both, by(request(7n, 0))), again(first));
    assert.deepEqual((await journal.head(shard)).highWatermarks, [4, 0, 3]);
    assert.deepEqual(await labels(journal), ["before", "a", "between"]);
  }),
  engineCase("the sequence may start anywhere and skip numbers, and a skipped one is lost", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    for (const sequence of [5, 6, 10, 500]) await journal.append(shard, one(`${sequence}`), by(request(7n, sequence)));
    for (const sequence of [0, 4, 7, 9, 499]) {
      const error = await refused(journal.append(shard, one("x"), by(request(7n, sequence))), "out_of_order_sequence");
      assert.equal(error.details["nextSequence"], 501);
    }
    assert.deepEqual(await labels(journal), ["5", "6", "10", "500"]);
  }),
  engineCase("the same sequence with other records is refused, for the newest and for older ones", async ({ journal }) => {
    await journal.open(shard, { partitions: 2, layout: 0 });
    for (const sequence of [0, 1, 2]) await journal.append(shard, one(`${sequence}`), by(request(7n, sequence)));
    for (const sequence of [0, 1, 2]) {
      await refused(journal.append(shard, one("other"), by(request(7n, sequence, { crc: 1 }))), "sequence_reused");
      await refused(journal.append(shard, one(`${sequence}`), by(request(7n, sequence, { count: 2 }))), "sequence_reused");
      await refused(journal.append(shard, entry(part(1, "other partition")), by(request(7n, sequence))), "conflict");
    }
    assert.deepEqual(await labels(journal), ["0", "1", "2"]);
    assert.equal((await journal.head(shard)).seq, 3);
  }),
  reopenCase(
    "ids take all of 63 bits, and are known after a reopening",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 1, layout: 0 });
      for (const id of wideIds) await journal.append(shard, one(`${id}`), by(request(id, 0)));
    },
    async ({ journal }) => {
      for (const id of wideIds) {
        const retried = await journal.append(shard, one(`${id}`), by(request(id, 0)));
        assert.deepEqual([retried.parts[0]?.duplicate, (await journal.head(shard, id)).producers[0]?.producerId], [true, id]);
        await journal.append(shard, one(`${id}`), by(request(id, 1)));
      }
      assert.deepEqual(
        await labels(journal),
        [...wideIds, ...wideIds].map((id) => `${id}`),
      );
    },
  ),
  reopenCase(
    "an older sequence's retry gets its first answer after 300 more entries, and after a reopening",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 2, layout: 0 });
      const answers: Appended[] = [];
      for (let i = 0; i < 300; i++) {
        answers.push(await journal.append(shard, entry(part(i % 2, `r${i}`, 1 + (i % 3))), by(request(7n, i * 2))));
      }
      await checkRetries(journal, answers);
      return answers;
    },
    async ({ journal }, answers) => {
      await checkRetries(journal, answers);
      await refused(journal.append(shard, one("x"), by(request(7n, 3))), "out_of_order_sequence");
      await refused(journal.append(shard, entry(part(0, "x")), by(request(7n, 4, { crc: 1 }))), "sequence_reused");
      const { seq } = await journal.append(shard, one("next"), by(request(7n, 600)));
      assert.equal(seq, 300);
    },
  ),
  reopenCase(
    "a newer epoch starts anew at any number and fences the older one, also after a reopening",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 1, layout: 0 });
      await journal.append(shard, one("old 5"), by(request(7n, 5, { epoch: 1 })));
      await journal.append(shard, one("new 5"), by(request(7n, 5, { epoch: 2 })));
      await journal.append(shard, one("newest 2"), by(request(7n, 2, { epoch: 4 })));
      return await journal.append(shard, one("newest 3"), by(request(7n, 3, { epoch: 4 })));
    },
    async ({ journal }, newest) => {
      for (const [epoch, sequence] of [
        [1, 5],
        [1, 6],
        [2, 5],
        [2, 6],
        [3, 0],
      ] as const) {
        const error = await refused(journal.append(shard, one("x"), by(request(7n, sequence, { epoch }))), "producer_fenced");
        assert.equal(error.details["currentEpoch"], 4);
      }
      assert.deepEqual(await journal.append(shard, one("newest 3"), by(request(7n, 3, { epoch: 4 }))), again(newest));
      await refused(journal.append(shard, one("x"), by(request(7n, 1, { epoch: 4 }))), "out_of_order_sequence");
      assert.deepEqual(await labels(journal), ["old 5", "new 5", "newest 2", "newest 3"]);
    },
  ),
  engineCase("a sequence of an older epoch is no step of the newer one", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    await journal.append(shard, one("old 3"), by(request(7n, 3, { epoch: 0 })));
    await journal.append(shard, one("new 5"), by(request(7n, 5, { epoch: 1 })));
    await refused(journal.append(shard, one("old 3"), by(request(7n, 3, { epoch: 1 }))), "out_of_order_sequence");
  }),
  engineCase("producers do not know each other, whatever their ids, and the ends of their ranges work", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    const ids = [0n, 1n, 11n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];
    const steps = ids.flatMap((id) => [
      request(id, 0),
      request(id, limits.producerSequenceMax),
      request(id, limits.producerSequenceMax, { epoch: limits.producerEpochMax }),
    ]);
    const first: Appended[] = [];
    for (const [i, step] of steps.entries()) first.push(await journal.append(shard, one(`${i}`), by(step)));
    assert.deepEqual(
      await labels(journal),
      steps.map((_, i) => `${i}`),
    );
    for (const [i, step] of steps.entries()) {
      if (step.epoch < limits.producerEpochMax) await refused(journal.append(shard, one("x"), by(step)), "producer_fenced");
      else assert.deepEqual(await journal.append(shard, one(`${i}`), by(step)), again(first[i] ?? { seq: -1, parts: [] }));
    }
    await refused(journal.append(shard, one("x"), by(request(0n, 0, { epoch: limits.producerEpochMax }))), "out_of_order_sequence");
  }),
  reopenCase(
    "the head tells a producer's newest step, with the layout of then, to whom asks for it",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 1, layout: 2 });
      await journal.append(shard, one("a"), by(request(7n, 4, { epoch: 3 })));
      await journal.append(shard, one("b"), by(request(8n, 0)));
      await journal.open(shard, { partitions: 2, layout: 3 });
      await journal.append(shard, one("c"), by(request(8n, 1)));
    },
    async ({ journal }) => {
      const state = { producerId: 7n, epoch: 3, index: null, sequence: 4, count: 1, crc: 1_004, layout: 2 };
      assert.deepEqual((await journal.head(shard, 7n)).producers, [state]);
      const newer = { producerId: 8n, epoch: 0, index: null, sequence: 1, count: 1, crc: 1_001, layout: 3 };
      assert.deepEqual((await journal.head(shard, 8n)).producers, [newer]);
      assert.deepEqual((await journal.head(shard, 9n)).producers, []);
      assert.deepEqual((await journal.head(shard)).producers, []);
    },
  ),
  engineCase("a retry of a compare-and-append gets its answer though the offset moved on", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    const guards = { ...by(request(7n, 0)), expected: [{ index: 0, offset: 0 }] };
    const first = await journal.append(shard, one("a"), guards);
    await journal.append(shard, one("b"));
    assert.deepEqual(await journal.append(shard, one("a"), guards), again(first));
    await refused(journal.append(shard, one("x"), { ...by(request(7n, 1)), expected: [{ index: 0, offset: 0 }] }), "wrong_expected_offset");
    assert.equal((await journal.head(shard, 7n)).producers[0]?.sequence, 0, "a refused append leaves the producer where it was");
    await journal.append(shard, one("c"), { ...by(request(7n, 1)), expected: [{ index: 0, offset: 2 }] });
    assert.deepEqual(await labels(journal), ["a", "b", "c"]);
  }),
  engineCase("64 parallel sends of one request add it once and all get one answer", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    await journal.append(shard, one("before"));
    const results = await Promise.all(Array.from({ length: 64 }, () => journal.append(shard, one("a"), by(request(7n, 3)))));
    assert.deepEqual(new Set(results.map(({ seq, parts }) => `${seq}/${parts[0]?.baseOffset}`)), new Set(["1/1"]));
    assert.equal(results.filter(({ parts }) => parts[0]?.duplicate === false).length, 1);
    assert.deepEqual(await labels(journal), ["before", "a"]);
  }),
  reopenCase(
    "retries of 8 producers with 50 sequences each, shuffled and in parallel, add nothing",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 1, layout: 0 });
      const send = (i: number) => journal.append(shard, one(`${i}`), by(request(BigInt(i % 8), Math.floor(i / 8))));
      for (let sequence = 0; sequence < 50; sequence++) await Promise.all(Array.from({ length: 8 }, (_, id) => send(sequence * 8 + id)));
      return await labels(journal);
    },
    async ({ journal }, was) => {
      assert.deepEqual(await labels(journal), was);
      const retries = Array.from({ length: 400 }, (_, i) => (i * 149) % 400);
      const send = (i: number) => journal.append(shard, one(`${i}`), by(request(BigInt(i % 8), Math.floor(i / 8))));
      const answers = await Promise.all(retries.map(send));
      for (const [at, { parts }] of answers.entries()) assert.equal(was[parts[0]?.baseOffset ?? -1], String(retries[at]));
      assert.deepEqual(await labels(journal), was);
    },
  ),
];

async function checkRetries(journal: Journal, answers: readonly Appended[]): Promise<void> {
  for (const i of [0, 1, 2, 17, 128, 255, 298, 299]) {
    const answer = await journal.append(shard, entry(part(i % 2, `r${i}`, 1 + (i % 3))), by(request(7n, i * 2)));
    assert.deepEqual(answer, again(answers[i] ?? { seq: -1, parts: [] }));
  }
  assert.equal((await journal.head(shard)).seq, 300);
}
