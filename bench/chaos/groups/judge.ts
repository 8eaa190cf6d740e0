import type { Appended, Beat, Death, Departure, Processed, Watched, Watermark } from "./notes.ts";

export type Anomaly = "two owners" | "given too early" | "committed back" | "committed unprocessed" | "unseen" | "not drained";

export interface Finding {
  readonly anomaly: Anomaly;
  readonly message: string;
}

/** Partitions of which two lives processed something as owners of one and the same generation; each such pair once. */
export function twoOwners(processed: readonly Processed[]): readonly Finding[] {
  const owners = new Map<string, Set<string>>();
  const findings: Finding[] = [];
  for (const { life, partition, offset, generation } of processed) {
    const place = `partition ${partition} under generation ${generation}`;
    const lives = owners.get(place) ?? new Set();
    owners.set(place, lives);
    if (lives.has(life)) continue;
    if (lives.size > 0)
      findings.push({ anomaly: "two owners", message: `${[...lives].join()} and ${life} had ${place}, at offset ${offset}` });
    lives.add(life);
  }
  return findings;
}

export interface Lives {
  readonly processed: readonly Processed[];
  readonly beats: readonly Beat[];
  readonly replaced: ReadonlySet<string>;
}

/**
 * Partitions that went to another one while a life still worked on them, although it had beaten often enough all the time and nobody had replaced it: it cannot
 * have given them back, as a life that says it does not hold a partition works on it no more.
 */
export function givenTooEarly({ processed, beats, replaced }: Lives, sessionTimeoutMs: number): readonly Finding[] {
  const beatsOf = Map.groupBy(beats, ({ life }) => life);
  const findings: Finding[] = [];
  for (const tenures of tenuresByPartition(processed).values()) {
    for (const [nth, tenure] of tenures.entries()) {
      const { life, partition, generation, firstMs, lastMs } = tenure;
      if (replaced.has(life)) continue;
      const next = tenures.slice(nth + 1).find((each) => each.life !== life && each.generation > generation && each.firstMs < lastMs);
      if (next === undefined || !livedOn(beatsOf.get(life) ?? [], firstMs, next.firstMs, sessionTimeoutMs)) continue;
      const message = `${next.life} had partition ${partition} from generation ${next.generation} on while ${life} still had it, from ${generation} on`;
      findings.push({ anomaly: "given too early", message });
    }
  }
  return findings;
}

/** Whether no moment of a time was further than a session from a beat that had got there by then. */
function livedOn(beats: readonly Beat[], fromMs: number, toMs: number, sessionTimeoutMs: number): boolean {
  const start = beats.findLastIndex(({ answeredMs }) => answeredMs <= fromMs);
  if (start < 0) return false;
  const own = beats.slice(start).filter(({ answeredMs }) => answeredMs <= toMs);
  return own.every(({ sentMs }, nth) => (own[nth + 1]?.answeredMs ?? toMs) - sentMs <= sessionTimeoutMs);
}

/** A partition's time with one life. */
interface Tenure {
  readonly life: string;
  readonly partition: number;
  readonly generation: number;
  readonly firstMs: number;
  lastMs: number;
}

function tenuresByPartition(processed: readonly Processed[]): ReadonlyMap<number, readonly Tenure[]> {
  const tenures = new Map<string, Tenure>();
  for (const { life, partition, generation, atMs } of processed) {
    const key = `${partition} ${life} ${generation}`;
    const known = tenures.get(key);
    if (known !== undefined) known.lastMs = Math.max(known.lastMs, atMs);
    else tenures.set(key, { life, partition, generation, firstMs: atMs, lastMs: atMs });
  }
  const sorted = [...tenures.values()].sort((a, b) => a.generation - b.generation || a.firstMs - b.firstMs);
  return Map.groupBy(sorted, ({ partition }) => partition);
}

/** Committed offsets that the watcher saw go back. */
export function committedBack(watched: readonly Watched[]): readonly Finding[] {
  const findings: Finding[] = [];
  const last = new Map<number, number>();
  for (const { partition, offset } of watched) {
    const before = last.get(partition) ?? 0;
    if (offset < before)
      findings.push({ anomaly: "committed back", message: `partition ${partition} went from ${before} back to ${offset}` });
    last.set(partition, offset);
  }
  return findings;
}

/** Offsets that were committed before somebody had processed all that is below them. */
export function committedUnprocessed(processed: readonly Processed[], watched: readonly Watched[]): readonly Finding[] {
  const doneMs = new Map<number, number[]>();
  for (const { partition, offset, atMs } of processed) {
    const times = doneMs.get(partition) ?? [];
    doneMs.set(partition, times);
    times[offset] = Math.min(times[offset] ?? Number.POSITIVE_INFINITY, atMs);
  }
  const allDoneMs = new Map([...doneMs].map(([partition, times]) => [partition, runningMax(times)]));
  const findings: Finding[] = [];
  for (const { partition, offset, atMs } of watched) {
    const readyMs = offset === 0 ? 0 : (allDoneMs.get(partition)?.[offset - 1] ?? Number.POSITIVE_INFINITY);
    if (readyMs > atMs)
      findings.push({
        anomaly: "committed unprocessed",
        message: `partition ${partition} was committed up to ${offset} before all below it was processed`,
      });
  }
  return findings;
}

/** When everything up to each offset was processed; a hole has never been. */
function runningMax(times: readonly number[]): readonly number[] {
  let max = 0;
  return Array.from(times, (time: number | undefined) => (max = Math.max(max, time ?? Number.POSITIVE_INFINITY)));
}

/** Acknowledged records that nobody has processed as they were written, and partitions that were not committed up to their end. */
export function unseen(processed: readonly Processed[], appended: readonly Appended[], final: readonly Watermark[]): readonly Finding[] {
  const seen = new Set(processed.map(({ partition, offset, value }) => `${partition}/${offset} ${value}`));
  const missing = appended.filter(({ partition, offset, value }) => !seen.has(`${partition}/${offset} ${value}`));
  const behind = final.filter(({ committed, highWatermark }) => committed !== highWatermark);
  return [
    ...missing.map(({ partition, offset }): Finding => ({ anomaly: "unseen", message: `nobody processed ${partition}/${offset}` })),
    ...behind.map(
      ({ partition, committed, highWatermark }): Finding => ({
        anomaly: "not drained",
        message: `partition ${partition} is committed up to ${committed} of ${highWatermark}`,
      }),
    ),
  ];
}

/** Of the partitions of those who stayed, the share (0 to 1) that kept their owner; NaN when nobody left. */
export function keptShare(departures: readonly Departure[]): number {
  let [kept, all] = [0, 0];
  for (const { leaver, before, after } of departures) {
    for (const [partition, owner] of before) {
      if (owner === leaver) continue;
      all++;
      if (after.get(partition) === owner) kept++;
    }
  }
  return kept / all;
}

/**
 * Milliseconds from a death's last beat to the first record that a later owner processed, for each partition that was taken over. Who came back from a freeze in time
 * and went on was not dead.
 */
export function takeovers(deaths: readonly Death[], processed: readonly Processed[]): readonly number[] {
  const byPartition = Map.groupBy(processed, ({ partition }) => partition);
  return deaths.flatMap(({ life, lastBeatMs, silentMs, partitions }) =>
    [...partitions].flatMap(([partition, generation]) => {
      const next = byPartition.get(partition)?.find((each) => {
        return each.life === life ? each.atMs > silentMs : each.generation > generation && each.atMs > lastBeatMs;
      });
      return next === undefined || next.life === life ? [] : [next.atMs - lastBeatMs];
    }),
  );
}
