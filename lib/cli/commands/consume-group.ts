import type { GroupConsumer, LogClient, TopicPartition } from "../../client/index.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { isId } from "../../core/names.ts";
import type { Context } from "../command.ts";
import { say } from "../context.ts";
import { count } from "../table.ts";
import { UsageError } from "../usage-error.ts";
import { membersText, rangesText } from "./groups-text.ts";
import { waitsTold } from "./waits-told.ts";

/** How long a member without partitions waits until it says so. */
const lonelyMs = 5_000;

/** Reads a topic as a member of a group, and says what it has joined. */
export async function consumeWithGroup(context: Context, topic: string, group: string): Promise<GroupConsumer> {
  const { args, client, io } = context;
  for (const flag of ["offset", "at", "partition"]) {
    if (args.has(flag))
      throw new UsageError(`--${flag} is not for --group: the group says where to go on. To change that, see stratalog groups reset.`);
  }
  if (!isId(group, limits.groupIdLengthMax)) {
    throw new UsageError(`--group must be a name of 1 to ${limits.groupIdLengthMax} characters, none of them control characters.`);
  }
  // A group waits for a topic that is not there; here it is more likely a slip of the pen.
  await client().topics.get(topic);
  const committed = context.json ? undefined : await committedOf(client(), group, topic);
  const fromBeginning = args.has("from-beginning");
  let hasJoined = false;
  const onPartitionsAssigned = async (partitions: readonly TopicPartition[]): Promise<void> => {
    if (hasJoined) return;
    hasJoined = true;
    const numbers = partitions.map(({ partition }) => partition);
    const where = committed === undefined ? "" : `, ${startText(numbers, committed, fromBeginning)}`;
    const noun = numbers.length === 1 ? "partition" : "partitions";
    await say(context, `Joined group ${group}: ${noun} ${rangesText(numbers)} of ${topic}${where}.`);
  };
  const consumer = client().consumer({
    group,
    topics: [topic],
    autoOffsetReset: fromBeginning ? "earliest" : "latest",
    signal: io.signal,
    onPartitionsAssigned,
    ...waitsTold(context),
  });
  const lonely = setTimeout(() => void (hasJoined ? undefined : tellLonely(context, group, consumer)), lonelyMs);
  lonely.unref();
  return consumer;
}

/** Of which partitions of a topic a group has committed something; undefined where that cannot be known now. */
async function committedOf(client: LogClient, group: string, topic: string): Promise<ReadonlySet<number> | undefined> {
  try {
    const offsets = await client.groups.offsets(group);
    return new Set(offsets.filter((at) => at.topic === topic && at.offset !== null).map(({ partition }) => partition));
  } catch (reason) {
    return LogError.from(reason).code === "group_id_not_found" ? new Set() : undefined;
  }
}

function startText(partitions: readonly number[], committed: ReadonlySet<number>, fromBeginning: boolean): string {
  const otherwise = fromBeginning ? "from the beginning" : "from what comes now";
  const known = partitions.filter((partition) => committed.has(partition)).length;
  if (known === 0) return otherwise;
  return `from where the group has come to${known === partitions.length ? "" : `, else ${otherwise}`}`;
}

/** There may be more members than partitions, or a member that was killed. Never rejects. */
async function tellLonely(context: Context, group: string, { memberId }: GroupConsumer): Promise<void> {
  const detail = await context
    .client()
    .groups.get(group)
    .catch(() => undefined);
  const others = detail?.members.map(({ member }) => member).filter((member) => member !== memberId) ?? [];
  if (others.length === 0 || others.length === detail?.members.length || context.io.signal.aborted) return;
  const who = `${count(others.length, "other member")} (${membersText(others)})`;
  await say(
    context,
    `Joined group ${group}, and has no partition yet: ${who} ${others.length === 1 ? "has" : "have"} them. One that was killed is gone once its session is over.`,
  );
}
