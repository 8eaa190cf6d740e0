/** A server's own deliveries notice at once what is appended and what is changed, and do nothing meanwhile. */
import assert from "node:assert/strict";
import { after, afterEach, beforeEach, test } from "node:test";
import type { StoredRecord } from "../../../../lib/core/record.ts";
import { createMemoryEngine } from "../../../../lib/engines/memory/index.ts";
import { CallFailed, type Carrier, type Consumer } from "../../../../lib/log/consumers/consumers.ts";
import { createLog } from "../../../../lib/log/create-log.ts";
import type { Log } from "../../../../lib/log/log.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import { Bell } from "../../../../lib/server/delivery/bell.ts";
import { deliverInBackground } from "../../../../lib/server/delivery/deliver-in-background.ts";
import { tellingLog } from "../../../../lib/server/delivery/telling-log.ts";
import { until } from "../../../e2e/until.ts";

const utf8 = new TextDecoder();
let log: Log;
let catalogCalls = 0;
let closing: AbortController;
let bell: Bell;
let mended: Set<string>;
/** What the log's clock is ahead of this machine's. */
let clockAheadMs = 0;
/** How deliveries have ended. */
let reports: string[];
let ended: Promise<void>;
/** `group/value` of each record that a function got. */
let seen: string[];
let act: (consumer: Consumer, records: readonly StoredRecord[]) => Promise<unknown>;
const faults: unknown[] = [];

beforeEach(() => {
  const engine = createMemoryEngine();
  const { catalog } = engine;
  const counted = {
    get: (...args: Parameters<typeof catalog.get>) => (catalogCalls++, catalog.get(...args)),
    query: (...args: Parameters<typeof catalog.query>) => (catalogCalls++, catalog.query(...args)),
    transact: (...args: Parameters<typeof catalog.transact>) => (catalogCalls++, catalog.transact(...args)),
  };
  bell = new Bell();
  mended = new Set();
  clockAheadMs = 0;
  const clock = { ...nodeClock, nowMs: () => nodeClock.nowMs() + clockAheadMs };
  const parts = { clock, random: nodeRandom, compression: nodeCompression };
  log = tellingLog(createLog({ ...engine, catalog: counted }, parts), () => bell.ring());
  seen = [];
  reports = [];
  act = () => Promise.resolve();
  closing = new AbortController();
  const carrier: Carrier = {
    call(consumer, { records }) {
      seen.push(...records.map(({ value }) => `${consumer.group}/${value === null ? "" : utf8.decode(value)}`));
      return act(consumer, records);
    },
    sendFailure: () => Promise.resolve(),
  };
  ended = deliverInBackground(log, carrier, {
    bell,
    mended,
    signal: closing.signal,
    reportFault: (error) => faults.push(error),
    onReport: (_, __, { state }) => reports.push(state),
  });
});

afterEach(async () => {
  closing.abort();
  await ended;
  await log.close();
});

after(() => assert.deepEqual(faults, []));

const put = (group: string, more: object = {}) =>
  log.consumers.put({ group, topic: "t", target: `local:${group}`, startingPosition: "TRIM_HORIZON", ...more });

async function append(value: string, partition = 0): Promise<void> {
  await log.append("t", { records: [{ partition, key: null, value: Buffer.from(value), headers: [] }] });
}

async function sees(...values: readonly string[]): Promise<void> {
  await until(`${values.join(", ")} of ${seen.join(", ")}`, () => values.every((value) => seen.includes(value)), 10_000);
}

test("consumers that are put, paused, resumed, changed and removed", async () => {
  await log.topics.create({ name: "t" });
  await append("before");
  await put("a");
  await sees("a/before");
  await append("1");
  await sees("a/1");
  await log.consumers.setEnabled("a", false);
  await put("b");
  await append("2");
  await sees("b/2");
  assert.ok(!seen.includes("a/2"));
  await log.consumers.setEnabled("a", true);
  await sees("a/2");
  await put("a", { filters: [JSON.stringify({ value: ["x"] })] });
  await append("y");
  await append("x");
  await sees("a/x", "b/x");
  assert.ok(!seen.includes("a/y"));
  await log.consumers.remove("a");
  await append("3");
  await sees("b/3");
  assert.ok(!seen.includes("a/3"));
});

test("topics that grow, and that are deleted and made anew", async () => {
  await log.topics.create({ name: "t" });
  await put("a");
  await append("1");
  await sees("a/1");
  await log.topics.alter("t", { partitions: 9 });
  await append("grown", 8);
  await sees("a/grown");
  await log.topics.delete("t");
  await log.topics.create({ name: "t" });
  await append("anew");
  await sees("a/anew");
});

test("dead letters that are asked for once more, and offsets that are set", async () => {
  await log.topics.create({ name: "t" });
  act = () => Promise.reject(new CallFailed("function", "no"));
  await put("a", { retryAttempts: 0 });
  await append("1");
  const letters = () => log.consumers.deadLetters("a", {});
  await sees("a/1");
  while ((await letters()).length === 0) await nodeClock.sleep(1);
  act = () => Promise.resolve();
  assert.equal(await log.consumers.redrive("a"), 1);
  while ((await letters()).length > 0) await nodeClock.sleep(1);
  await log.groups.set("a", [{ topic: "t", partition: 0, offset: 0 }]);
  await until("it comes once more", () => seen.length === 3);
  assert.deepEqual(seen, ["a/1", "a/1", "a/1"]);
});

for (const [aheadMs, where] of [
  [8_000, "by who holds the partition"],
  [50_000, "by nobody"],
] as const) {
  for (const mend of ["the function is mended", "the consumer is resumed"]) {
    test(`what would be tried again only later, waited for ${where}, is tried at once when ${mend}`, async () => {
      await log.topics.create({ name: "t" });
      act = () => {
        clockAheadMs = aheadMs;
        return Promise.reject(new CallFailed("function", "no"));
      };
      await put("a");
      await append("1");
      const found = async () => (await log.consumers.status("a")).partitions[0];
      while ((await found())?.attempts !== 1) await nodeClock.sleep(1);
      clockAheadMs = 0;
      const dueMs = (await found())?.retryAtMs ?? 0;
      if (where === "by nobody") await until("its delivery is over", () => reports.includes("later"));
      let calledMs = 0;
      act = () => {
        calledMs = nodeClock.nowMs();
        return Promise.resolve();
      };
      if (mend === "the function is mended") {
        mended.add("a");
        bell.ring();
      } else {
        await log.consumers.setEnabled("a", false);
        await log.consumers.setEnabled("a", true);
      }
      await until("it is tried again", () => seen.length === 2);
      assert.ok(calledMs < dueMs, "at once");
      await until("it is delivered", () => reports.at(-1) === "done");
      assert.deepEqual([(await found())?.lag, mended.size], [0, 0]);
    });
  }
}

test("more partitions than runs side by side are all delivered, in order, also when some are held up", async () => {
  await log.topics.create({ name: "t", partitions: 200 });
  const held = Promise.withResolvers<undefined>();
  act = (_, records) => (records.some(({ value }) => utf8.decode(value ?? undefined) === "held") ? held.promise : Promise.resolve());
  await put("a");
  for (const partition of [0, 1, 2]) await append("held", partition);
  await until("three are held up", () => seen.length === 3);
  for (let nth = 0; nth < 3; nth++) for (let partition = 0; partition < 200; partition++) await append(`${partition}.${nth}`, partition);
  await until("the others are delivered", () => seen.length === 3 + 197 * 3);
  held.resolve(undefined);
  await until("all are delivered", () => seen.length === 3 + 200 * 3);
  for (let partition = 0; partition < 200; partition++) {
    const own = seen.filter((value) => value.startsWith(`a/${partition}.`));
    assert.deepEqual(
      own,
      [0, 1, 2].map((nth) => `a/${partition}.${nth}`),
    );
  }
});

test("while nothing arrives, nothing is read or written; of a thousand consumers, too", async () => {
  await log.topics.create({ name: "t" });
  await log.topics.create({ name: "other" });
  for (let nth = 0; nth < 1_000; nth++) await put(`idle-${nth}`, nth % 2 === 0 ? { enabled: false } : { topic: "other" });
  await put("a");
  await append("1");
  await sees("a/1");
  await until("it is quiet", quiet());
  const [before, calls] = [catalogCalls, seen.length];
  await nodeClock.sleep(300);
  assert.equal(catalogCalls, before);
  await append("2");
  await sees("a/2");
  await until("it is quiet", quiet());
  // One partition's delivery, and not a look at all consumers.
  assert.ok(catalogCalls - before < 20, `${catalogCalls - before} calls of the catalog`);
  assert.equal(seen.length, calls + 1);
});

/** Whether the catalog was not used for a while. */
function quiet(): () => boolean {
  let [calls, sinceMs] = [catalogCalls, performance.now()];
  return () => {
    if (calls !== catalogCalls) [calls, sinceMs] = [catalogCalls, performance.now()];
    return performance.now() - sinceMs > 200;
  };
}

test("it ends with the calls that run", async () => {
  await log.topics.create({ name: "t" });
  const call = Promise.withResolvers<undefined>();
  act = () => call.promise;
  await put("a");
  await append("1");
  await sees("a/1");
  closing.abort();
  let isEnded = false;
  void ended.then(() => (isEnded = true));
  await nodeClock.sleep(10);
  assert.equal(isEnded, false);
  call.resolve(undefined);
  await ended;
  const [committed] = await log.groups.committed("a");
  assert.equal(committed?.offset, 1);
});
