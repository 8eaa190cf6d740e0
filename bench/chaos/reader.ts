import type { FetchAnswer } from "../../lib/http/wire.ts";
import type { SeenRecord } from "../../lib/testing/history.ts";
import type { Recording } from "./recording.ts";

/** Follows one partition through all kills. */
export async function runReader(recording: Recording, partition: number): Promise<void> {
  let from = 0;
  while (!recording.isEnding) {
    const startAt = recording.moment();
    const answer = await fetchFrom(recording, partition, from, 100);
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
  }
}

/** All that a partition holds. */
export async function readAll(recording: Recording, partition: number): Promise<readonly SeenRecord[]> {
  const seen: SeenRecord[] = [];
  for (let from = 0; ; ) {
    const answer = await fetchFrom(recording, partition, from, 0);
    seen.push(...seenIn(answer));
    if (answer.nextOffset === answer.highWatermark) return seen;
    from = answer.nextOffset;
  }
}

async function fetchFrom(recording: Recording, partition: number, from: number, waitMs: number): Promise<FetchAnswer> {
  return (await recording.send(`/partitions/${partition}/records?offset=${from}&limit=1000&wait=${waitMs}`, {})) as FetchAnswer;
}

function seenIn(answer: FetchAnswer): readonly SeenRecord[] {
  return answer.records.map(({ offset, value }) => ({ offset, value: String(value) }));
}
