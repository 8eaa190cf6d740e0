import type { CheckCounts } from "../../log/check/context.ts";
import type { Finding } from "../../log/check/finding.ts";
import type { PlannedDeletion } from "../../log/check/planned-deletions.ts";
import type { Context } from "../command.ts";
import { say } from "../context.ts";
import { write } from "../io.ts";
import { Progress } from "../progress.ts";
import { count, size } from "../table.ts";

/** Tells findings as they come, mends them if it is to, and sums them up. */
export class CheckReport {
  readonly #context: Context;
  readonly #isRepairing: boolean;
  readonly #progress: Progress;
  #faults = 0;
  #notes = 0;
  #repaired = 0;
  #faultsRepaired = 0;
  #repairable = 0;

  constructor(context: Context, isRepairing: boolean) {
    this.#context = context;
    this.#isRepairing = isRepairing;
    this.#progress = new Progress(context.io.stderr, { isFile: true, bytes: undefined }, Date.now);
  }

  progress({ bytes, records }: Readonly<CheckCounts>): void {
    this.#progress.update(bytes, records);
  }

  async tell(finding: Finding): Promise<void> {
    const { isFault, kind, what, where, message, repair } = finding;
    this.#progress.clear();
    if (isFault) this.#faults++;
    else this.#notes++;
    if (repair !== undefined) this.#repairable++;
    const isRepaired = this.#isRepairing && repair !== undefined && (await repair());
    if (isRepaired) this.#repaired++;
    if (isRepaired && isFault) this.#faultsRepaired++;
    const isRepairable = repair !== undefined;
    await this.#print(
      { type: "finding", isFault, kind, what, where, isRepairable, isRepaired, message },
      `${isFault ? "FAULT" : "note "} ${kind} ${what}${placeOf(where)}\n      ${message}\n${isRepaired ? "      Repaired.\n" : ""}`,
    );
  }

  /** @returns how many faults are left */
  async end(counts: Readonly<CheckCounts>): Promise<number> {
    this.#progress.clear();
    const [faults, notes, repaired, repairable] = [this.#faults, this.#notes, this.#repaired, this.#repairable];
    const left = faults - this.#faultsRepaired;
    const { topics, partitions, entries, segments, records, bytes } = counts;
    const seen = [
      count(topics, "topic"),
      count(partitions, "partition"),
      count(segments, "segment"),
      `${entries.toLocaleString("en-US")} journal ${entries === 1 ? "entry" : "entries"}`,
      `${count(records, "record")} (${size(bytes)})`,
    ].join(", ");
    const found = faults === 0 ? "No fault" : count(faults, "fault");
    const mended =
      repaired > 0 ? `, ${repaired} repaired` : repairable > 0 && !this.#isRepairing ? `, ${repairable} that --repair mends` : "";
    const noted = notes > 0 ? `, ${count(notes, "note")}` : "";
    await this.#print(
      { type: "summary", ...counts, faults, faultsLeft: left, notes, repaired },
      `Checked ${seen}.\n${found}${noted}${mended}.\n`,
    );
    return left;
  }

  async #print(data: unknown, human: string): Promise<void> {
    const { io, json } = this.#context;
    await write(io, io.stdout, json ? `${JSON.stringify(data)}\n` : human);
  }
}

function placeOf({ topic, topicId, shard, partition, offset }: Finding["where"]): string {
  const name = topic ?? topicId;
  if (name === undefined) return "";
  const part = partition !== undefined ? ` partition ${partition}` : shard !== undefined ? ` shard ${shard}` : "";
  return `: ${name}${part}${offset === undefined ? "" : ` offset ${offset}`}`;
}

const reasons: Readonly<Record<PlannedDeletion["why"], string>> = {
  unfinished: "unfinished: a seal, merge or compaction that did not come to its end",
  replaced: "replaced: by a merge or a compaction",
  expired: "expired: below the log start offset, or of a deleted topic",
  trimmed: "trimmed: in segments by now, or below the log start offset",
  closed: "closed: of a deleted topic's journal",
  uncommitted: "uncommitted: stored by a writer that then ended",
};

/** One line for each object, or what else it is. */
export async function printDeletion({ io, json }: Context, deletion: PlannedDeletion): Promise<void> {
  const { topic = "-", dueMs, why, isDoomed, keys } = deletion;
  if (json) {
    await write(io, io.stdout, `${JSON.stringify({ type: "deletion", ...deletion })}\n`);
    return;
  }
  const due = Number.isNaN(new Date(dueMs).getTime()) ? "never" : new Date(dueMs).toISOString();
  const state = why === "unfinished" && !isDoomed ? "unfinished: stays if its writer ends in time" : reasons[why];
  await write(io, io.stdout, keys.map((key) => `${due}  ${topic}  ${key}  (${state})\n`).join(""));
}

/** For programs a last line, by which they know that they have all; for people a word where there is nothing. */
export async function endDeletions(context: Context, deletions: number, objects: number): Promise<void> {
  if (context.json) await write(context.io, context.io.stdout, `${JSON.stringify({ type: "summary", deletions, objects })}\n`);
  else if (deletions === 0) await say(context, "The janitor is going to delete nothing.");
}
