import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { CatalogWrite } from "../../../ports/catalog.ts";
import type { Engine } from "../../../ports/engine.ts";
import type { ShardAppend } from "../../../ports/journal.ts";
import { engineCase, reopenCase } from "../case.ts";
import type { EngineCase } from "../case.ts";
import { refused } from "../expect.ts";
import { batch, by, entry, labels, one, otherShard, part, request, shard } from "./build.ts";

const itemKey = { pk: "group", sk: "g1" };
const put = (value: number, condition: CatalogWrite["if"]): CatalogWrite => ({ key: itemKey, put: value, if: condition });

/** `transact`: entries of several shards and catalog writes as one step. */
export const transactCases: readonly EngineCase[] = [
  reopenCase(
    "entries of two shards and catalog writes are done together, also after a reopening",
    async (engine) => {
      await openBoth(engine);
      const answers = await engine.journal.transact(
        [
          { shard: otherShard, entry: one("b") },
          { shard, entry: entry(part(0, "a", 3)) },
        ],
        [put(1, "absent"), { key: { pk: "group", sk: "g2" }, put: { x: [null, "é"] }, if: "any" }],
      );
      assert.deepEqual(answers, [
        { seq: 0, parts: [{ index: 0, baseOffset: 0, duplicate: false }] },
        { seq: 0, parts: [{ index: 0, baseOffset: 0, duplicate: false }] },
      ]);
      await engine.journal.transact([{ shard, entry: one("c") }], [put(2, 1)]);
      assert.deepEqual(await stateOf(engine), { own: ["a", "c"], other: ["b"], item: [2, 2] });
    },
    async (engine) => {
      assert.deepEqual(await stateOf(engine), { own: ["a", "c"], other: ["b"], item: [2, 2] });
      assert.deepEqual((await engine.catalog.get({ pk: "group", sk: "g2" }))?.value, { x: [null, "é"] });
      assert.deepEqual((await engine.journal.head(shard)).highWatermarks, [4, 0]);
    },
  ),
  reopenCase(
    "when anything in it fails, nothing of it is done",
    async (engine) => {
      await openBoth(engine);
      await engine.journal.transact([{ shard, entry: one("a"), guards: by(request(7n, 5)) }], [put(1, "absent")]);
      const fine: ShardAppend = { shard, entry: one("x") };
      const other = (guards: ShardAppend["guards"]): ShardAppend => ({ shard: otherShard, entry: one("x"), ...(guards && { guards }) });
      const { journal } = engine;
      await refused(journal.transact([fine, other({ expected: [{ index: 0, offset: 1 }] })], [put(2, 1)]), "wrong_expected_offset");
      await refused(journal.transact([fine, other({ layout: 9 })], [put(2, 1)]), "conflict");
      await refused(journal.transact([{ ...fine, guards: by(request(7n, 4)) }, other(undefined)], [put(2, 1)]), "out_of_order_sequence");
      await refused(journal.transact([fine, { shard: otherShard, entry: entry(part(9, "x")) }], [put(2, 1)]), "unknown_topic_or_partition");
      await refused(
        journal.transact([fine, { shard: { topicId: "t9", shard: 0 }, entry: one("x") }], [put(2, 1)]),
        "unknown_topic_or_partition",
      );
      await refused(journal.transact([fine, { shard: otherShard, entry: entry() }], [put(2, 1)]), "invalid_request");
      for (const condition of ["absent", 0, 2] as const)
        await refused(journal.transact([fine, other(undefined)], [put(2, condition)]), "conflict");
      const check: CatalogWrite = { key: { pk: "group", sk: "none" }, check: true, if: 1 };
      await refused(journal.transact([fine], [put(2, 1), check]), "conflict");
      assert.deepEqual(await stateOf(engine), { own: ["a"], other: [], item: [1, 1] });
      assert.deepEqual(await journal.append(shard, one("b")), { seq: 1, parts: [{ index: 0, baseOffset: 1, duplicate: false }] });
    },
    async (engine) => {
      assert.deepEqual(await stateOf(engine), { own: ["a", "b"], other: [], item: [1, 1] });
    },
  ),
  engineCase("appends alone and catalog writes alone are fine, nothing at all is not", async (engine) => {
    await openBoth(engine);
    await engine.journal.transact([{ shard, entry: one("a") }], []);
    assert.deepEqual(await engine.journal.transact([], [put(1, "absent")]), []);
    await refused(engine.journal.transact([], []), "invalid_request");
    assert.deepEqual(await stateOf(engine), { own: ["a"], other: [], item: [1, 1] });
  }),
  engineCase("a shard, and a catalog key, at most once", async (engine) => {
    await openBoth(engine);
    await refused(
      engine.journal.transact(
        [
          { shard, entry: one("x") },
          { shard: { ...shard }, entry: one("y") },
        ],
        [],
      ),
      "invalid_request",
    );
    await refused(engine.journal.transact([{ shard, entry: one("x") }], [put(1, "any"), put(2, "any")]), "invalid_request");
    assert.deepEqual(await stateOf(engine), { own: [], other: [], item: undefined });
  }),
  engineCase("the most appends and writes together go through, one more is refused", async (engine) => {
    const { journal, catalog } = engine;
    const half = limits.transactWritesMax / 2;
    const keys = Array.from({ length: half }, (_, i) => ({ topicId: "many", shard: i }));
    for (const key of keys) await journal.open(key, { partitions: 1, layout: 0 });
    const appends = keys.map((key) => ({ shard: key, entry: one("a") }));
    const writes = (count: number): CatalogWrite[] =>
      Array.from({ length: count }, (_, i) => ({ key: { pk: "many", sk: `${i}` }, put: i, if: "absent" as const }));
    await refused(journal.transact(appends, writes(half + 1)), "request_too_large");
    assert.deepEqual(await catalog.query("many", { limit: 1_000 }), []);
    await journal.transact(appends, writes(half));
    assert.equal((await catalog.query("many", { limit: 1_000 })).length, half);
    for (const key of keys) assert.deepEqual(await labels(journal, key), ["a"]);
  }),
  reopenCase(
    "a retry gets the first answers and writes nothing, the catalog's part too",
    async (engine) => {
      await openBoth(engine);
      const first = await engine.journal.transact(retried, [put(1, "absent")]);
      await engine.journal.append(shard, one("b"));
      await engine.catalog.transact([put(2, 1)]);
      return first;
    },
    async (engine, first) => {
      const answers = await engine.journal.transact(retried, [put(1, "absent")]);
      assert.deepEqual(
        answers,
        first.map(({ seq, parts }) => ({ seq, parts: parts.map((each) => ({ ...each, duplicate: true })) })),
      );
      assert.deepEqual(await stateOf(engine), { own: ["a", "b"], other: ["a too"], item: [2, 2] });
    },
  ),
  engineCase("an older transaction's retry gets its first answers after newer ones", async (engine) => {
    await openBoth(engine);
    const first = await engine.journal.transact(retried, []);
    for (let sequence = 6; sequence < 40; sequence++) {
      const guards = by(request(7n, sequence));
      await engine.journal.transact(
        [
          { shard, entry: one("n"), guards },
          { shard: otherShard, entry: one("n"), guards },
        ],
        [],
      );
    }
    const again = await engine.journal.transact(retried, []);
    assert.deepEqual(
      again.map(({ seq, parts }) => [seq, parts[0]?.baseOffset]),
      first.map(({ seq, parts }) => [seq, parts[0]?.baseOffset]),
    );
    assert.equal((await engine.journal.head(shard)).seq, 35);
  }),
  engineCase("when only a part of it is repeated, nothing is written", async (engine) => {
    await openBoth(engine);
    await engine.journal.append(shard, one("a"), by(request(7n, 5)));
    await refused(engine.journal.transact(retried, [put(1, "absent")]), "sequence_reused");
    await engine.journal.append(otherShard, one("k"), by(batch(8n, 0, 0)));
    const plain: ShardAppend = { shard, entry: one("x") };
    await refused(
      engine.journal.transact([plain, { shard: otherShard, entry: one("k"), guards: by(batch(8n, 0, 0)) }], []),
      "sequence_reused",
    );
    assert.deepEqual(await stateOf(engine), { own: ["a"], other: ["k"], item: undefined });
  }),
  engineCase("it takes an offset of each shard, whatever runs beside it, and is never seen in part", async (engine) => {
    await openBoth(engine);
    const { journal } = engine;
    const steps = Array.from({ length: 64 }, (_, i) =>
      journal.transact(
        [
          { shard, entry: one(`${i}`) },
          { shard: otherShard, entry: one(`${i}`) },
        ],
        [put(i, "any")],
      ),
    );
    const plain = Array.from({ length: 16 }, () => journal.append(shard, entry(part(1, "beside"))));
    const state = { running: true };
    const done = Promise.all([...steps, ...plain]).finally(() => {
      state.running = false;
    });
    while (state.running) {
      const own = await journal.head(shard);
      const other = await journal.head(otherShard);
      assert.ok((other.highWatermarks[0] ?? 0) >= (own.highWatermarks[0] ?? 0), "read first, the first shard is never ahead");
      const later = await journal.head(shard);
      assert.ok((later.highWatermarks[0] ?? 0) >= (other.highWatermarks[0] ?? 0), "read second, it is never behind");
      await Promise.race([done, pause()]);
    }
    await done;
    const [own, other] = [await labels(journal), await labels(journal, otherShard)];
    assert.deepEqual(own, other);
    assert.deepEqual(
      [...own].sort((a, b) => Number(a) - Number(b)),
      steps.map((_, i) => `${i}`),
    );
    assert.deepEqual((await engine.catalog.get(itemKey))?.version, 64);
    assert.equal((await engine.catalog.get(itemKey))?.value, Number(own.at(-1)));
  }),
];

const retried: readonly ShardAppend[] = [
  { shard, entry: one("a"), guards: by(request(7n, 5)) },
  { shard: otherShard, entry: one("a too"), guards: by(request(7n, 5)) },
];

async function openBoth({ journal }: Engine): Promise<void> {
  await journal.open(shard, { partitions: 2, layout: 0 });
  await journal.open(otherShard, { partitions: 1, layout: 0 });
}

async function stateOf({ journal, catalog }: Engine) {
  const item = await catalog.get(itemKey);
  return { own: await labels(journal), other: await labels(journal, otherShard), item: item && [item.version, item.value] };
}

/** Lets the machine's own events in, so that a loop of reads starves nobody. */
function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
