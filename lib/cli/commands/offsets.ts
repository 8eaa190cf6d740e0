import { type Command, jsonFlag } from "../command.ts";
import { answer } from "../context.ts";
import { table } from "../table.ts";
import { parseTime, timeDoc } from "../times.ts";

export const offsets: Command = {
  path: ["offsets"],
  summary: "Show where each partition starts and ends, or where it was at a time.",
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name" }],
  flags: {
    at: { type: "string", value: "TIME", doc: `Show the first record at or after a time instead. ${timeDoc}` },
    ...jsonFlag,
  },
  examples: ["stratalog offsets orders", "stratalog offsets orders --at 15m", "stratalog offsets orders --at 2026-01-31T08:00Z --json"],
  run: async (context) => {
    const { args, client } = context;
    const topic = args.positional(0);
    const at = args.text("at");
    if (at === undefined) {
      const { partitionDetails } = await client().topics.get(topic);
      const rows = partitionDetails.map(({ partition, logStartOffset, highWatermark }) => [
        partition,
        logStartOffset,
        highWatermark,
        highWatermark - logStartOffset,
      ]);
      await answer(context, { topic, partitions: partitionDetails }, () => table(["PARTITION", "START", "END", "OFFSETS"], rows));
      return 0;
    }
    const found = await client().offsets(topic, parseTime("at", at, Date.now()));
    const data = found.map(({ partition, offset, timestampMs }) => ({ partition, offset: offset ?? null, timestamp: timestampMs ?? null }));
    const rows = data.map(({ partition, offset, timestamp }) => [
      partition,
      offset ?? "-",
      timestamp === null ? "-" : new Date(timestamp).toISOString(),
    ]);
    await answer(context, { topic, offsets: data }, () => table(["PARTITION", "OFFSET", "TIMESTAMP"], rows));
    return 0;
  },
};
