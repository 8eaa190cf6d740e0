import { limits } from "../../core/limits.ts";
import { type Command, type Context, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { count, table } from "../table.ts";
import { timeDoc } from "../times.ts";
import { UsageError } from "../usage-error.ts";
import { chosenOf, type Move, planOf, targetOf } from "./groups-reset-plan.ts";
import { inTheWay, withMembersNamed } from "./groups-text.ts";

export const groupsReset: Command = {
  path: ["groups", "reset"],
  hints: ["reset-offsets", "seek", "set-offsets"],
  summary: "Set where a group without members goes on.",
  details: [
    "Stop the group's members first. A triggered consumer needs no stop, and no pause: a call that is under way commits nothing any more.",
    "What lies outside of a partition is brought to its start or its end.",
    "A group that is not there is made, so that its first member starts where you say.",
  ],
  client: true,
  positionals: [{ name: "GROUP", doc: "the group's id" }],
  flags: {
    topic: { type: "string", value: "T[:PARTITIONS]", multiple: true, doc: "A topic, or some of its partitions: orders:0,4-7." },
    to: { type: "string", value: "earliest|latest|@TIME|OFFSET", doc: `@: the first record at or after a time. ${timeDoc}` },
    "shift-by": { type: "string", value: "N", doc: "So many records on from what is committed, or back: -100." },
    "to-earliest": { type: "boolean", doc: "The same as --to earliest, as Kafka's tool has it." },
    "to-latest": { type: "boolean", doc: "The same as --to latest." },
    "to-offset": { type: "string", value: "N", doc: "The same as --to N." },
    "to-datetime": { type: "string", value: "TIME", doc: "The same as --to @TIME; without a zone it is UTC, as in Kafka." },
    execute: { type: "boolean", doc: "Do it, which is the default." },
    "dry-run": { type: "boolean", doc: "Show what would be done, and do nothing. The group may have members." },
    ...jsonFlag,
  },
  examples: [
    "stratalog groups reset billing --topic orders --to earliest --dry-run",
    "stratalog groups reset billing --topic orders:0,4-7 --topic refunds --to @2h",
    "stratalog groups reset billing --topic orders --shift-by -100",
  ],
  run: async (context) => {
    const { args, client, io } = context;
    const group = args.positional(0);
    if (args.has("execute") && args.has("dry-run")) throw new UsageError("Give one of --execute and --dry-run.");
    const target = targetOf(args, Date.now());
    const chosen = chosenOf(args.all("topic"));
    const { moves, isNew } = await planOf(client(), group, chosen, target);
    if (args.has("dry-run")) {
      await print(context, group, moves, true);
      const more = (await inTheWay(client(), group)) ?? (isNew ? `Group ${group} is not there yet.` : "");
      await say(context, `Nothing was changed: this was a dry run. ${more}`.trimEnd());
      return 0;
    }
    // A request takes so many, all or none; what an earlier one has done stays.
    let done = 0;
    try {
      while (done < moves.length && !io.signal.aborted) {
        const some = moves.slice(done, done + limits.offsetCommitsMax);
        const offsets = some.map(({ topic, partition, newOffset }) => ({ topic, partition, offset: newOffset }));
        await client().groups.setOffsets(group, offsets);
        done += some.length;
      }
    } catch (reason) {
      throw await withMembersNamed(client(), group, reason);
    } finally {
      if (done > 0) await print(context, group, moves.slice(0, done), false);
      // A name that is spelt wrong makes a group of its own.
      if (done > 0 && isNew) await say(context, `Group ${group} was not there: this has made it.`);
      if (done > 0 && done < moves.length) await say(context, `Only ${count(done, "partition")} of ${moves.length} were set.`);
    }
    return 0;
  },
};

async function print(context: Context, group: string, moves: readonly Move[], isDryRun: boolean): Promise<void> {
  const noted = moves.some(({ note }) => note !== undefined);
  const rows = moves.map(({ topic, partition, oldOffset, newOffset, note = "" }) => {
    const row = [topic, partition, oldOffset ?? "-", newOffset];
    return noted ? [...row, note] : row;
  });
  const headings = ["TOPIC", "PARTITION", "OLD", "NEW", ...(noted ? ["NOTE"] : [])];
  await answer(context, { group, dryRun: isDryRun, partitions: moves }, () => table(headings, rows));
}
