import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { StrataCase } from "../strata/build.ts";
import type { DeliveryReport } from "../../../log/consumers/consumers.ts";
import { type ConsumerWorld, consumerCase } from "./build.ts";
import { failed } from "./function.ts";

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
        ["keep out", { filters }],
        ["find too old", { maxRecordAgeMs: 60_000 }],
      ] as const
    ).map(([what, settings]) =>
      consumerCase(`what settings ${what} is handed on when time is short, each time further on, with ${leftMs} ms left`, async (world) => {
        await world.put({ ...settings, targetTimeoutMs, batchSize: 2 });
        await world.append(Array.from({ length: 40 }, (_, nth) => `r${nth}`).join(" "));
        world.clock.pass(60_001);
        await world.append("keep");
        readsTakeTime(world);
        const reports = await handedOn(world, leftMs);
        assert.ok(reports.length > 2, `${reports.length} deliveries`);
        assert.equal(reports.at(-1)?.state, "done");
        const all = (name: "calls" | "givenUp" | "filtered"): number => reports.reduce((sum, report) => sum + report[name], 0);
        assert.deepEqual([all("calls"), all("givenUp") + all("filtered"), world.fn.called()], [1, 40, ["0: keep"]]);
        assert.ok(reports.slice(0, -1).every(({ givenUp, filtered }) => givenUp + filtered > 0));
        assert.equal(await world.offset(), 41);
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
];
