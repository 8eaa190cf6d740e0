import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AwsEngine } from "../../../../lib/engines/aws/index.ts";
import { decodeHead } from "../../../../lib/engines/aws/items/head.ts";
import { decodePage } from "../../../../lib/engines/aws/items/page.ts";
import {
  appendAll,
  type Between,
  entryOf,
  fault,
  Gate,
  headOf,
  headUpdate,
  namesIn,
  numberOf,
  openShard,
  range,
  shard,
  step,
  Store,
  until,
} from "./support.ts";

const tuning = { rollEntries: 2, idleEntries: 0, idleStatesKept: 1 };

async function appendBy(engine: AwsEngine, producerId: bigint, sequence: number, epoch = 0): Promise<readonly number[]> {
  const guards = { producers: [step(sequence, { producerId, epoch })] };
  const { parts } = await engine.journal.append(shard, entryOf(`p${producerId}-${sequence}`), guards);
  await engine.idle();
  return parts.map(({ baseOffset }) => baseOffset);
}

async function headStates(store: Store): Promise<number> {
  const states = (await store.table.get(headOf))?.["p"];
  return states !== undefined && "M" in states ? Object.keys(states.M).length : Number.NaN;
}

describe("a roll", () => {
  it("moves states that are not used out of the head, and their next step brings them back", async () => {
    const store = new Store(tuning);
    const engine = store.open();
    await openShard(engine);
    for (let producer = 0n; producer < 10n; producer++) await appendBy(engine, producer, 0);
    assert.ok(store.items("PS#").length >= 5);
    assert.ok((await headStates(store)) <= 4);
    for (const reader of [engine, store.open()]) {
      for (let producer = 0n; producer < 10n; producer++) {
        // A retry gets its first answer, wherever the state is.
        assert.deepEqual(await appendBy(reader, producer, 0), [Number(producer)]);
        const { producers } = await reader.journal.head(shard, producer);
        assert.deepEqual(
          producers.map(({ sequence }) => sequence),
          [0],
        );
      }
    }
    for (let producer = 0n; producer < 10n; producer++)
      assert.deepEqual(await appendBy(store.open(), producer, 1), [10 + Number(producer)]);
    // The second steps know the first, through states that were away.
    for (let producer = 0n; producer < 10n; producer++) assert.deepEqual(await appendBy(store.open(), producer, 0), [Number(producer)]);
    assert.equal((await namesIn(store.open())).length, 20);
  });

  it("leaves the states of the last entries in the head", async () => {
    const store = new Store({ ...tuning, idleEntries: 3 });
    const engine = store.open();
    await openShard(engine);
    const spilled = () => store.items("PS#").map((item) => ("S" in item["sk"]! ? item["sk"].S : ""));
    // Each roll but the first takes one entry, and looks at the states of before the tail that it finds: from entry 5 on at those before 1, 2, ...
    for (let producer = 0n; producer < 5n; producer++) await appendBy(engine, producer, 0);
    assert.deepEqual(spilled(), []);
    for (let producer = 5n; producer < 8n; producer++) {
      await appendBy(engine, producer, 0);
      assert.deepEqual(spilled().toSorted(), ["0#-", "1#-", "2#-"].slice(0, Number(producer) - 4));
    }
  });

  it("takes the oldest states of a head that is more than half full, however lately they were used", async () => {
    const store = new Store({ ...tuning, idleEntries: 1_000, headStatesMax: 8 });
    const engine = store.open();
    await openShard(engine);
    for (let producer = 0n; producer < 4n; producer++) await appendBy(engine, producer, 0);
    assert.equal(store.items("PS#").length, 0);
    for (let producer = 4n; producer < 20n; producer++) {
      await appendBy(engine, producer, 0);
      assert.ok((await headStates(store)) <= 5);
    }
    for (let producer = 0n; producer < 20n; producer++) assert.deepEqual(await appendBy(store.open(), producer, 0), [Number(producer)]);
  });

  it("reads nothing, and changes the head once its page and its states are stored", async () => {
    for (const last of ["J#", "PS#"]) {
      const store = new Store(tuning);
      const gate = new Gate();
      const calls: string[] = [];
      const engine = store.open(async (call, run) => {
        // What comes before the commit is not the roll's.
        if (headUpdate(call) === "commit") calls.length = 0;
        else calls.push(headUpdate(call) ?? `${call.op} ${call.pk.slice(0, call.pk.indexOf("#"))}`);
        if (call.op === "put" && call.pk.startsWith(last)) await gate.pass();
        return await run();
      });
      await openShard(store.open());
      await appendBy(store.open(), 0n, 0);
      await appendBy(store.open(), 1n, 0);
      const { seq } = await engine.journal.append(shard, entryOf("p2-0"), { producers: [step(0, { producerId: 2n })] });
      assert.equal(seq, 2);
      const isStored = () => calls.includes("put J") && calls.includes("put PS");
      await until(() => gate.held > 0 && isStored(), "page and state are on their way");
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
      assert.ok(!calls.includes("roll"));
      gate.open();
      await engine.idle();
      assert.deepEqual(calls.toSorted(), ["put J", "put PS", "roll"]);
      assert.equal(numberOf(await store.table.get(headOf), "tseq"), 2);
    }
  });

  it("gives its page the largest timestamps so far, of partitions that were added too", async () => {
    const store = new Store({ rollEntries: 3 });
    await openShard(store.open(), shard, 2);
    const stamps: readonly (readonly [index: number, timeMs: number])[] = [
      [0, 500],
      [0, 300],
      [0, 900],
      [0, -1],
      [1, 100],
      [0, 400],
      [2, 50],
      [1, 700],
      [0, 1],
    ];
    for (const [nth, [index, timeMs]] of stamps.entries()) {
      // Nothing is remembered from roll to roll.
      const engine = store.open();
      if (nth === 5) await openShard(engine, shard, 3);
      await engine.journal.append(shard, entryOf(`e${nth}`, { index, timeMs }));
      await engine.idle();
    }
    assert.deepEqual(
      store.items("J#").map((item) => decodePage(item).maxTimestampsMs),
      [
        [500, -1],
        [900, -1],
        [900, 100, -1],
        [900, 700, 50],
      ],
    );
    assert.deepEqual(decodeHead((await store.table.get(headOf))!)?.maxTimestampsMs, [900, 700, 50]);
  });

  it("that is under way is waited for by who meets a full tail", async () => {
    const store = new Store({ rollEntries: 2, tailEntriesMax: 4 });
    const gate = new Gate();
    const first = store.open(async (call, run) => {
      if (headUpdate(call) === "roll") await gate.pass();
      return await run();
    });
    await openShard(first);
    for (const name of range(0, 3)) await first.journal.append(shard, entryOf(name));
    await until(() => gate.held > 0, "the roller is held");
    let rolls = 0;
    const late = store.open(async (call, run) => {
      if (headUpdate(call) === "roll") rolls++;
      // After the pause.
      if (call.op === "get" && call.pk === headOf.pk && store.clock.slept.length > 0) {
        gate.open();
        await first.idle();
      }
      return await run();
    });
    // Fills the tail, and ends before it rolls.
    const stuck = store.open((call, run) => (headUpdate(call) === "roll" ? Promise.reject(fault("refused")) : run()));
    await appendAll(stuck, ["e3"]);
    const { seq } = await late.journal.append(shard, entryOf("e4"));
    assert.equal(seq, 4);
    assert.equal(rolls, 0);
    assert.deepEqual(store.clock.slept.length, 1);
    assert.deepEqual(await namesIn(store.open()), range(0, 5));
  });

  it("keeps an evicted producer's epoch: an older one stays fenced", async () => {
    const store = new Store(tuning);
    const engine = store.open();
    await openShard(engine);
    await appendBy(engine, 0n, 5, 3);
    for (let producer = 1n; producer < 9n; producer++) await appendBy(engine, producer, 0);
    assert.ok(store.items("PS#").some((item) => "S" in item["sk"]! && item["sk"].S === "0#-"));
    await assert.rejects(appendBy(store.open(), 0n, 6, 2), { code: "producer_fenced" });
  });

  it("between a producer's look-up and its commit makes it look again", async () => {
    const store = new Store(tuning);
    await openShard(store.open());
    let isFirst = true;
    const late = store.open(async (call, run) => {
      if (headUpdate(call) === "commit" && isFirst) {
        isFirst = false;
        // Its earlier attempt comes to be done after all, and leaves the head again.
        const others = store.open();
        for (let producer = 0n; producer < 8n; producer++) await appendBy(others, producer, 0);
        assert.ok(store.items("PS#").some((item) => "S" in item["sk"]! && item["sk"].S === "0#-"));
      }
      return await run();
    });
    assert.deepEqual(await appendBy(late, 0n, 0), [0]);
    assert.equal((await namesIn(store.open())).length, 8);
  });

  it("changes nothing when the head was rolled meanwhile", async () => {
    const store = new Store(tuning);
    const gate = new Gate();
    const waits: Between = async (call, run) => {
      if (headUpdate(call) === "roll") await gate.pass();
      return await run();
    };
    const late = store.open(waits);
    await openShard(late);
    await late.journal.append(shard, entryOf("e0"));
    await late.journal.append(shard, entryOf("e1"));
    await until(() => gate.held > 0, "the roller is held");
    await appendAll(store.open(), range(2, 8));
    // Rolled once, and filled again with more than the late roller would take off.
    const stuck = store.open((call, run) => (headUpdate(call) === "roll" ? Promise.reject(fault("refused")) : run()));
    await appendAll(stuck, range(8, 11));
    assert.equal(numberOf(await store.table.get(headOf), "tseq"), 7);
    const before = await store.table.get(headOf);
    gate.open();
    await late.idle();
    assert.deepEqual(await store.table.get(headOf), before);
    assert.deepEqual(await namesIn(store.open()), range(0, 11));
    await appendAll(late, range(11, 16));
    assert.deepEqual(await namesIn(store.open()), range(0, 16));
  });

  it("that comes late takes back no spilled state", async () => {
    const store = new Store(tuning);
    const gate = new Gate();
    const waits: Between = async (call, run) => {
      if (call.op === "put" && call.pk.startsWith("PS#")) await gate.pass();
      return await run();
    };
    const first = store.open();
    await openShard(first);
    await appendBy(first, 0n, 0);
    const late = store.open(waits);
    for (let producer = 1n; producer < 4n; producer++) {
      await late.journal.append(shard, entryOf(`p${producer}`), { producers: [step(0, { producerId: producer })] });
    }
    await until(() => gate.held > 0, "the roller is held");
    // Others evict it, use it again and evict it with a later step.
    const others = store.open();
    for (const sequence of [1, 2]) {
      await appendBy(others, 0n, sequence);
      for (let producer = 10n; producer < 16n; producer++) await appendBy(others, producer, sequence);
    }
    const spilled = await store.table.get({ pk: "PS#orders#0", sk: "0#-" });
    assert.ok(numberOf(spilled, "q") > 4);
    gate.open();
    await late.idle();
    assert.deepEqual(await store.table.get({ pk: "PS#orders#0", sk: "0#-" }), spilled);
    assert.equal((await store.open().journal.head(shard, 0n)).producers[0]?.sequence, 2);
  });

  it("that fails anywhere leaves a head to which commits and later rolls go on", async () => {
    for (const kind of ["throttled", "conflict", "unreachable", "unknown", "refused"] as const) {
      for (const failing of ["J#", "PS#", "H#"]) {
        const store = new Store(tuning);
        let failures = 2;
        const fails: Between = (call, run) => {
          const isMeant = call.pk.startsWith(failing) && (failing === "H#" ? headUpdate(call) === "roll" : call.op === "put");
          return isMeant && failures-- > 0 ? Promise.reject(fault(kind)) : run();
        };
        const engine = store.open(fails);
        await openShard(engine);
        for (let producer = 0n; producer < 24n; producer++) await appendBy(engine, producer, 0);
        assert.ok(failures <= 0, `${failing} ${kind}`);
        assert.ok(numberOf(await store.table.get(headOf), "tseq") >= 10, `${failing} ${kind}`);
        for (let producer = 0n; producer < 24n; producer++) assert.deepEqual(await appendBy(store.open(), producer, 0), [Number(producer)]);
        assert.equal((await namesIn(store.open())).length, 24);
      }
    }
  });

  it("whose answer is lost is seen to be done", async () => {
    const store = new Store(tuning);
    const loses: Between = async (call, run) => {
      const answer = await run();
      if (headUpdate(call) === "roll") throw fault("unknown");
      return answer;
    };
    const engine = store.open(loses);
    await openShard(engine);
    await appendAll(engine, range(0, 9));
    assert.equal(numberOf(await store.table.get(headOf), "tseq"), 8);
    assert.deepEqual(await namesIn(engine), range(0, 9));
  });
});
