import type { ConsumedRecord, ConsumeOptions, Position } from "../../client/index.ts";
import { limits } from "../../core/limits.ts";
import type { Args } from "../args.ts";
import { GroupConsumer } from "../../client/groups/consumer.ts";
import type { Command, Context } from "../command.ts";
import { jsonFlag } from "../command.ts";
import { say } from "../context.ts";
import { Sink } from "../sink.ts";
import { count } from "../table.ts";
import { parseTime, timeDoc } from "../times.ts";
import { UsageError } from "../usage-error.ts";
import { consumeWithGroup } from "./consume-group.ts";
import { recordPrinter } from "./record-printer.ts";
import { waitsTold } from "./waits-told.ts";

const retryTimeoutMs = 10_000;

export const consume: Command = {
  path: ["consume"],
  summary: "Print a topic's records, one a line.",
  details: [
    "Without --follow it prints what there is, from the start unless told otherwise, and ends. With --follow it waits for more, and begins",
    "with what is new unless told otherwise. Each partition's records are in order; partitions take turns.",
    "With --group it reads as a member of a consumer group: it shares the topic with the group's other members, goes on where the group has come to,",
    "and waits for more until Ctrl-C or --max. Where the group has come to nothing yet, it begins with what is new, or --from-beginning.",
  ],
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name" }],
  flags: {
    "from-beginning": { type: "boolean", doc: "Start with the oldest record." },
    offset: {
      type: "string",
      value: "N",
      doc: "Start at an offset, or at earliest or latest. A number needs --partition when there are several.",
    },
    at: { type: "string", value: "TIME", doc: `Start with the first record at or after a time. ${timeDoc}` },
    partition: { type: "string", value: "N", multiple: true, doc: "Only this partition." },
    group: { type: "string", value: "GROUP", doc: "Read as a member of this consumer group." },
    follow: { type: "boolean", doc: "Wait for more records, until Ctrl-C." },
    max: { type: "string", value: "N", doc: "End after this many records." },
    format: {
      type: "string",
      value: "FORMAT",
      doc: "value or text: the bytes as they are; json: an object with all there is; base64. Default value.",
    },
    "show-key": { type: "boolean", doc: "Print the key before the value." },
    "show-partition": { type: "boolean", doc: "Print the partition." },
    "show-offset": { type: "boolean", doc: "Print the offset." },
    "show-timestamp": { type: "boolean", doc: "Print the timestamp, in epoch milliseconds." },
    "show-headers": { type: "boolean", doc: "Print the headers." },
    "key-separator": { type: "string", value: "TEXT", doc: "What stands between these. Default a tab." },
    json: { ...jsonFlag.json, doc: "The same as --format json." },
  },
  examples: [
    "stratalog consume orders",
    "stratalog consume orders --follow --show-key",
    "stratalog consume orders --from-beginning --max 10 --format json",
    "stratalog consume orders --partition 2 --offset 1000 --max 1",
    "stratalog consume orders --at 15m | grep alice",
    "stratalog consume orders --group billing --from-beginning",
  ],
  run: async (context) => {
    const { args, io } = context;
    const topic = args.positional(0);
    const max = args.integer("max", 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const print = recordPrinter(args, topic);
    const group = args.text("group");
    const records = group === undefined ? await withoutGroup(context, topic) : await consumeWithGroup(context, topic, group);
    const sink = new Sink(io);
    let printed = 0;
    try {
      for await (const record of records) {
        const full = sink.add(...print(record));
        if (full !== undefined) await full;
        printed += 1;
        if (printed < max) continue;
        await sink.flush();
        if (records instanceof GroupConsumer) await records.commit();
        break;
      }
    } finally {
      await sink.flush();
      if (io.stderr.isTTY === true || (io.signal.aborted && !io.outputGone())) await say(context, `${count(printed, "record")} printed.`);
    }
    return 0;
  },
};

async function withoutGroup(context: Context, topic: string): Promise<AsyncIterable<ConsumedRecord>> {
  const { args, client, io } = context;
  const from = positionOf(args);
  const chosen = args.all("partition").map(partitionOf);
  const { partitions } = await client().topics.get(topic);
  if (typeof from === "object" && "offset" in from && chosen.length === 0 && partitions > 1) {
    throw new UsageError(`--offset ${from.offset} needs --partition: ${topic} has ${partitions} partitions, each with offsets of its own.`);
  }
  const follow = args.has("follow");
  const options: ConsumeOptions = {
    topic,
    from,
    until: follow ? "never" : "end",
    signal: io.signal,
    ...(chosen.length === 0 ? {} : { partitions: chosen }),
    ...(follow ? {} : { retryTimeoutMs }),
    ...waitsTold(context),
  };
  return client().consume(options);
}

function positionOf(args: Args): Position {
  const offset = args.text("offset");
  const at = args.text("at");
  const given = [
    args.has("from-beginning") ? "--from-beginning" : "",
    offset === undefined ? "" : "--offset",
    at === undefined ? "" : "--at",
  ];
  const several = given.filter((flag) => flag !== "");
  if (several.length > 1) throw new UsageError(`Give one of ${several.join(" and ")}.`);
  if (at !== undefined) return { time: parseTime("at", at, Date.now()) };
  if (offset === "earliest" || offset === "latest") return offset;
  if (offset !== undefined) {
    if (!/^\d{1,16}$/.test(offset)) throw new UsageError(`--offset must be a number from 0, earliest or latest, not "${offset}".`);
    return { offset: Number(offset) };
  }
  return args.has("follow") && !args.has("from-beginning") ? "latest" : "earliest";
}

function partitionOf(text: string): number {
  const partition = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (partition < limits.partitionsMax) return partition;
  throw new UsageError(`--partition must be a number from 0 to ${limits.partitionsMax - 1}, not "${text}".`);
}
