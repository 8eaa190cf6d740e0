import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AwsEngine } from "../../../../lib/engines/aws/index.ts";
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

const tuning = { rollEntries: 2, idleStatesKept: 1 };

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
    await appendAll(store.open(), range(2, 4));
    // Rolled once, and filled again with more than the late roller would take off.
    const stuck = store.open((call, run) => (headUpdate(call) === "roll" ? Promise.reject(fault("refused")) : run()));
    await appendAll(stuck, range(4, 7));
    assert.equal(numberOf(await store.table.get(headOf), "tseq"), 4);
    const before = await store.table.get(headOf);
    gate.open();
    await late.idle();
    assert.deepEqual(await store.table.get(headOf), before);
    assert.deepEqual(await namesIn(store.open()), range(0, 7));
    await appendAll(late, range(7, 12));
    assert.deepEqual(await namesIn(store.open()), range(0, 12));
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
        let failures = 3;
        const fails: Between = (call, run) => {
          const isMeant = call.pk.startsWith(failing) && (failing === "H#" ? headUpdate(call) === "roll" : call.op === "put");
          return isMeant && failures-- > 0 ? Promise.reject(fault(kind)) : run();
        };
        const engine = store.open(fails);
        await openShard(engine);
        for (let producer = 0n; producer < 12n; producer++) await appendBy(engine, producer, 0);
        assert.ok(failures <= 0, `${failing} ${kind}`);
        assert.ok(numberOf(await store.table.get(headOf), "tseq") >= 10, `${failing} ${kind}`);
        for (let producer = 0n; producer < 12n; producer++) assert.deepEqual(await appendBy(store.open(), producer, 0), [Number(producer)]);
        assert.equal((await namesIn(store.open())).length, 12);
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
