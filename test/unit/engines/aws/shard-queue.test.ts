import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import type { Pending } from "../../../../lib/engines/aws/commit.ts";
import { ShardQueue } from "../../../../lib/engines/aws/shard-queue.ts";
import type { Guards } from "../../../../lib/ports/journal.ts";
import { step } from "./support.ts";

/** A clock whose sleepers wake when the test says so. */
class HandClock {
  readonly sleepers: { readonly ms: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return 0;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.sleepers.push({ ms, wake }));
  }

  async wakeAll(): Promise<void> {
    for (const { wake } of this.sleepers.splice(0)) wake();
    await new Promise(setImmediate);
  }
}

/** A queue whose commits end when the test says so. Appends are known by their names. */
class Harness {
  readonly clock = new HandClock();
  readonly commits: string[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #names = new Map<Pending, string>();
  readonly queue: ShardQueue;

  constructor({ lingerMs = 0, entriesMax = 16 } = {}) {
    this.queue = new ShardQueue({
      lingerMs,
      entriesMax,
      clock: this.clock,
      commit: (appends) => {
        this.commits.push(appends.map((append) => this.#names.get(append)).join(" "));
        return new Promise((resolve) => this.#ends.push(resolve));
      },
    });
  }

  add(name: string, guards?: Guards, more: { readonly bytes?: number; readonly parts?: number } = {}): void {
    const { bytes = 1, parts = 1 } = more;
    const part = (index: number) => ({ index, records: 1, maxTimestampMs: 1, batches: new Uint8Array(0) });
    const append: Pending = {
      entry: { parts: Array.from({ length: parts }, (_, index) => part(index)) },
      guards,
      bytes,
      traceId: undefined,
      resolve: () => undefined,
      reject: () => undefined,
    };
    this.#names.set(append, name);
    this.queue.add(append);
  }

  /** Fills all places for running commits, so that what comes next has to wait. */
  occupy(): void {
    for (let nth = 0; nth < limits.awsCommitsAtOnceMax; nth++) this.add(`busy${nth}`);
    this.commits.length = 0;
  }

  /** Ends the oldest running commit. */
  async end(): Promise<void> {
    this.#ends.shift()?.();
    await new Promise(setImmediate);
  }
}

const by = (producerId: bigint, sequence = 0): Guards => ({ producers: [step(sequence, { producerId })] });
const steps = (count: number): Guards => ({
  producers: Array.from({ length: count }, (_, nth) => step(0, { producerId: BigInt(100 + nth) })),
});

describe("a shard's queue", () => {
  it("sends a first append at once, four commits side by side, and gathers what comes meanwhile", async () => {
    const harness = new Harness();
    for (const name of ["a", "b", "c", "d", "e", "f", "g"]) harness.add(name);
    assert.deepEqual(harness.commits, ["a", "b", "c", "d"]);
    await harness.end();
    assert.deepEqual(harness.commits.slice(4), ["e f g"]);
    assert.equal(harness.queue.isIdle, false);
    for (let nth = 0; nth < 4; nth++) await harness.end();
    assert.equal(harness.queue.isIdle, true);
  });

  it("takes so many entries into one commit", async () => {
    const harness = new Harness({ entriesMax: 3 });
    harness.occupy();
    for (const name of ["a", "b", "c", "d", "e"]) harness.add(name);
    await harness.end();
    await harness.end();
    assert.deepEqual(harness.commits, ["a b c", "d e"]);
  });

  it("takes so many bytes into one commit, and a bigger append alone", async () => {
    const harness = new Harness();
    harness.occupy();
    harness.add("a", undefined, { bytes: limits.awsGroupBytesMax - 1 });
    harness.add("b", undefined, { bytes: 1 });
    harness.add("c", undefined, { bytes: limits.awsGroupBytesMax + 1 });
    harness.add("d", undefined, { bytes: 1 });
    for (let nth = 0; nth < 3; nth++) await harness.end();
    assert.deepEqual(harness.commits, ["a b", "c", "d"]);
  });

  it("takes so many parts and producer steps into one commit", async () => {
    const harness = new Harness();
    harness.occupy();
    for (const name of ["a", "b", "c", "d"]) harness.add(name, undefined, { parts: 16 });
    harness.add("e", steps(limits.awsEntryStatesMax - 1));
    harness.add("f", by(1n));
    harness.add("g", by(2n));
    for (let nth = 0; nth < 3; nth++) await harness.end();
    assert.deepEqual(harness.commits, ["a b c", "d e f", "g"]);
  });

  it("commits a producer's appends one after another, and others' meanwhile", async () => {
    const harness = new Harness();
    harness.add("a1", by(1n, 1));
    harness.add("a2", by(1n, 2));
    harness.add("b1", by(2n, 1));
    harness.add("a3", by(1n, 3));
    assert.deepEqual(harness.commits, ["a1", "b1"]);
    await harness.end();
    assert.deepEqual(harness.commits.slice(2), ["a2"]);
    await harness.end();
    assert.deepEqual(harness.commits.slice(3), []);
    await harness.end();
    assert.deepEqual(harness.commits.slice(3), ["a3"]);
  });

  it("lets no later append of a producer past one that does not fit", async () => {
    const harness = new Harness();
    harness.occupy();
    harness.add("plain", undefined, { bytes: 10 });
    harness.add("big", by(1n, 1), { bytes: limits.awsGroupBytesMax });
    harness.add("next", by(1n, 2));
    harness.add("free", by(2n, 1));
    await harness.end();
    assert.deepEqual(harness.commits, ["plain free"]);
    await harness.end();
    assert.deepEqual(harness.commits, ["plain free", "big"]);
    for (let nth = 0; nth < 5; nth++) await harness.end();
    assert.deepEqual(harness.commits, ["plain free", "big", "next"]);
  });

  it("commits a compare-and-append alone", async () => {
    const harness = new Harness();
    harness.occupy();
    const expects = { expected: [{ index: 0, offset: 5 }] };
    for (const [name, guards] of [["a"], ["b", expects], ["c"], ["d", expects]] as const) harness.add(name, guards);
    for (let nth = 0; nth < 4; nth++) await harness.end();
    assert.deepEqual(harness.commits, ["a c", "b", "d"]);
    const first = new Harness();
    first.occupy();
    first.add("b", expects);
    first.add("a");
    await first.end();
    await first.end();
    assert.deepEqual(first.commits, ["b", "a"]);
  });

  it("commits appends that expect different layouts apart", async () => {
    const harness = new Harness();
    harness.occupy();
    const layouts = [["a"], ["b", { layout: 1 }], ["c", { layout: 2 }], ["d", { layout: 1 }], ["e"]] as const;
    for (const [name, guards] of layouts) harness.add(name, guards);
    await harness.end();
    await harness.end();
    assert.deepEqual(harness.commits, ["a b d e", "c"]);
  });

  it("lingers for others, and no longer than it takes to fill a commit", async () => {
    const harness = new Harness({ lingerMs: 20, entriesMax: 3 });
    harness.add("a");
    harness.add("b");
    assert.deepEqual(harness.commits, []);
    assert.deepEqual(
      harness.clock.sleepers.map(({ ms }) => ms),
      [20],
    );
    await harness.clock.wakeAll();
    assert.deepEqual(harness.commits, ["a b"]);
    for (const name of ["c", "d", "e"]) harness.add(name);
    assert.deepEqual(harness.commits, ["a b", "c d e"]);
    harness.add("f", undefined, { bytes: limits.awsGroupBytesMax });
    assert.deepEqual(harness.commits, ["a b", "c d e", "f"]);
    await harness.clock.wakeAll();
    assert.deepEqual(harness.commits.length, 3);
  });
});
