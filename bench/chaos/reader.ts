import type { FetchAnswer } from "../../lib/http/wire.ts";
import type { SeenRecord } from "../../lib/testing/history.ts";
import { type Connection, pause } from "./connection.ts";
import { nameOf } from "./padding.ts";
import type { Recording } from "./recording.ts";

const pauseMs = 10;

/** Follows one partition of the main topic through all kills. */
export async function runReader(connection: Connection, recording: Recording, topic: string, partition: number): Promise<void> {
  let from = 0;
  while (!connection.isEnding) {
    const startAt = recording.moment();
    const answer = await fetchFrom(connection, topic, partition, from, 100);
    recording.polls.push({
      reader: `r${partition}`,
      startAt,
      endAt: recording.moment(),
      partition,
      from,
      seeks: from === 0,
      seen: seenIn(answer),
      nextOffset: answer.nextOffset,
      highWatermark: answer.highWatermark,
    });
    from = answer.nextOffset;
    await pause(pauseMs);
  }
}

/** All that a partition holds, and where it began when that was read. */
export async function readAll(
  connection: Connection,
  topic: string,
  partition: number,
): Promise<{ readonly logStartOffset: number; readonly highWatermark: number; readonly seen: readonly SeenRecord[] }> {
  const first = await fetchFrom(connection, topic, partition, "earliest", 0);
  const seen = [...seenIn(first)];
  const { logStartOffset, highWatermark } = first;
  for (let from = first.nextOffset; from < highWatermark; ) {
    const answer = await connection.expect([200, 416], recordsPath(topic, partition, from, 0));
    // What was to come next has expired meanwhile.
    if (answer.status === 416) return await readAll(connection, topic, partition);
    const page = answer.body as FetchAnswer;
    if (page.nextOffset <= from) throw new Error(`the read of ${topic} ${partition} stops at ${from}`);
    seen.push(...seenIn(page));
    from = page.nextOffset;
  }
  return { logStartOffset, highWatermark, seen };
}

export function seenIn({ records }: FetchAnswer): readonly SeenRecord[] {
  return records.map(({ offset, value }) => ({ offset, value: typeof value === "string" ? nameOf(value) : "" }));
}

async function fetchFrom(
  connection: Connection,
  topic: string,
  partition: number,
  from: number | "earliest",
  waitMs: number,
): Promise<FetchAnswer> {
  return (await connection.expect([200], recordsPath(topic, partition, from, waitMs))).body as FetchAnswer;
}

function recordsPath(topic: string, partition: number, from: number | "earliest", waitMs: number): string {
  return `/${topic}/partitions/${partition}/records?offset=${from}&limit=1000&wait=${waitMs}`;
}
