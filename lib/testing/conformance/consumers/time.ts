import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { StrataCase } from "../strata/build.ts";
import type { DeliveryReport } from "../../../log/consumers/consumers.ts";
import { type ConsumerWorld, consumerCase } from "./build.ts";
import { record } from "../log/build.ts";
import { failed, failsOn } from "./function.ts";

const filters = [JSON.stringify({ value: [{ prefix: "keep" }] })];
/** What a read takes where time goes by with reads. */
const readMs = 1_000;

/** Lets each read of records take its time. @param meanwhile what happens while the nth of them runs */
function readsTakeTime(world: ConsumerWorld, meanwhile: (nth: number) => Promise<unknown> = async () => undefined): void {
  let reads = 0;
  world.watched.intercept = async ({ name }, run) => {
    if (name !== "journal.read") return await run();
    world.clock.pass(readMs);
    const found = await run();
    await meanwhile(++reads);
    return found;
  };
}

/** Of a function that may take 10 s: deliveries of so much time, one handed on to the next, until one is done. @param leftMs until no call may begin any more */
async function handedOn(world: ConsumerWorld, leftMs: number): Promise<readonly DeliveryReport[]> {
  const reports: DeliveryReport[] = [];
  for (let token: string | undefined; reports.length < 40; ) {
    const lastStartMs = world.clock.nowMs() + leftMs;
    const limitsOf = { endMs: lastStartMs + targetTimeoutMs + limits.deliverMarginMs };
    const report = await world.delivered(token === undefined ? {} : { token }, limitsOf);
    reports.push(report);
    assert.ok(world.clock.nowMs() <= Math.max(0, lastStartMs) + 3 * readMs, "it ends in time");
    if (report.state !== "handed-on") return reports;
    ({ token } = report);
  }
  return assert.fail("it is handed on without an end");
}

const targetTimeoutMs = 10_000;

/** When the function is called, counted from now. */
function timesOfCalls(world: ConsumerWorld) {
  const begunMs = world.clock.nowMs();
  const times: number[] = [];
  const note = (): void => void times.push(world.clock.nowMs() - begunMs);
  world.fn.answer = note;
  return { begunMs, times, note };
}

/** When a delivery reads, calls, hands on and ends, by the clock. */
export const timeCases: readonly StrataCase[] = [
  ...[0, 5_000].map((maxBatchingWindowMs) =>
    consumerCase(`a call does not wait for what filters keep out, window ${maxBatchingWindowMs}`, async (world) => {
      await world.put({ maxBatchingWindowMs, filters, batchSize: 4 });
      await world.append("keep1 a b c d e f g h i j k l");
      const begunMs = world.clock.nowMs();
      let calledMs = 0;
      world.fn.answer = () => {
        calledMs ||= world.clock.nowMs() - begunMs;
      };
      readsTakeTime(world, async (nth) => {
        if (nth <= 60) await world.append("m n o p");
      });
      await world.delivered();
      assert.deepEqual(world.fn.called(), ["0: keep1"]);
      const latestMs = Math.max(maxBatchingWindowMs, limits.deliverReadMs) + 2 * readMs;
      assert.ok(calledMs >= maxBatchingWindowMs && calledMs <= latestMs, `${calledMs} ms`);
    }),
  ),
  consumerCase("what filters keep out is passed over in steps, between which a pause is seen", async (world) => {
    await world.put({ filters, batchSize: 4 });
    await world.append("a b c d e f g h");
    const begunMs = world.clock.nowMs();
    const offsets: (number | undefined)[] = [];
    readsTakeTime(world, async (nth) => {
      offsets.push(await world.offset());
      if (nth <= 60) await world.append("m n o p");
      if (nth === 8) await world.log.consumers.setEnabled("g", false);
    });
    const report = await world.delivered();
    assert.equal(report.state, "stopped");
    assert.ok(world.clock.nowMs() - begunMs <= 8 * readMs + limits.deliverReadMs + limits.deliverSettingsMs + readMs);
    assert.ok((offsets[7] ?? 0) > 0, `offsets ${offsets.join()}`);
    await world.log.consumers.setEnabled("g", true);
    await world.drain();
    assert.deepEqual(world.fn.called(), []);
  }),
  ...[0, 5_500].flatMap((leftMs) =>
    (
      [
        ["keep out", { filters }, 2_000],
        ["find too old", { maxRecordAgeMs: 60_000 }, 40],
      ] as const
    ).map(([what, settings, count]) =>
      consumerCase(`what settings ${what} is handed on when time is short, each time further on, with ${leftMs} ms left`, async (world) => {
        await world.put({ ...settings, targetTimeoutMs, batchSize: 2 });
        // One read a piece.
        const piece = Array.from({ length: count / 20 }, () => record("old", { partition: 0 }));
        for (let nth = 0; nth < 20; nth++) await world.log.append("t", { records: piece });
        world.clock.pass(60_001);
        await world.append("keep");
        readsTakeTime(world);
        const reports = await handedOn(world, leftMs);
        assert.ok(reports.length > 2, `${reports.length} deliveries`);
        assert.equal(reports.at(-1)?.state, "done");
        const all = (name: "calls" | "givenUp" | "filtered"): number => reports.reduce((sum, report) => sum + report[name], 0);
        assert.deepEqual([all("calls"), all("givenUp") + all("filtered"), world.fn.called()], [1, count, ["0: keep"]]);
        assert.ok(reports.slice(0, -1).every(({ givenUp, filtered }) => givenUp + filtered > 0));
        assert.equal(await world.offset(), count + 1);
      }),
    ),
  ),
  consumerCase("a batch that is tried again is the same, however long what filters keep out takes", async (world) => {
    await world.put({ filters, batchSize: 2, maxBatchingWindowMs: 20_000, retryAttempts: 1 });
    await world.append("keep1 a b c d e f g h i j k keep2 l");
    world.fn.answer = (_, nth) => {
      if (nth === 1) throw failed();
    };
    readsTakeTime(world);
    await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: keep1 keep2", "0: keep1 keep2"]);
  }),
  consumerCase("a batching window is as long as it is, though who delivers has less time", async (world) => {
    await world.put({ maxBatchingWindowMs: 60_000, targetTimeoutMs, batchSize: 3 });
    const calledMs = timesOfCalls(world);
    await world.append("a");
    const later = world.clock.sleep(40_000).then(() => world.append("b"));
    const reports = await handedOn(world, 18_000);
    await later;
    assert.deepEqual(
      reports.map(({ state }) => state),
      ["handed-on", "handed-on", "handed-on", "done"],
    );
    assert.deepEqual([world.fn.called(), calledMs.times], [["0: a b"], [60_000]]);
    await world.append("c d e");
    await handedOn(world, 18_000);
    assert.deepEqual([world.fn.called(), calledMs.times], [["0: c d e"], [60_000, 60_000]], "a full one does not wait");
    await world.append("f");
    await handedOn(world, 18_000);
    assert.deepEqual([world.fn.called(), calledMs.times], [["0: f"], [60_000, 60_000, 120_000]], "the next one has its own");
  }),
  consumerCase("a window that begins late is neither cut nor begun anew, also by who takes over", async (world) => {
    await world.put({ maxBatchingWindowMs: 60_000, targetTimeoutMs });
    const calledMs = timesOfCalls(world);
    await world.append("a");
    world.fn.answer = async (_, nth) => {
      calledMs.note();
      if (nth === 1) await world.append("b");
    };
    const endMs = world.clock.nowMs() + 100_000 + targetTimeoutMs + limits.deliverMarginMs;
    const { state } = await world.delivered({}, { endMs });
    assert.deepEqual([state, world.clock.nowMs() - calledMs.begunMs], ["handed-on", 100_000]);
    await world.pass(limits.deliverLeaseMs);
    await world.delivered();
    assert.deepEqual(
      [world.fn.called(), calledMs.times],
      [
        ["0: a", "0: b"],
        [60_000, 100_000 + limits.deliverLeaseMs],
      ],
    );
  }),
  consumerCase("who has no time for a window calls at once", async (world) => {
    await world.put({ maxBatchingWindowMs: 60_000, targetTimeoutMs });
    await world.append("a");
    const calledMs = timesOfCalls(world);
    assert.equal((await handedOn(world, 0)).length, 1);
    assert.deepEqual([world.fn.called(), calledMs.times], [["0: a"], [0]]);
  }),
  ...(["is paused", "is removed", "has other filters"] as const).map((what) =>
    consumerCase(`a consumer that ${what} while its batch fills is not called as it was`, async (world) => {
      const settings = { maxBatchingWindowMs: 30_000, targetTimeoutMs };
      await world.put(settings);
      await world.append("a");
      const running = world.deliver();
      await world.pass(10_000);
      if (what === "is paused") await world.log.consumers.setEnabled("g", false);
      else if (what === "is removed") await world.log.consumers.remove("g");
      else await world.put({ ...settings, filters });
      assert.equal((await world.settled(running)).state, what === "has other filters" ? "done" : "stopped");
      assert.deepEqual(world.fn.called(), []);
      if (what === "is paused") await world.log.consumers.setEnabled("g", true);
      if (what === "is removed") await world.put(settings);
      await world.drain();
      assert.deepEqual(world.fn.called(), what === "has other filters" ? [] : ["0: a"]);
    }),
  ),
  consumerCase("a small batch is found among many filtered records in few reads", async (world) => {
    await world.put({ batchSize: 1, filters });
    const labels = [...Array<string>(149).fill("x"), "keep"];
    await world.log.append("t", { records: labels.map((label) => record(label, { partition: 0 })) });
    let reads = 0;
    world.watched.intercept = async ({ name }, run) => {
      if (name === "journal.read") reads++;
      return await run();
    };
    assert.equal((await world.delivered()).records, 1);
    assert.ok(reads < 10, `${reads} reads`);
  }),
  consumerCase("letters whose records are gone do not outlast the time there is", async (world) => {
    await world.put({ retryAttempts: 0, batchSize: 1, targetTimeoutMs: 10_000 });
    await world.append(Array(4).fill("bad").join(" "));
    world.fn.answer = failsOn("bad");
    await world.drain();
    await world.log.deleteRecords("t", [{ partition: 0, offset: 4 }]);
    await world.log.consumers.redrive("g");
    world.watched.intercept = async ({ name }, run) => {
      if (name === "catalog.transact") world.clock.pass(1_000);
      return await run();
    };
    const report = await world.delivered({}, { endMs: world.clock.nowMs() + 10_000 + limits.deliverMarginMs + 2_500 });
    assert.deepEqual([report.state, report.calls], ["handed-on", 0]);
  }),
];
