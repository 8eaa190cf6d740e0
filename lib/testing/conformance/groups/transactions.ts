import assert from "node:assert/strict";
import { LogError } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import { createLog } from "../../../log/create-log.ts";
import type { OffsetCommit } from "../../../log/groups/groups.ts";
import type { Log, OutputPlace, OutputRecord } from "../../../log/log.ts";
import type { Journal } from "../../../ports/journal.ts";
import { labelsOf, record } from "../log/build.ts";
import type { StrataCase, StrataHarness } from "../strata/build.ts";
import { codeOf, Consumer, errorOf } from "./build.ts";

type Transact = Journal["transact"];

interface World {
  readonly log: Log;
  readonly harness: StrataHarness;
  /** Of topics `t` (read by the member) and `out`, 2 partitions each. */
  readonly a: Consumer;
  /** Another log over the same engine, which knows of the first one's changes only what it reads; its transactions go this way. */
  readonly second: (transact?: (transact: Transact) => Transact) => Log;
}

/** A member `a` that has both partitions of `t`. */
function transactionCase(name: string, run: (world: World) => Promise<void>): StrataCase {
  return {
    name: `transactions: ${name}`,
    async run(harness) {
      const { log, engine } = await harness.openTuned({});
      try {
        for (const topic of ["t", "out"]) await log.topics.create({ name: topic, partitions: 2, partitionsPerShard: 1 });
        const a = new Consumer(log, "a");
        await a.beat();
        await a.acquire();
        let seed = 0;
        const random = { bytes: (count: number) => Uint8Array.from({ length: count }, () => (seed = (seed * 5 + 7) % 251)) };
        const second: World["second"] = (through = (transact) => transact) => {
          const transact = through((appends, writes) => engine.journal.transact(appends, writes));
          const journal = proxied(engine.journal, { transact });
          return createLog({ ...engine, journal }, { clock: harness.clock, random, compression: harness.compression });
        };
        await run({ log, harness, a, second });
      } finally {
        await log.close();
      }
    },
  };
}

function proxied(journal: Journal, changed: Partial<Journal>): Journal {
  return new Proxy(journal, {
    get: (target, name: keyof Journal) => changed[name] ?? (target[name] as (...args: unknown[]) => unknown).bind(target),
  });
}

const at = (partition: number, offset: number): OffsetCommit => ({ topic: "t", partition, offset });
const output = (label: string, place: Parameters<typeof record>[1] = { partition: 0 }, topic = "out"): OutputRecord => ({
  ...record(label, place),
  topic,
});
const lost = () => new LogError("timeout", "No answer came.", { outcome: "unknown" });
const shownPlaces = (places: readonly OutputPlace[] | undefined) =>
  places?.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`).join(" ");

/** Offsets and the records that were made of what lies before them, in one step: the contract in `lib/log/log.ts`. */
export const transactionCases: readonly StrataCase[] = [
  transactionCase("outputs of several topics and shards are in the log once their offsets are committed", async ({ log, harness, a }) => {
    await log.topics.create({ name: "audit", partitions: 3 });
    await log.append("out", { records: [record("before", { partition: 1 })] });
    const outputs = [
      output("x", { partition: 1 }),
      output("n", { partition: 2 }, "audit"),
      output("y", { partition: 0 }),
      output("z", { partition: 1 }),
      output("m", { partition: 0 }, "audit"),
    ];
    const places = await log.commitWith("g", a.identity, [at(0, 3), { ...at(1, 2), metadata: "here" }], outputs);
    assert.equal(shownPlaces(places), "out/1@1 audit/2@0 out/0@0 out/1@2 audit/0@0");
    assert.equal(await a.acquire(), "t/0@3 t/1@2");
    assert.equal((await log.groups.committed("g"))[1]?.metadata, "here");
    assert.deepEqual(await labelsOf(log, harness, "out", 1), ["before", "x", "z"]);
    assert.deepEqual(await labelsOf(log, harness, "audit", 2), ["n"]);
    assert.deepEqual(await log.commitWith("g", a.identity, [at(0, 4)], []), [], "no outputs: a commit");
    assert.equal(await a.acquire(), "t/0@4 t/1@2");
  }),
  transactionCase("what was handled before is not handled again: nothing of it is written", async ({ log, harness, a }) => {
    await log.commitWith("g", a.identity, [at(0, 5), at(1, 5)], [output("first")]);
    assert.equal(await codeOf(log.commitWith("g", a.identity, [at(0, 5), at(1, 5)], [output("again")])), "invalid_request");
    assert.equal(await codeOf(log.commitWith("g", a.identity, [at(0, 6), at(1, 4)], [output("back")])), "invalid_request");
    assert.equal(await codeOf(log.commitWith("g", a.identity, [at(0, 5)], [output("late")])), "invalid_request");
    await log.commitWith("g", a.identity, [at(0, 5), at(1, 6)], [output("ahead")]);
    assert.deepEqual(await labelsOf(log, harness, "out"), ["first", "ahead"]);
    assert.equal(await a.acquire(), "t/0@5 t/1@6");
  }),
  transactionCase(
    "one that comes again under its id is done once, also by who has lost the partition since",
    async ({ log, harness, a }) => {
      const one = () => log.commitWith("g", a.identity, [at(0, 1), at(1, 1)], [output("x")], "one");
      assert.equal(shownPlaces(await one()), "out/0@0");
      assert.equal(await one(), undefined);
      assert.equal(await codeOf(log.commitWith("g", a.identity, [at(0, 2), at(1, 2)], [output("y")], "one")), "invalid_request");
      await log.commitWith("g", a.identity, [at(1, 2)], [output("z")], "two");
      assert.equal(await one(), undefined, "one of its rows still tells of it");
      await a.leave();
      const b = new Consumer(log, "b");
      await b.beat();
      assert.equal(await b.acquire(), "t/0@1 t/1@2");
      assert.equal(await one(), undefined);
      await b.commit(0, 9);
      assert.equal(await codeOf(one()), "unknown_member_id");
      assert.deepEqual(await labelsOf(log, harness, "out"), ["x", "z"]);
    },
  ),
  transactionCase("a fenced member's outputs appear nowhere", async ({ log, harness, a, second }) => {
    const b = new Consumer(log, "b");
    await b.beat();
    await a.beat();
    const late = a.identity;
    await a.beat();
    assert.equal(await b.beat(), "t:1");
    assert.equal(await codeOf(log.commitWith("g", late, [at(1, 1)], [output("x")])), "illegal_generation");
    assert.equal(await codeOf(log.commitWith("g", a.identity, [at(0, 1), at(1, 1)], [output("x")])), "illegal_generation");
    const stranger = { ...a.identity, session: "another" };
    assert.equal(await codeOf(log.commitWith("g", stranger, [at(0, 1)], [output("x")])), "fenced_instance_id");
    // The partition goes to the other one between the decision and the write.
    const overtaken = second((transact) => async (appends, writes) => {
      if (appends.length > 0) {
        await a.leave();
        await b.beat();
        assert.equal(await b.acquire(), "t/0@- t/1@-");
      }
      return await transact(appends, writes);
    });
    assert.equal(await codeOf(overtaken.commitWith("g", a.identity, [at(0, 1)], [output("x")])), "unknown_member_id");
    assert.deepEqual(await labelsOf(log, harness, "out"), []);
    assert.equal(await b.acquire(), "t/0@- t/1@-");
  }),
  transactionCase("what others commit meanwhile is decided on", async ({ log, harness, a, second }) => {
    let isFirst = true;
    const overtaken = second((transact) => async (appends, writes) => {
      if (isFirst) await log.commitWith("g", a.identity, [at(0, 4)], [output("other")]);
      isFirst = false;
      return await transact(appends, writes);
    });
    assert.equal(shownPlaces(await overtaken.commitWith("g", a.identity, [at(0, 5)], [output("own")])), "out/0@1");
    isFirst = true;
    assert.equal(await codeOf(overtaken.commitWith("g", a.identity, [at(0, 4)], [output("stale")])), "invalid_request");
    assert.deepEqual(await labelsOf(log, harness, "out"), ["other", "own"]);
  }),
  transactionCase("one that was overtaken before it could be done is refused for certain", async ({ log, harness, a, second }) => {
    const overtaken = second((transact) => async (appends, writes) => {
      if (appends.length === 0) return await transact(appends, writes);
      await log.commitWith("g", a.identity, [at(0, 4)], [output("other")]);
      throw lost();
    });
    const error = await errorOf(overtaken.commitWith("g", a.identity, [at(0, 4)], [output("own")]));
    assert.deepEqual([error?.code, error?.outcome], ["invalid_request", "not-applied"]);
    assert.deepEqual(await labelsOf(log, harness, "out"), ["other"]);
  }),
  transactionCase("who has not looked yet where to go on takes nothing back", async ({ log, harness, a }) => {
    await a.commit(0, 5);
    await a.leave();
    const b = new Consumer(log, "b");
    await b.beat();
    assert.equal(await codeOf(log.commitWith("g", b.identity, [at(0, 3), at(1, 1)], [output("x")])), "invalid_request");
    assert.deepEqual(await labelsOf(log, harness, "out"), []);
    assert.equal(await b.acquire(), "t/0@5 t/1@-");
  }),
  transactionCase("a topic that has grown takes the records by the partitions that it has", async ({ log, harness, a, second }) => {
    const stale = second();
    await stale.commitWith("g", a.identity, [at(0, 1)], [output("x", { key: "k0" })]);
    await log.topics.alter("out", { partitions: 7 });
    const keys = [...Array(20).keys()].map((number) => `k${number}`);
    const places = await stale.commitWith(
      "g",
      a.identity,
      [at(0, 2)],
      keys.map((key) => output(key, { key })),
    );
    const direct = await log.append("out", { records: keys.map((key) => record("direct", { key })) });
    assert.deepEqual(
      places?.map(({ partition }) => partition),
      direct.map(({ partition }) => partition),
    );
    assert.ok(places?.some(({ partition }) => partition > 1));
    await stale.commitWith("g", a.identity, [at(0, 3)], [output("named", { partition: 6 })]);
    assert.ok((await labelsOf(log, harness, "out", 6)).includes("named"));
    assert.equal(
      await codeOf(stale.commitWith("g", a.identity, [at(0, 4)], [output("x", { partition: 7 })])),
      "unknown_topic_or_partition",
    );
    await log.topics.delete("out");
    assert.equal(await codeOf(stale.commitWith("g", a.identity, [at(0, 4)], [output("x")])), "unknown_topic_or_partition");
    await log.topics.create({ name: "out" });
    assert.equal(shownPlaces(await stale.commitWith("g", a.identity, [at(0, 4)], [output("x")])), "out/0@0");
    assert.equal(await a.acquire(), "t/0@4 t/1@-");
  }),
  transactionCase("whose answer is lost is done once", async ({ log, harness, a, second }) => {
    let isLost = true;
    const deaf = second((transact) => async (appends, writes) => {
      const answer = await transact(appends, writes);
      if (isLost) throw lost();
      return answer;
    });
    assert.equal(await deaf.commitWith("g", a.identity, [at(0, 1)], [output("x")]), undefined);
    isLost = false;
    assert.equal(shownPlaces(await deaf.commitWith("g", a.identity, [at(0, 2)], [output("y")])), "out/0@1");
    assert.deepEqual(await labelsOf(log, harness, "out"), ["x", "y"]);
    assert.equal(await a.acquire(), "t/0@2 t/1@-");
  }),
  transactionCase("a first attempt that comes late, when a second one was done, does nothing", async ({ log, harness, a, second }) => {
    const late: (() => Promise<unknown>)[] = [];
    const slow = second((transact) => async (appends, writes) => {
      if (late.length > 0) return await transact(appends, writes);
      late.push(() => transact(appends, writes));
      throw lost();
    });
    assert.equal(shownPlaces(await slow.commitWith("g", a.identity, [at(0, 1)], [output("x")])), "out/0@0");
    assert.equal(await codeOf(late[0]?.() ?? Promise.resolve()), "conflict");
    assert.deepEqual(await labelsOf(log, harness, "out"), ["x"]);
  }),
  transactionCase("of which nobody can tell whether it was done: told so, with its id, and done once under it", async (world) => {
    const { log, harness, a, second } = world;
    const late: (() => Promise<unknown>)[] = [];
    const silent = second((transact) => async (appends, writes) => {
      late.push(() => transact(appends, writes));
      throw lost();
    });
    const error = await errorOf(silent.commitWith("g", a.identity, [at(0, 1), at(1, 1)], [output("x")]));
    assert.deepEqual([error?.code, error?.outcome, late.length], ["timeout", "unknown", limits.transactionSendsMax]);
    assert.deepEqual(await labelsOf(log, harness, "out"), []);
    const id = String(error?.details["transaction"]);
    await late[0]?.();
    assert.equal(await codeOf(late[1]?.() ?? Promise.resolve()), "conflict");
    assert.equal(await log.commitWith("g", a.identity, [at(0, 1), at(1, 1)], [output("x")], id), undefined);
    assert.equal(await codeOf(log.commitWith("g", a.identity, [at(0, 1), at(1, 1)], [output("x")])), "invalid_request");
    assert.deepEqual(await labelsOf(log, harness, "out"), ["x"]);
  }),
  transactionCase(
    "an attempt that may yet be done is no refusal, whatever the next one is refused for",
    async ({ log, harness, a, second }) => {
      const late: (() => Promise<unknown>)[] = [];
      const silent = second((transact) => async (appends, writes) => {
        late.push(() => transact(appends, writes));
        await a.leave();
        throw lost();
      });
      const error = await errorOf(silent.commitWith("g", a.identity, [at(0, 1)], [output("x")]));
      assert.deepEqual([error?.code, error?.outcome], ["unknown_member_id", "unknown"]);
      // Nobody has taken the partition over yet: it comes in time, and whoever does goes on after it.
      await late[0]?.();
      const b = new Consumer(log, "b");
      await b.beat();
      assert.equal(await b.acquire(), "t/0@1 t/1@-");
      assert.deepEqual(await labelsOf(log, harness, "out"), ["x"]);
    },
  ),
  transactionCase("over a limit is refused before anything is sent", async ({ log, harness, a, second }) => {
    const names = [...Array(100).keys()].map((number) => `n-${number}`);
    await log.topics.create({ name: "wide", partitions: 100, partitionsPerShard: 1 });
    let sent = 0;
    const counting = second((transact) => (appends, writes) => {
      sent++;
      return transact(appends, writes);
    });
    const refusals: readonly [readonly OutputRecord[], string][] = [
      [names.map((name) => output(name, { partition: 0 }, name)), "unknown_topic_or_partition"],
      [[...names, "n-100"].map((name) => output(name, { partition: 0 }, name)), "request_too_large"],
      [names.map((name, partition) => output(name, { partition }, "wide")), "request_too_large"],
      [new Array<OutputRecord>(limits.requestRecordsMax + 1).fill(output("x")), "request_too_large"],
      [[{ ...output("x"), value: new Uint8Array(2 * 1024 * 1024) }], "message_too_large"],
      [[output("x", { partition: 0 }, "no topic")], "invalid_topic"],
      [[output("x"), output("x", { partition: 0 }, "none")], "unknown_topic_or_partition"],
    ];
    for (const [outputs, code] of refusals) assert.equal(await codeOf(counting.commitWith("g", a.identity, [at(0, 1)], outputs)), code);
    assert.equal(await codeOf(counting.commitWith("g", a.identity, [], [output("x")])), "invalid_request");
    assert.equal(await codeOf(counting.commitWith("g", a.identity, [at(0, 1)], [output("x")], "")), "invalid_request");
    assert.equal(sent, 0);
    const most = names.slice(1).map((name, partition) => output(name, { partition }, "wide"));
    assert.equal((await counting.commitWith("g", a.identity, [at(0, 1)], most))?.length, 99);
    assert.deepEqual(await labelsOf(log, harness, "out"), []);
  }),
];
