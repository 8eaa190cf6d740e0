/**
 * A process of its own for each step over a log's folder: `child.ts write|compact|compare FOLDER RECORDS KEYS`. Its result is one line of JSON.
 */
import { iterateRecords } from "../../lib/core/codec/record-batch.ts";
import type { NewRecord } from "../../lib/core/record.ts";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
import { createLog } from "../../lib/log/create-log.ts";
import { createJanitor, type JanitorReport } from "../../lib/log/janitor.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { batchOf, batchRecords, isTombstone, keyNumbers, lastOffsets, recordOf, topic, tuning } from "./records.ts";
import type { Compacted, Compared, Written } from "./steps.ts";

const [step = "", folder = "", ...numbers] = process.argv.slice(2);
const [records = 0, keys = 0] = numbers.map(Number);
const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression, strata: tuning };

async function write(): Promise<Written> {
  const log = createLog(await openLocalEngine(folder), parts);
  await log.topics.create({ name: topic, config: { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0 } });
  const begunMs = performance.now();
  let [bytes, nth] = [0, 0];
  let batch: NewRecord[] = [];
  const send = async (): Promise<void> => {
    const encoded = batchOf(batch);
    bytes += encoded.length;
    batch = [];
    await log.appendBatches(topic, 0, encoded);
  };
  for (const key of keyNumbers(records, keys)) {
    batch.push(recordOf(nth++, key));
    if (batch.length === batchRecords) await send();
  }
  if (batch.length > 0) await send();
  await log.close();
  return { ms: performance.now() - begunMs, bytes };
}

async function compact(): Promise<Compacted> {
  const engine = await openLocalEngine(folder);
  const janitor = createJanitor(engine, parts);
  const begunMs = performance.now();
  let [sealedBytes, rewrittenBytes, rounds, failures] = [0, 0, 0, 0];
  for (let report: JanitorReport | undefined; report === undefined || report.seals + report.merges > 0; rounds++) {
    report = await janitor(Number.MAX_SAFE_INTEGER);
    sealedBytes += report.sealedBytes;
    rewrittenBytes += report.mergedBytes;
    failures += report.failures;
  }
  const ms = performance.now() - begunMs;
  await engine.close();
  // Linux: KiB, the most that was ever resident.
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return { ms, peakBytes, sealedBytes, rewrittenBytes, rounds, failures };
}

/** Reads all that is left and holds it to what the numbers say. */
async function compare(): Promise<Compared> {
  const log = createLog(await openLocalEngine(folder), parts);
  const last = lastOffsets(records, keys);
  const decoder = new TextDecoder();
  let [found, bytes, wrong, nextOffset, highWatermark] = [0, 0, 0, 0, 1];
  let before = -1;
  while (nextOffset < highWatermark) {
    const fetched = await log.fetch(topic, 0, { from: nextOffset, bytesMax: 8 * 1024 * 1024 });
    for (const { offset, key, value } of iterateRecords(fetched.batches, nodeCompression, nextOffset)) {
      const number = key === null ? -1 : Number(decoder.decode(key).slice("key-".length));
      const isValueRight =
        value === null ? isTombstone(offset) : !isTombstone(offset) && Number(decoder.decode(value.subarray(0, 9))) === offset;
      if (last[number] !== offset || offset <= before || !isValueRight) wrong++;
      before = offset;
      found++;
    }
    bytes += fetched.batches.length;
    ({ nextOffset, highWatermark } = fetched);
  }
  await log.close();
  const expected = last.reduce((sum, offset) => (offset < 0 ? sum : sum + 1), 0);
  return { found, expected, wrong, bytes, highWatermark };
}

const steps: Readonly<Record<string, () => Promise<unknown>>> = { write, compact, compare };
const run = steps[step];
if (run === undefined) throw new Error(`there is no step ${step}`);
process.stdout.write(`${JSON.stringify(await run())}\n`);
