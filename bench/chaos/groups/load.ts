import { LogError } from "../../../lib/core/errors.ts";
import type { Log } from "../../../lib/log/log.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { Notes } from "./notes.ts";
import { pause } from "./pause.ts";

const recordsMax = 6;
const text = new TextEncoder();

export interface LoadParts {
  readonly log: Log;
  readonly notes: Notes;
  readonly prng: Prng;
  readonly topic: string;
  readonly partitions: number;
  readonly pauseMs: number;
  readonly isOver: () => boolean;
}

/** Appends records, each with a value that no other has, until it is over. */
export async function produce(name: string, { log, notes, prng, topic, partitions, pauseMs, isOver }: LoadParts): Promise<void> {
  for (let sent = 0; !isOver(); ) {
    await pause(pauseMs);
    const values = Array.from({ length: prng.between(1, recordsMax) }, () => `${name}-${sent++}`);
    const records = values.map((value) => ({
      key: null,
      value: text.encode(value),
      headers: [],
      partition: prng.between(0, partitions - 1),
    }));
    const results = await log.append(topic, { records }).catch((reason: unknown) => LogError.from(reason));
    if (results instanceof LogError) notes.problems.push(`append: ${results.code}: ${results.message}`);
    else {
      for (const [nth, result] of results.entries()) {
        if ("error" in result) notes.problems.push(`append: ${result.error.message}`);
        else notes.appended.push({ partition: result.partition, offset: result.offset, value: values[nth] ?? "" });
      }
    }
  }
}

/** Reads what is committed, over and over, until it is over. */
export async function watch(log: Log, group: string, notes: Notes, everyMs: number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await watchOnce(log, group, notes);
    await pause(everyMs);
  }
}

export async function watchOnce(log: Log, group: string, notes: Notes): Promise<ReadonlyMap<number, number>> {
  const found = await log.groups.committed(group).catch((reason: unknown) => LogError.from(reason));
  if (found instanceof LogError) {
    if (found.code !== "group_id_not_found") notes.problems.push(`watcher: ${found.code}: ${found.message}`);
    return new Map();
  }
  const atMs = performance.now();
  for (const { partition, offset = 0 } of found) notes.watch(partition, offset, atMs);
  return new Map(found.map(({ partition, offset = 0 }) => [partition, offset]));
}
