import { type Command, type Context, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { table } from "../table.ts";
import { parseTime, timeDoc } from "../times.ts";
import { UsageError } from "../usage-error.ts";
import { confirmed } from "./topics-delete.ts";

export const topicsTrim: Command = {
  path: ["topics", "trim"],
  summary: "Delete a topic's oldest records, for good (Kafka's DeleteRecords).",
  details: [
    "Records below the offset can no longer be read, and their storage is given back later. Offsets stay as they are.",
    "On a terminal it asks first, unless --yes is given.",
  ],
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name" }],
  flags: {
    before: {
      type: "string",
      value: "OFFSET|latest|@TIME",
      doc: `The first offset that stays; latest: none does; @: the first record at or after a time does. ${timeDoc}`,
    },
    partition: { type: "string", value: "N", doc: "Only this partition. An offset needs it, unless the topic has one." },
    yes: { type: "boolean", doc: "Do not ask." },
    ...jsonFlag,
  },
  examples: ["stratalog topics trim orders --before @7d", "stratalog topics trim orders --partition 3 --before 1200 --yes"],
  run: async (context) => {
    const { args, client, io } = context;
    const topic = args.positional(0);
    const before = args.text("before");
    if (before === undefined) throw new UsageError("Say up to where: --before takes an offset, latest, or @ and a time.");
    const { partitions } = await client().topics.get(topic);
    const wanted = partitionsOf(args.text("partition"), partitions, before);
    const starts = await startsOf(context, topic, wanted, before);
    const which = wanted.length === 1 ? `partition ${wanted[0]}` : `${wanted.length} partitions`;
    if (
      !args.has("yes") &&
      io.stdin.isTTY === true &&
      !(await confirmed(context, `Delete records of ${topic}, ${which}, before ${before}?`))
    ) {
      await say(context, "Nothing was deleted.");
      return 1;
    }
    const done = [];
    for (const partition of wanted) {
      const start = starts.get(partition);
      if (start !== undefined) done.push(await client().topics.deleteRecords(topic, partition, start));
    }
    const rows = done.map((marks) => [marks.partition, marks.logStartOffset, marks.highWatermark]);
    await answer(context, { topic, partitions: done }, () => table(["PARTITION", "START", "END"], rows));
    return 0;
  },
};

/** @throws UsageError */
function partitionsOf(text: string | undefined, count: number, before: string): readonly number[] {
  if (text !== undefined) {
    if (/^\d{1,5}$/.test(text) && Number(text) < count) return [Number(text)];
    throw new UsageError(`--partition "${text}" is none of 0 to ${count - 1}.`);
  }
  if (/^\d+$/.test(before) && count > 1)
    throw new UsageError(`The topic has ${count} partitions: say with --partition which one the offset is of.`);
  return [...Array(count).keys()];
}

/** The first offset that stays, by partition. @throws UsageError */
async function startsOf(
  { client }: Context,
  topic: string,
  partitions: readonly number[],
  before: string,
): Promise<ReadonlyMap<number, number | "latest">> {
  if (before === "latest") return new Map(partitions.map((partition) => [partition, "latest"]));
  if (/^\d{1,16}$/.test(before)) return new Map(partitions.map((partition) => [partition, Number(before)]));
  if (!before.startsWith("@")) throw new UsageError(`--before "${before}" is no offset, not latest, and not @ and a time.`);
  const found = await client().offsets(topic, parseTime("before", before.slice(1), Date.now()));
  const at = new Map(found.map(({ partition, offset }) => [partition, offset]));
  // Where no record is that late, all are older.
  return new Map(partitions.map((partition) => [partition, at.get(partition) ?? "latest"]));
}
