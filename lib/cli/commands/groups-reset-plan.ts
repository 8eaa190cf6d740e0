import type { LogClient, TopicDetailBody } from "../../client/index.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Args } from "../args.ts";
import { parseTime, timeDoc } from "../times.ts";
import { UsageError } from "../usage-error.ts";

/** Where a group is to go on. */
export type Target = "earliest" | "latest" | { readonly offset: number } | { readonly timeMs: number } | { readonly shiftBy: number };

/** Partitions by topic; "all" for those that it has. */
export type Chosen = ReadonlyMap<string, ReadonlySet<number> | "all">;

/** One partition's change. */
export interface Move {
  readonly topic: string;
  readonly partition: number;
  /** Null where nothing was committed. */
  readonly oldOffset: number | null;
  readonly newOffset: number;
  /** Why the new one is not what was asked for. */
  readonly note?: string;
}

type Marks = TopicDetailBody["partitionDetails"][number];

/** Of `--to` or `--shift-by`, or of what Kafka's tool calls them. @throws UsageError */
export function targetOf(args: Args, nowMs: number): Target {
  const max = Number.MAX_SAFE_INTEGER;
  const [to, datetime] = [args.text("to"), args.text("to-datetime")];
  const [shiftBy, offset] = [args.integer("shift-by", -max, max), args.integer("to-offset", 0, max)];
  const given: (readonly [flag: string, target: Target])[] = [];
  if (to !== undefined) given.push(["--to", placeOf(to, nowMs)]);
  if (args.has("to-earliest")) given.push(["--to-earliest", "earliest"]);
  if (args.has("to-latest")) given.push(["--to-latest", "latest"]);
  if (offset !== undefined) given.push(["--to-offset", { offset }]);
  if (datetime !== undefined) given.push(["--to-datetime", { timeMs: parseTime("to-datetime", inUtc(datetime), nowMs) }]);
  if (shiftBy !== undefined) given.push(["--shift-by", { shiftBy }]);
  const [first, second] = given;
  if (first === undefined)
    throw new UsageError("Say where to: --to takes earliest, latest, an offset, or @ and a time; --shift-by a number.");
  if (second !== undefined) throw new UsageError(`Give one of ${given.map(([flag]) => flag).join(" and ")}.`);
  return first[1];
}

/** A date and time without a zone is UTC to Kafka's tool. */
function inUtc(text: string): string {
  return /T[^Z+-]+$/.test(text) ? `${text}Z` : text;
}

function placeOf(to: string, nowMs: number): Target {
  if (to === "earliest" || to === "latest") return to;
  if (/^\d{1,16}$/.test(to)) return { offset: Number(to) };
  if (to.startsWith("@")) return { timeMs: parseTime("to", to.slice(1), nowMs) };
  throw new UsageError(`--to "${to}" is no offset, not earliest or latest, and not @ and a time. ${timeDoc}`);
}

/** Of `orders`, `orders:3` and `orders:0,4-7`. @throws UsageError */
export function chosenOf(texts: readonly string[]): Chosen {
  const chosen = new Map<string, ReadonlySet<number> | "all">();
  for (const text of texts) {
    const [topic = "", list] = text.split(/:(.*)/s);
    if (topic === "") throw new UsageError(`--topic "${text}" names no topic.`);
    const before = chosen.get(topic);
    if (list === undefined || before === "all") chosen.set(topic, "all");
    else chosen.set(topic, new Set([...(before ?? []), ...list.split(",").flatMap((part) => rangeOf(text, part))]));
  }
  if (chosen.size === 0) throw new UsageError("Say of what: --topic orders, or --topic orders:0,4-7 for some of its partitions.");
  return chosen;
}

function rangeOf(text: string, part: string): readonly number[] {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
  const first = Number(found?.[1]);
  const last = Number(found?.[2] ?? first);
  if (first <= last && last < limits.partitionsMax) return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  throw new UsageError(`--topic "${text}": after the colon come partitions, such as ${text.split(":")[0] ?? ""}:0,4-7.`);
}

export interface Plan {
  readonly moves: readonly Move[];
  /** Whether there is no such group yet. */
  readonly isNew: boolean;
}

/** What is to change, by topic and partition. Reads only. @throws UsageError, LogError */
export async function planOf(client: LogClient, group: string, chosen: Chosen, target: Target): Promise<Plan> {
  const committed = await committedOf(client, group);
  const moves: Move[] = [];
  for (const [topic, partitions] of chosen) {
    const { partitionDetails } = await client.topics.get(topic);
    const marks = marksOf(topic, partitions, partitionDetails);
    const at = typeof target === "object" && "timeMs" in target ? await client.offsets(topic, target.timeMs) : [];
    const found = new Map(at.map(({ partition, offset }) => [partition, offset]));
    for (const mark of marks) {
      const oldOffset = committed?.get(`${topic}/${mark.partition}`) ?? null;
      moves.push({ topic, partition: mark.partition, oldOffset, ...newOffsetOf(target, mark, oldOffset, found.get(mark.partition)) });
    }
  }
  if (typeof target === "object" && "shiftBy" in target) checkShift(group, moves);
  return { moves, isNew: committed === undefined };
}

function marksOf(topic: string, wanted: ReadonlySet<number> | "all", marks: readonly Marks[]): readonly Marks[] {
  if (wanted === "all") return marks;
  const missing = [...wanted].find((partition) => partition >= marks.length);
  if (missing === undefined) return marks.filter(({ partition }) => wanted.has(partition));
  throw new UsageError(`--topic "${topic}:${missing}": partition ${missing} of ${topic} is none of 0 to ${marks.length - 1}.`);
}

/** Brought to the partition's ends, as Kafka does. */
function newOffsetOf(target: Target, marks: Marks, oldOffset: number | null, atTime: number | undefined): Pick<Move, "newOffset" | "note"> {
  const { logStartOffset, highWatermark } = marks;
  if (target === "earliest") return { newOffset: logStartOffset };
  if (target === "latest") return { newOffset: highWatermark };
  if ("timeMs" in target) {
    if (atTime === undefined) return { newOffset: highWatermark, note: "no record is that late: the end" };
    return { newOffset: atTime };
  }
  const wanted = "offset" in target ? target.offset : (oldOffset ?? 0) + target.shiftBy;
  if (wanted < logStartOffset) return { newOffset: logStartOffset, note: `${wanted} is before the start` };
  if (wanted > highWatermark) return { newOffset: highWatermark, note: `${wanted} is past the end` };
  return { newOffset: wanted };
}

/** As Kafka, all or nothing. @throws offset_out_of_range */
function checkShift(group: string, moves: readonly Move[]): void {
  const without = moves.filter(({ oldOffset }) => oldOffset === null);
  const [first] = without;
  if (first === undefined) return;
  const more = without.length > 1 ? `, and of ${without.length - 1} more` : "";
  throw new LogError(
    "offset_out_of_range",
    `Group ${group} has committed nothing of ${first.topic}:${first.partition}${more}: there is nothing to shift. Name other partitions, or give --to.`,
  );
}

/** Undefined where there is no such group: offsets may be set before anybody has joined. */
async function committedOf(client: LogClient, group: string): Promise<ReadonlyMap<string, number | null> | undefined> {
  try {
    const offsets = await client.groups.offsets(group);
    return new Map(offsets.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  } catch (reason) {
    if (LogError.from(reason).code === "group_id_not_found") return undefined;
    throw reason;
  }
}
