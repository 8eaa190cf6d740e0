import assert from "node:assert/strict";
import { decodeBatches } from "../../../core/codec/record-batch.ts";
import { limits } from "../../../core/limits.ts";
import type { Log } from "../../../log/log.ts";
import { refused } from "../expect.ts";
import { logCase, readAll, record, withLog } from "./build.ts";
import type { LogCase } from "./build.ts";

/** Reading: positions, bounds, waits. */
export const fetchCases: readonly LogCase[] = [
  logCase("a fetch of nothing tells where the log is", async (log) => {
    await log.topics.create({ name: "t" });
    const nothing = { offset: 0, batches: new Uint8Array(0), nextOffset: 0, highWatermark: 0, logStartOffset: 0 };
    for (const from of [0, "earliest", "latest", { timestampMs: 0 }] as const) assert.deepEqual(await log.fetch("t", 0, { from }), nothing);
  }),
  {
    name: "positions: an offset, earliest, latest, a time; out of range is refused with the range",
    async run(harness) {
      await withLog(harness, fill);
      await withLog(harness, async (log) => {
        const offsetOf = async (from: Parameters<Log["fetch"]>[2]["from"]) => (await log.fetch("t", 0, { from })).offset;
        assert.equal(await offsetOf("earliest"), 0);
        assert.equal(await offsetOf("latest"), 9);
        assert.equal(await offsetOf(4), 4);
        assert.equal(await offsetOf(9), 9);
        assert.equal(await offsetOf({ timestampMs: 0 }), 0);
        assert.equal(await offsetOf({ timestampMs: 100 }), 0);
        assert.equal(await offsetOf({ timestampMs: 101 }), 1);
        assert.equal(await offsetOf({ timestampMs: 204 }), 5, "the first record whose time reaches it, not its batch");
        assert.equal(await offsetOf({ timestampMs: 999 }), 9);
        for (let from = 0; from <= 9; from++) {
          assert.deepEqual(
            await readAll(log, harness, "t", 0, from),
            Array.from({ length: 9 - from }, (_, i) => `${from + i} v${from + i}`),
          );
        }
        const error = await refused(log.fetch("t", 0, { from: 10 }), "offset_out_of_range");
        assert.deepEqual([error.details["logStartOffset"], error.details["highWatermark"]], [0, 9]);
        for (const from of [-1, 1.5, Number.NaN]) await refused(log.fetch("t", 0, { from }), "offset_out_of_range", "invalid_request");
        for (const partition of [1, -1, 0.5]) await refused(log.fetch("t", partition, { from: 0 }), "unknown_topic_or_partition");
      });
    },
  },
  logCase("offsetsForTime and watermarks answer for each partition", async (log) => {
    await fill(log);
    await log.topics.alter("t", { partitions: 3 });
    assert.deepEqual(await log.watermarks("t"), [
      { partition: 0, logStartOffset: 0, highWatermark: 9 },
      { partition: 1, logStartOffset: 0, highWatermark: 0 },
      { partition: 2, logStartOffset: 0, highWatermark: 0 },
    ]);
    assert.deepEqual(await log.watermarks("t", [1]), [{ partition: 1, logStartOffset: 0, highWatermark: 0 }]);
    assert.deepEqual(await log.offsetsForTime("t", 102), [
      { partition: 0, offset: 2, timestampMs: 102 },
      { partition: 1, offset: undefined, timestampMs: undefined },
      { partition: 2, offset: undefined, timestampMs: undefined },
    ]);
    assert.deepEqual(await log.offsetsForTime("t", 1_000, [0]), [{ partition: 0, offset: undefined, timestampMs: undefined }]);
    await refused(log.watermarks("t", [3]), "unknown_topic_or_partition");
    await refused(log.offsetsForTime("t", 0, [0, 3]), "unknown_topic_or_partition");
  }),
  logCase("bytesMax and recordsMax: whole batches, at least one, and no more than it takes", async (log, harness) => {
    await fill(log);
    const got = async (request: { readonly bytesMax?: number; readonly recordsMax?: number }, from = 0) => {
      const { batches, nextOffset, offset } = await log.fetch("t", 0, { from, ...request });
      const offsets = decodeBatches(batches, harness.compression).map((each) => each.offset);
      assert.equal(nextOffset, (offsets.at(-1) ?? offset - 1) + 1);
      return [offsets[0], nextOffset];
    };
    const { batches: whole } = await log.fetch("t", 0, { from: 0 });
    const { batches: first } = await log.fetch("t", 0, { from: 0, bytesMax: 1 });
    assert.deepEqual(await got({ bytesMax: 1 }), [0, 3], "one batch even when it is over the bound");
    assert.deepEqual(await got({ bytesMax: first.length }), [0, 3]);
    assert.deepEqual(await got({ bytesMax: whole.length }), [0, 9]);
    assert.deepEqual(await got({ bytesMax: whole.length - 1 }), [0, 6]);
    assert.deepEqual(await got({ recordsMax: 1 }), [0, 3]);
    assert.deepEqual(await got({ recordsMax: 3 }), [0, 3]);
    assert.deepEqual(await got({ recordsMax: 4 }), [0, 6]);
    assert.deepEqual(await got({ recordsMax: 1 }, 2), [0, 3], "the batch that holds the offset is given whole");
    assert.deepEqual(await got({ recordsMax: 2 }, 2), [0, 6], "records are counted from the asked offset");
    await refused(log.fetch("t", 0, { from: 0, bytesMax: 0 }), "invalid_request");
    await refused(log.fetch("t", 0, { from: 0, recordsMax: 0 }), "invalid_request");
    await refused(log.fetch("t", 0, { from: 0, waitMs: -1 }), "invalid_request");
    await refused(log.fetch("t", 0, { from: 0, waitMs: limits.fetchWaitMsMax + 1 }), "invalid_request");
  }),
  logCase("one entry of many batches is given batch by batch", async (log, harness) => {
    await log.topics.create({ name: "t", config: { "max.message.bytes": 500 } });
    const labels = Array.from({ length: 100 }, (_, i) => `${i} ${"x".repeat(50)}`);
    await log.append("t", { records: labels.map((label) => record(label)) });
    let from = 0;
    for (let fetches = 0; from < 100; fetches++) {
      assert.ok(fetches < 100, "each fetch gives at least one record");
      const { batches, nextOffset } = await log.fetch("t", 0, { from, bytesMax: 1 });
      assert.ok(batches.length <= 500);
      assert.equal(decodeBatches(batches, harness.compression)[0]?.offset, from);
      from = nextOffset;
    }
    assert.deepEqual(
      await readAll(log, harness, "t"),
      labels.map((label, i) => `${i} ${label}`),
    );
  }),
  logCase("a long poll ends as soon as there is a record", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 1 });
    for (const way of ["earliest", "number", "latest"] as const) {
      const { highWatermark } = await log.fetch("t", 1, { from: "latest" });
      const from = way === "number" ? highWatermark : way;
      const polled = log.fetch("t", 1, { from, waitMs: limits.fetchWaitMsMax });
      await log.append("t", { records: [record("elsewhere", { partition: 0 })] });
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      await log.append("t", { records: [record(`for ${way}`, { partition: 1 })] });
      const { offset, nextOffset, batches } = await polled;
      assert.deepEqual([offset, nextOffset], [highWatermark, highWatermark + 1]);
      const [seen] = decodeBatches(batches, harness.compression);
      assert.equal(new TextDecoder().decode(seen?.value ?? new Uint8Array(0)), `for ${way}`);
    }
  }),
  logCase("a long poll ends empty after its time, on abort, and when the log closes", async (log) => {
    await log.topics.create({ name: "t" });
    assert.equal((await log.fetch("t", 0, { from: 0, waitMs: 5 })).batches.length, 0);
    const aborted = AbortSignal.abort();
    assert.equal((await log.fetch("t", 0, { from: 0, waitMs: limits.fetchWaitMsMax, signal: aborted })).nextOffset, 0);
    const control = new AbortController();
    const polled = log.fetch("t", 0, { from: 0, waitMs: limits.fetchWaitMsMax, signal: control.signal });
    const changed = log.changed("t", limits.fetchWaitMsMax, control.signal);
    control.abort();
    assert.equal((await polled).nextOffset, 0);
    await changed;
    const last = Promise.allSettled([
      log.fetch("t", 0, { from: 0, waitMs: limits.fetchWaitMsMax }),
      log.changed("t", limits.fetchWaitMsMax),
    ]);
    await log.close();
    await last;
  }),
  logCase("waits end at once when the topic is deleted, and changed also when it grows", async (log, { clock }) => {
    await log.topics.create({ name: "t" });
    // Requests of what has begun to wait are over by then, however far the store is.
    const turns = () => clock.sleep(300);
    const grown = log.changed("t", limits.fetchWaitMsMax);
    await turns();
    await log.topics.alter("t", { partitions: 2 });
    await grown;
    const changed = log.changed("t", limits.fetchWaitMsMax);
    const polled = refused(log.fetch("t", 0, { from: 0, waitMs: limits.fetchWaitMsMax }), "unknown_topic_or_partition");
    await turns();
    await log.topics.delete("t");
    await Promise.all([changed, polled]);
  }),
  logCase("changed ends when any partition of the topic grew, and not for another topic", async (log) => {
    await log.topics.create({ name: "t", partitions: 3, partitionsPerShard: 1 });
    await log.topics.create({ name: "other" });
    const changes: string[] = [];
    const changed = log.changed("t", limits.fetchWaitMsMax).then(() => changes.push("t"));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    await log.append("other", { records: [record("x")] });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(changes, []);
    await log.append("t", { records: [record("x", { partition: 2 })] });
    await changed;
  }),
  logCase("a reader that polls while writers write sees every record once, in order", async (log, harness) => {
    await log.topics.create({ name: "t" });
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; i < 25; i++) await log.append("t", { records: [record(`${writer}.${i}`)] });
    });
    const seen: string[] = [];
    for (let from = 0; from < 200; ) {
      const { batches, nextOffset, highWatermark } = await log.fetch("t", 0, { from, waitMs: limits.fetchWaitMsMax, bytesMax: 300 });
      assert.ok(nextOffset <= highWatermark);
      for (const stored of decodeBatches(batches, harness.compression)) {
        assert.equal(stored.offset, seen.length);
        seen.push(new TextDecoder().decode(stored.value ?? new Uint8Array(0)));
      }
      from = nextOffset;
    }
    await Promise.all(writers);
    for (let writer = 0; writer < 8; writer++) {
      assert.deepEqual(
        seen.filter((label) => label.startsWith(`${writer}.`)),
        Array.from({ length: 25 }, (_, i) => `${writer}.${i}`),
      );
    }
  }),
];

/** Partition 0: three batches of three records, offset `n` with value `vn`; times 100, 101, 102, then 200, 203, 206, then 300, 301, 302. */
async function fill(log: Log): Promise<void> {
  await log.topics.create({ name: "t" });
  const times = [100, 101, 102, 200, 203, 206, 300, 301, 302];
  for (const base of [0, 3, 6]) {
    const records = [0, 1, 2].map((i) => ({ ...record(`v${base + i}`), timestampMs: times[base + i] ?? 0 }));
    await log.append("t", { records });
  }
}
