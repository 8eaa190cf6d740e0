import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { type Rates, rateMetrics, rateText } from "./perf-report.ts";

const reportEveryMs = 5_000;
const retryTimeoutMs = 10_000;

export const perfConsume: Command = {
  path: ["perf", "consume"],
  summary: "Measure reading: records and megabytes a second, from the start of a topic to its end.",
  details: ["Bytes are those of keys and values."],
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name" }],
  flags: {
    records: { type: "string", value: "N", doc: "End after this many records. Default at the end of the topic." },
    ...jsonFlag,
  },
  examples: ["stratalog perf consume load", "stratalog perf consume load --records 1000000 --json"],
  run: async (context) => {
    const { args, client, io } = context;
    const topic = args.positional(0);
    const most = args.integer("records", 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    await client().topics.get(topic);
    const startMs = performance.now();
    let records = 0;
    let bytes = 0;
    let last: Rates & { readonly atMs: number } = { records: 0, bytes: 0, elapsedMs: 0, atMs: startMs };
    for await (const { key, value } of client().consume({ topic, from: "earliest", until: "end", signal: io.signal, retryTimeoutMs })) {
      records += 1;
      bytes += sizeOf(key) + sizeOf(value);
      if (records >= most) break;
      if (records % 1_024 !== 0) continue;
      const atMs = performance.now();
      if (atMs - last.atMs < reportEveryMs) continue;
      const recent = { records: records - last.records, bytes: bytes - last.bytes, elapsedMs: atMs - last.atMs };
      await say(context, `${rateText("read", recent)}.`);
      last = { records, bytes, elapsedMs: 0, atMs };
    }
    const rates = { records, bytes, elapsedMs: performance.now() - startMs };
    await answer(context, { topic, metrics: rateMetrics(rates) }, () => `${rateText("read", rates)}.\n`);
    return 0;
  },
};

function sizeOf(content: string | Uint8Array | null): number {
  if (content === null) return 0;
  return typeof content === "string" ? Buffer.byteLength(content) : content.length;
}
