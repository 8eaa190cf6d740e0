/** What a server that runs functions says of calls that fail: one line for each, whatever comes of it. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { iterateRecords } from "../../../../lib/core/codec/record-batch.ts";
import { createMemoryEngine } from "../../../../lib/engines/memory/index.ts";
import { CallFailed, type Carrier } from "../../../../lib/log/consumers/consumers.ts";
import type { NewConsumer } from "../../../../lib/log/consumers/settings.ts";
import { createLog } from "../../../../lib/log/create-log.ts";
import type { Log } from "../../../../lib/log/log.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import { FailureLines } from "../../../../lib/server/delivery/failure-lines.ts";

let log: Log;
let printed: string[];
let lines: FailureLines;

beforeEach(async () => {
  log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  printed = [];
  lines = new FailureLines((line) => printed.push(line));
  await log.topics.create({ name: "t" });
});
afterEach(() => log.close());

async function append(count: number, timestampMs = nodeClock.nowMs()): Promise<void> {
  const record = { partition: 0, key: null, value: new Uint8Array(1), headers: [], timestampMs };
  await log.append("t", { records: Array.from({ length: count }, () => record) });
}

/** Delivers all that there is, by a function that answers, or throws, so. @returns what was printed */
async function deliver(act: (offsets: readonly number[]) => unknown, more: Partial<NewConsumer> = {}): Promise<readonly string[]> {
  const consumer = await log.consumers.put({ group: "g", topic: "t", target: "local:g", startingPosition: "TRIM_HORIZON", ...more });
  const carrier: Carrier = {
    call(called, batch) {
      const answer = new Promise((resolve) => resolve(act(batch.records.map(({ offset }) => offset))));
      return lines.watch(called, batch, answer);
    },
    sendFailure: () => Promise.reject(new Error("nowhere")),
  };
  lines.report(consumer, 0, await log.consumers.deliver({ group: "g", topic: "t", partition: 0 }, carrier, {}));
  return printed;
}

const fails = (): never => {
  throw new CallFailed("function", "out of stock");
};
const reports = (offset: number) => ({ batchItemFailures: [{ itemIdentifier: { partition: "t-0", offset } }] });

test("what is given up after a call is told once", async () => {
  await append(3);
  assert.deepEqual(await deliver(fails, { retryAttempts: 0 }), [
    "[g] t-0, offsets 0 to 2: out of stock. Next: given up after 1 call, kept as dead letters of g.",
  ]);
});

test("what is given up without a call is told, too, apart from what is told already", async () => {
  await append(2, 0);
  assert.deepEqual(await deliver(fails, { maxRecordAgeMs: 60_000 }), ["[g] t-0: 2 records were given up, kept as dead letters of g."]);
  await append(1);
  await append(1, 0);
  printed.length = 0;
  assert.deepEqual(await deliver(fails, { maxRecordAgeMs: 60_000, retryAttempts: 0, batchSize: 1 }), [
    "[g] t-0, offset 2: out of stock. Next: given up after 1 call, kept as dead letters of g.",
    "[g] t-0: 1 record was given up, kept as dead letters of g.",
  ]);
});

test("of a batch, only the record that the function reports is given up, and nothing is halved", async () => {
  await append(4);
  const act = (offsets: readonly number[]) => (offsets.includes(1) ? reports(1) : null);
  const settings = { reportBatchItemFailures: true, bisectBatchOnError: true, retryAttempts: 0 };
  assert.deepEqual(await deliver(act, settings), [
    "[g] t-0, offsets 0 to 3: it reported offset 1 as failed. Next: offset 1 is given up after 1 call, kept as dead letters of g.",
  ]);
});

test("of a function that may answer records, those before the one that it reports come again", async () => {
  await log.topics.create({ name: "out" });
  await append(3);
  const act = (offsets: readonly number[]) => (offsets.includes(1) ? reports(1) : null);
  assert.deepEqual(await deliver(act, { reportBatchItemFailures: true, outputTopics: ["out"], retryAttempts: 0 }), [
    "[g] t-0, offsets 0 to 2: it reported offset 1 as failed. Next: the records before it again, by themselves.",
    "[g] t-0, offsets 1 to 2: it reported offset 1 as failed. Next: offset 1 is given up after 1 call, kept as dead letters of g.",
  ]);
});

test("what cannot be put away yet is not told again when it is; what comes after it is", async () => {
  const consumer = await log.consumers.put({ group: "g", topic: "t", target: "local:g", retryAttempts: 0 });
  const report = { calls: 1, records: 0, filtered: 0, failedCalls: 1, givenUp: 0 };
  await append(1);
  const { batches } = await log.fetch("t", 0, { from: 0 });
  const records = [...iterateRecords(batches, nodeCompression, 0)];
  const batch = { topic: "t", partition: 0, records, timestampType: "CREATE_TIME" } as const;
  await assert.rejects(lines.watch(consumer, batch, Promise.reject(new CallFailed("function", "out of stock"))));
  lines.report(consumer, 0, { ...report, state: "later" });
  lines.report(consumer, 0, { ...report, state: "done", givenUp: 1 });
  assert.deepEqual(printed.splice(0), ["[g] t-0, offset 0: out of stock. Next: given up after 1 call, kept as dead letters of g."]);
  lines.report(consumer, 0, { ...report, state: "done", givenUp: 1 });
  assert.deepEqual(printed, ["[g] t-0: 1 record was given up, kept as dead letters of g."]);
});
