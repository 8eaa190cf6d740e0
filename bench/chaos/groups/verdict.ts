import { atLeast, atMost, figure, median, type Metric } from "../../support/metrics.ts";
import {
  type Anomaly,
  committedBack,
  committedUnprocessed,
  type Finding,
  givenTooEarly,
  keptShare,
  takeovers,
  twoOwners,
  unseen,
} from "./judge.ts";
import type { Notes } from "./notes.ts";

/** Of those who stay when one of eight leaves. */
export const keptShareMin = 0.99;
/** A run of a minute has to see each kind of disaster, or it shows nothing. */
const fullSeconds = 60;

/** What the notes show already, before the group has drained. */
export function soFar(notes: Notes, sessionTimeoutMs: number): readonly Finding[] {
  const { processed, watched } = notes;
  return [
    ...twoOwners(processed),
    ...givenTooEarly(notes, sessionTimeoutMs),
    ...committedBack(watched),
    ...committedUnprocessed(processed, watched),
  ];
}

export function judged(notes: Notes, sessionTimeoutMs: number): readonly Finding[] {
  return [...soFar(notes, sessionTimeoutMs), ...unseen(notes.processed, notes.appended, notes.final)];
}

export function summary(notes: Notes, findings: readonly Finding[], seconds: number, sessionTimeoutMs: number): readonly Metric[] {
  const { processed, appended, departures, counts, refused, deaths, problems, watched } = notes;
  const found = (anomaly: Anomaly): number => findings.filter((each) => each.anomaly === anomaly).length;
  const least = seconds >= fullSeconds ? 1 : 0;
  const seen = new Set(processed.map(({ partition, offset }) => `${partition}/${offset}`)).size;
  const kinds = ["leave", "crash", "freeze"];
  return [
    atLeast("records appended", appended.length, "records", seconds),
    figure("records processed", processed.length, "records"),
    figure("of them again", processed.length - seen, "records"),
    figure("committed offsets seen", watched.length, "offsets"),
    ...kinds.map((kind) => atLeast(kind, counts.get(kind) ?? 0, "times", least)),
    ...[...counts].filter(([kind]) => !kinds.includes(kind)).map(([kind, count]) => figure(kind, count, "times")),
    atLeast("departures from a settled group", departures.length, "times", least),
    atLeast("commits refused: illegal_generation, unknown_member_id", stale(refused), "commits", least),
    ...[...refused].map(([code, count]) => figure(`commits refused: ${code}`, count, "commits")),
    atMost("partitions with two owners of one generation", found("two owners"), "times", 0),
    atMost("partitions given to another one too early", found("given too early"), "times", 0),
    atMost("committed offsets that went back", found("committed back"), "times", 0),
    atMost("offsets committed before they were processed", found("committed unprocessed"), "times", 0),
    atMost("records unseen after the drain", found("unseen"), "records", 0),
    atMost("partitions not drained", found("not drained"), "partitions", 0),
    atMost("answers that must not be", problems.length, "answers", 0),
    ...(departures.length > 0 ? [atLeast("partitions that kept their owner", 100 * keptShare(departures), "%", 100 * keptShareMin)] : []),
    figure("session timeout", sessionTimeoutMs, "ms"),
    ...waits(
      "from a death to takeover",
      takeovers(
        deaths.filter(({ isAlone }) => isAlone),
        processed,
      ),
    ),
    ...waits(
      "from a death to takeover among other disasters",
      takeovers(
        deaths.filter(({ isAlone }) => !isAlone),
        processed,
      ),
    ),
  ];
}

function stale(refused: ReadonlyMap<string, number>): number {
  return (refused.get("illegal_generation") ?? 0) + (refused.get("unknown_member_id") ?? 0);
}

function waits(name: string, times: readonly number[]): readonly Metric[] {
  if (times.length === 0) return [];
  return [
    figure(`${name}, partitions`, times.length, "partitions"),
    figure(`${name}, median`, median(times), "ms"),
    figure(`${name}, max`, Math.max(...times), "ms"),
  ];
}
