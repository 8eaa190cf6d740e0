import { setTimeout as sleep } from "node:timers/promises";
import { randomBytes } from "node:crypto";
import type { Producer, ProducerRecord } from "../../client/index.ts";
import { LogError } from "../../core/errors.ts";
import { type Command, type Context, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { Histogram } from "../histogram.ts";
import { type Rates, latencyMetrics, latencyText, rateMetrics, rateText } from "./perf-report.ts";

const reportEveryMs = 5_000;

export const perfProduce: Command = {
  path: ["perf", "produce"],
  summary: "Measure writing: records and megabytes a second, and how long acknowledgements take.",
  details: ["It writes real records to a topic that has to be there. Latency is from `send` to the acknowledgement, lingering included."],
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name" }],
  flags: {
    records: { type: "string", value: "N", doc: "How many records. Default 100000." },
    "record-size": { type: "string", value: "BYTES", doc: "How many bytes a value has. Default 100." },
    throughput: { type: "string", value: "N", doc: "At most this many records a second. Default no bound." },
    keys: { type: "string", value: "N", doc: "Give records this many different keys. Default none." },
    "linger-ms": { type: "string", value: "MS", doc: "How long a record waits for company. Default 5." },
    "batch-bytes": { type: "string", value: "BYTES", doc: "How much goes in one request. Default 524288." },
    "no-idempotence": { type: "boolean", doc: "Without producer sequences." },
    ...jsonFlag,
  },
  examples: [
    "stratalog perf produce load --records 1000000 --record-size 100",
    "stratalog perf produce load --throughput 1000 --records 10000 --json",
  ],
  run: async (context) => {
    const { args, client } = context;
    const topic = args.positional(0);
    const records = args.integer("records", 1, 1_000_000_000) ?? 100_000;
    const recordBytes = args.integer("record-size", 1, 16 * 1024 * 1024) ?? 100;
    const throughput = args.integer("throughput", 1, 1_000_000_000) ?? Number.POSITIVE_INFINITY;
    const keys = args.integer("keys", 1, 1_000_000_000) ?? 0;
    const lingerMs = args.integer("linger-ms", 0, 60_000);
    const batchBytes = args.integer("batch-bytes", 1, 8 * 1024 * 1024);
    await client().topics.get(topic);
    const producer = client().producer({
      topic,
      idempotent: !args.has("no-idempotence"),
      ...(lingerMs === undefined ? {} : { lingerMs }),
      ...(batchBytes === undefined ? {} : { batchBytes }),
    });
    const { rates, latency, error } = await load(context, producer, { records, recordBytes, throughput, keys });
    const metrics = [...rateMetrics(rates), ...latencyMetrics(latency)];
    await answer(context, { topic, metrics }, () => `${rateText("sent", rates)}, ${latencyText(latency, true)}.\n`);
    if (error !== undefined) throw error;
    return 0;
  },
};

interface Load {
  readonly records: number;
  readonly recordBytes: number;
  readonly throughput: number;
  readonly keys: number;
}

interface Loaded {
  readonly rates: Rates;
  readonly latency: Histogram;
  readonly error: LogError | undefined;
}

async function load(context: Context, producer: Producer, { records, recordBytes, throughput, keys }: Load): Promise<Loaded> {
  const { io } = context;
  const latency = new Histogram();
  let recent = new Histogram();
  let error: LogError | undefined;
  const valueAt = values(recordBytes);
  const startMs = performance.now();
  let reportMs = startMs;
  for (let sent = 0; sent < records && error === undefined && !io.signal.aborted; sent++) {
    const dueMs = startMs + (sent * 1_000) / throughput;
    if (dueMs > performance.now() + 1) await sleep(dueMs - performance.now());
    await producer.ready();
    const sentMs = performance.now();
    const record: ProducerRecord = keys === 0 ? { value: valueAt(sent) } : { key: `key-${sent % keys}`, value: valueAt(sent) };
    producer.send(record).then(
      () => {
        const tookMs = performance.now() - sentMs;
        latency.add(tookMs);
        recent.add(tookMs);
      },
      (reason: unknown) => {
        error ??= LogError.from(reason);
      },
    );
    if (sentMs - reportMs < reportEveryMs) continue;
    const rates = { records: recent.count, bytes: recent.count * recordBytes, elapsedMs: sentMs - reportMs };
    await say(context, `${rateText("sent", rates)}, ${latencyText(recent, false)}.`);
    reportMs = sentMs;
    recent = new Histogram();
  }
  await producer.close();
  const rates = { records: latency.count, bytes: latency.count * recordBytes, elapsedMs: performance.now() - startMs };
  return { rates, latency, error };
}

/** Text that does not repeat within a batch: pieces of one random text, at a moving place. */
function values(recordBytes: number): (at: number) => string {
  const text = randomBytes(recordBytes + 4_096)
    .toString("base64")
    .slice(0, recordBytes + 4_096);
  return (at) => {
    const start = (at * 61) % 4_096;
    return text.slice(start, start + recordBytes);
  };
}
