import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogError } from "../../../../lib/core/errors.ts";
import type { Appended, Guards } from "../../../../lib/ports/journal.ts";
import { appendAll, type Between, entryOf, fault, headOf, headUpdate, namesIn, openShard, range, shard, step, Store } from "./support.ts";

/** What becomes of a commit whose answer is lost. */
type Fate = "done" | "never" | "before the fence" | "after the fence" | "after the retry";
const fates: readonly Fate[] = ["done", "never", "before the fence", "after the fence", "after the retry"];

/** Loses the answer of the first commit. Conditions decide what a request that comes late still does. */
function losing(fate: Fate, meanwhile: () => Promise<void> = async () => undefined): { readonly between: Between; late(): Promise<void> } {
  let late: (() => Promise<unknown>) | undefined;
  let isLost = false;
  const execute = async (): Promise<void> => {
    const request = late;
    late = undefined;
    await request?.().catch(() => undefined);
  };
  const between: Between = async (call, run) => {
    const kind = headUpdate(call);
    if (kind === "commit" && !isLost) {
      isLost = true;
      if (fate === "done") await run();
      else if (fate !== "never") late = run;
      await meanwhile();
      throw fault("unknown");
    }
    if (kind === "fence" && fate === "before the fence") await execute();
    const answer = await run();
    const isDue = (kind === "fence" && fate === "after the fence") || (kind === "commit" && fate === "after the retry");
    if (isDue) await execute();
    return answer;
  };
  return { between, late: execute };
}

const guardsOf: Readonly<Record<string, Guards | undefined>> = {
  plain: undefined,
  idempotent: { producers: [step(1)] },
  "compare-and-append": { expected: [{ index: 0, offset: 3 }] },
};

describe("a commit whose answer is lost", () => {
  for (const [name, guards] of Object.entries(guardsOf)) {
    for (const fate of fates) {
      it(`is acknowledged once and is in the log once: ${name}, executed ${fate}`, async () => {
        const store = new Store({ rollEntries: 2 });
        await openShard(store.open());
        await appendAll(store.open(), range(0, 3));
        const { between, late } = losing(fate);
        const engine = store.open(between);
        const { seq, parts } = await engine.journal.append(shard, entryOf("lost"), guards);
        await late();
        assert.deepEqual(await namesIn(store.open()), ["e0", "e1", "e2", "lost"]);
        assert.deepEqual([seq, parts], [3, [{ index: 0, baseOffset: 3, duplicate: false }]]);
        await appendAll(engine, ["next"]);
        assert.deepEqual(await namesIn(store.open()), ["e0", "e1", "e2", "lost", "next"]);
      });
    }
  }

  it("is found behind what others have committed and rolled since", async () => {
    for (const others of [1, 5, 150]) {
      const store = new Store({ rollEntries: 2 });
      await openShard(store.open());
      await appendAll(store.open(), range(0, 3));
      const { between } = losing("done", () => appendAll(store.open(), range(3, 3 + others)));
      const { seq, parts } = await store.open(between).journal.append(shard, entryOf("lost"));
      assert.deepEqual([seq, parts[0]?.baseOffset], [3, 3]);
      assert.deepEqual(await namesIn(store.open()), [...range(0, 3), "lost", ...range(3, 3 + others)]);
    }
  });

  it("is sent again behind what others have committed when it was never done", async () => {
    const store = new Store({ rollEntries: 2 });
    await openShard(store.open());
    const { between, late } = losing("after the retry", () => appendAll(store.open(), range(0, 150)));
    const { seq } = await store.open(between).journal.append(shard, entryOf("lost"));
    await late();
    assert.equal(seq, 150);
    assert.deepEqual(await namesIn(store.open()), [...range(0, 150), "lost"]);
  });

  it("answers every append that shared it", async () => {
    for (const fate of fates) {
      const store = new Store();
      const { between, late } = losing(fate);
      const engine = store.open(between);
      await openShard(engine);
      const appends = range(0, 12).map((name) => engine.journal.append(shard, entryOf(name)));
      const answers: readonly Appended[] = await Promise.all(appends);
      await late();
      const names = await namesIn(store.open());
      assert.equal(names.length, 12);
      for (const [nth, { seq }] of answers.entries()) assert.equal(names[seq], `e${nth}`, fate);
    }
  });

  it("stays unknown, and is not sent again, when it cannot be found out", async () => {
    for (const isDone of [true, false]) {
      const store = new Store();
      await openShard(store.open());
      let commits = 0;
      const fails: Between = async (call, run) => {
        const kind = headUpdate(call);
        if (kind === "fence") throw fault("unknown");
        if (kind !== "commit") return await run();
        commits++;
        if (isDone) await run();
        throw fault("unknown");
      };
      await assert.rejects(store.open(fails).journal.append(shard, entryOf("lost")), { code: "timeout", outcome: "unknown" });
      assert.equal(commits, 1);
      assert.deepEqual(await namesIn(store.open()), isDone ? ["lost"] : []);
    }
  });

  it("stays unknown, and is not sent again, when a page where it may be is not there", async () => {
    const store = new Store({ rollEntries: 2 });
    await openShard(store.open());
    let commits = 0;
    const { between } = losing("done", async () => {
      await appendAll(store.open(), range(0, 9));
      await store.deletePage(0);
    });
    const counts: Between = (call, run) => {
      if (headUpdate(call) === "commit") commits++;
      return between(call, run);
    };
    await assert.rejects(store.open(counts).journal.append(shard, entryOf("lost")), { outcome: "unknown" });
    assert.equal(commits, 1);
  });

  it("of a shard that was closed since stays unknown", async () => {
    const store = new Store();
    await openShard(store.open());
    const { between } = losing("never", () => store.open().journal.close(shard));
    await assert.rejects(store.open(between).journal.append(shard, entryOf("lost")), {
      code: "unknown_topic_or_partition",
      outcome: "unknown",
    });
  });

  it("is settled by one of two that are lost at once, and both are told the truth", async () => {
    for (const [first, second] of fates.flatMap((a) => fates.map((b) => [a, b] as const))) {
      const store = new Store();
      await openShard(store.open());
      const lost = [losing(first), losing(second)];
      const answers = await Promise.all(lost.map(({ between }, nth) => store.open(between).journal.append(shard, entryOf(`e${nth}`))));
      for (const { late } of lost) await late();
      const names = await namesIn(store.open());
      assert.deepEqual(names.toSorted(), ["e0", "e1"], `${first}, ${second}`);
      for (const [nth, { seq }] of answers.entries()) assert.equal(names[seq], `e${nth}`);
    }
  });
});

describe("a commit that was done", () => {
  it("is not told as failed when the tail holds an entry of a later version", async () => {
    const store = new Store();
    const engine = store.open();
    await openShard(engine);
    await appendAll(engine, ["e0"]);
    // What a newer build does while this one still runs.
    const later = { B: Uint8Array.of(0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9) };
    await store.table.update(headOf, { update: "SET tail[0] = :later", values: { ":later": later } });
    const outcome = await store
      .open()
      .journal.append(shard, entryOf("e1"))
      .then(
        () => "done",
        (reason: unknown) => LogError.from(reason).outcome,
      );
    const numbers = (await store.table.get(headOf))?.["n"];
    assert.deepEqual(numbers, { L: [{ N: "2" }, { N: "2" }] });
    assert.notEqual(outcome, "not-applied");
  });

  it("can be read whatever its timestamps", async () => {
    const store = new Store();
    const engine = store.open();
    await openShard(engine, shard, 2);
    const times = [-1, Number.MAX_SAFE_INTEGER];
    const parts = times.map((maxTimestampMs, index) => ({ index, records: 1, maxTimestampMs, batches: Buffer.from(`e${index}`) }));
    await engine.journal.append(shard, { parts });
    assert.deepEqual(await namesIn(store.open()), ["e0", "e1"]);
  });
});
