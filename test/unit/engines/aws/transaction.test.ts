import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AwsEngine } from "../../../../lib/engines/aws/index.ts";
import type { Guards } from "../../../../lib/ports/journal.ts";
import { appendAll, type Between, entryOf, fault, headUpdate, namesIn, openShard, other, range, shard, step, Store } from "./support.ts";

const key = { pk: "groups", sk: "g" };
const write = { key, put: { offset: 5 }, if: "any" } as const;

/** Loses the answer of the first transaction; a request that comes late meets what is there by then. */
function losing(fate: "done" | "never" | "before the fence" | "after the fence" | "after the retry") {
  let late: (() => Promise<unknown>) | undefined;
  let sent = 0;
  const execute = async (): Promise<void> => {
    const request = late;
    late = undefined;
    await request?.().catch(() => undefined);
  };
  const between: Between = async (call, run) => {
    if (call.op === "transact" && sent++ === 0) {
      if (fate === "done") await run();
      else if (fate !== "never") late = run;
      throw fault("unknown");
    }
    const isFence = headUpdate(call) === "fence";
    if (isFence && fate === "before the fence") await execute();
    const answer = await run();
    if ((isFence && fate === "after the fence") || (call.op === "transact" && fate === "after the retry")) await execute();
    return answer;
  };
  return { between, execute };
}
const fates = ["done", "never", "before the fence", "after the fence", "after the retry"] as const;

async function openBoth(store: Store): Promise<void> {
  await openShard(store.open(), shard);
  await openShard(store.open(), other);
}

function transact(engine: AwsEngine, guards: Guards = {}) {
  const appends = [shard, other].map((each) => ({ shard: each, entry: entryOf(`to ${each.topicId}`), guards }));
  return engine.journal.transact(appends, [write]);
}

async function assertDoneOnce(store: Store, before: readonly string[] = []): Promise<void> {
  assert.deepEqual(await namesIn(store.open(), shard), [...before, "to orders"]);
  assert.deepEqual(await namesIn(store.open(), other), ["to returns"]);
  const { value, version } = (await store.open().catalog.get(key))!;
  assert.deepEqual([value, version], [{ offset: 5 }, 1]);
}

describe("a transaction", () => {
  for (const fate of fates) {
    for (const [name, guards] of [
      ["plain", {}],
      ["idempotent", { producers: [step(1)] }],
    ] as const) {
      it(`whose answer is lost is done once: ${name}, executed ${fate}`, async () => {
        const store = new Store({ rollEntries: 2 });
        await openBoth(store);
        await appendAll(store.open(), range(0, 3));
        const { between, execute } = losing(fate);
        const answers = await transact(store.open(between), guards);
        await execute();
        assert.deepEqual(
          answers.map(({ seq, parts }) => [seq, parts[0]?.baseOffset]),
          [
            [3, 3],
            [0, 0],
          ],
        );
        await assertDoneOnce(store, range(0, 3));
      });
    }
  }

  it("is found behind what others have committed and rolled since", async () => {
    const store = new Store({ rollEntries: 2 });
    await openBoth(store);
    const { between } = losing("done");
    const slow: Between = async (call, run) => {
      if (headUpdate(call) === "fence") await appendAll(store.open(), range(0, 40));
      return await between(call, run);
    };
    const answers = await transact(store.open(slow));
    assert.deepEqual(
      answers.map(({ seq }) => seq),
      [0, 0],
    );
    assert.deepEqual(await namesIn(store.open()), ["to orders", ...range(0, 40)]);
  });

  it("stays unknown when it cannot be found out", async () => {
    const store = new Store();
    await openBoth(store);
    const fails: Between = (call, run) =>
      call.op === "transact" || headUpdate(call) === "fence" ? Promise.reject(fault("unknown")) : run();
    await assert.rejects(transact(store.open(fails)), { code: "timeout", outcome: "unknown" });
    assert.deepEqual(await namesIn(store.open()), []);
  });

  it("that meets others is sent again, and told as certainly not done when they never leave", async () => {
    for (const kind of ["conflict", "throttled", "unreachable"] as const) {
      const store = new Store();
      await openBoth(store);
      let left = 5;
      const meets: Between = (call, run) => (call.op === "transact" && left-- > 0 ? Promise.reject(fault(kind)) : run());
      await transact(store.open(meets));
      await assertDoneOnce(store);
      left = Number.POSITIVE_INFINITY;
      const code = kind === "unreachable" ? "unavailable" : "throttled";
      await assert.rejects(transact(store.open(meets)), { code, outcome: "not-applied", retryAfterMs: 500 });
      await assertDoneOnce(store);
    }
  });

  it("is decided anew when a head moved meanwhile", async () => {
    const store = new Store({ rollEntries: 2 });
    await openBoth(store);
    const guards = { producers: [step(1)] };
    let moves = 3;
    const busy: Between = async (call, run) => {
      if (call.op === "transact" && moves-- > 0) await appendAll(store.open(), [`e${moves}`, `f${moves}`]);
      return await run();
    };
    const [first] = await transact(store.open(busy), guards);
    const names = await namesIn(store.open());
    assert.equal(names[first!.seq], "to orders");
    assert.equal(names.length, 7);
    // Its retry gets the first answer, and writes nothing.
    assert.deepEqual(
      (await transact(store.open(), guards)).map(({ parts }) => parts[0]?.duplicate),
      [true, true],
    );
    await assertDoneOnce(
      store,
      names.filter((name) => name !== "to orders"),
    );
  });
});

describe("a transaction of catalog writes alone", () => {
  const writes = [{ ...write, if: "absent" } as const, { key: { pk: "groups", sk: "h" }, put: 1, if: "any" } as const];

  for (const fate of ["done", "never", "after the retry"] as const) {
    it(`whose answer is lost is done once: executed ${fate}`, async () => {
      const store = new Store();
      const { between, execute } = losing(fate);
      await store.open(between).catalog.transact(writes);
      await execute();
      const items = await store.open().catalog.query("groups", { limit: 10 });
      assert.deepEqual(
        items.map(({ key: { sk }, version }) => [sk, version]),
        [
          ["g", 1],
          ["h", 1],
        ],
      );
    });
  }

  it("stays unknown when it is refused after an answer was lost, and when no answer ever comes", async () => {
    for (const kind of ["unknown", "conflict", "throttled", "refused"] as const) {
      const store = new Store();
      let sent = 0;
      const fails: Between = (call, run) => (call.op === "transact" ? Promise.reject(fault(sent++ === 0 ? "unknown" : kind)) : run());
      await assert.rejects(store.open(fails).catalog.transact(writes), { outcome: "unknown" }, kind);
    }
  });

  it("names the item whose condition failed", async () => {
    const store = new Store();
    await store.open().catalog.transact([write]);
    await assert.rejects(store.open().catalog.transact(writes), { code: "conflict", outcome: "not-applied", message: /groups g/ });
    assert.equal(await store.open().catalog.get({ pk: "groups", sk: "h" }), undefined);
  });
});
