import { atLeast, atMost, figure, type Metric } from "../../support/metrics.ts";
import { badMark, groups, topics } from "./functions.ts";
import type { Notes } from "./notes.ts";

/** A run of a minute has to see each kind of disaster, or it shows nothing. */
const fullSeconds = 60;

export interface Finding {
  readonly anomaly: "out of order" | "skipped" | "undelivered" | "outputs" | "dead letters" | "lost";
  readonly message: string;
}

export function judged(notes: Notes): readonly Finding[] {
  return [...ordered(notes), ...delivered(notes), ...outputs(notes), ...deadLetters(notes), ...kept(notes)];
}

/** Within a call offsets rise; and no call of the good function begins beyond what was done before it. */
function ordered({ successes }: Notes): readonly Finding[] {
  const findings: Finding[] = [];
  const ends = new Map<string, number>();
  for (const { group, partition, offsets } of successes) {
    if (offsets.some((offset, at) => at > 0 && offset <= (offsets[at - 1] ?? -1)))
      findings.push({ anomaly: "out of order", message: `${group} got ${offsets.join()} of partition ${partition}` });
    const [place, first, last] = [`${group}/${partition}`, offsets[0], offsets.at(-1)];
    if (first === undefined || last === undefined) continue;
    const end = ends.get(place) ?? 0;
    if (group === groups.good && first > end)
      findings.push({
        anomaly: "skipped",
        message: `${group} got ${first} of partition ${partition}, after the end ${end} of what it had done`,
      });
    ends.set(place, Math.max(end, last + 1));
  }
  return findings;
}

function delivered({ appended, successes }: Notes): readonly Finding[] {
  const seen = new Set(successes.flatMap(({ group, partition, offsets }) => offsets.map((offset) => `${group}/${partition}/${offset}`)));
  return appended.flatMap(({ partition, offset, value }) =>
    Object.values(groups)
      .filter((group) => group === groups.good || !value.startsWith(badMark))
      .filter((group) => !seen.has(`${group}/${partition}/${offset}`))
      .map(
        (group): Finding => ({
          anomaly: "undelivered",
          message: `${group} never did ${value}, offset ${offset} of partition ${partition}`,
        }),
      ),
  );
}

/** The outputs of a partition are its records, in their order, once each. */
function outputs({ found }: Notes): readonly Finding[] {
  const source = found.get(topics.source) ?? [];
  return (found.get(topics.out) ?? []).flatMap((values, partition) => {
    const wanted = source[partition] ?? [];
    const at = values.findIndex((value, nth) => value !== wanted[nth]);
    if (at === -1 && values.length === wanted.length) return [];
    const place = at === -1 ? values.length : at;
    const message = `output ${place} of partition ${partition} is ${values[place] ?? "missing"}, not ${wanted[place] ?? "none"}`;
    return [{ anomaly: "outputs", message } as const];
  });
}

function deadLetters({ found, appended }: Notes): readonly Finding[] {
  const counts = new Map<string, number>();
  for (const value of (found.get(topics.dead) ?? []).flat()) counts.set(value, (counts.get(value) ?? 0) + 1);
  const wanted = new Set(appended.filter(({ value }) => value.startsWith(badMark)).map(({ value }) => value));
  const all = new Set([...counts.keys(), ...wanted]);
  return [...all].flatMap((value) => {
    const [count, right] = [counts.get(value) ?? 0, wanted.has(value) ? 1 : 0];
    return count === right ? [] : [{ anomaly: "dead letters", message: `${value} is there ${count} times, not ${right}` } as const];
  });
}

function kept({ found, appended }: Notes): readonly Finding[] {
  const source = found.get(topics.source) ?? [];
  return appended
    .filter(({ partition, offset, value }) => source[partition]?.[offset] !== value)
    .map(({ value }) => ({ anomaly: "lost", message: `${value} is not where it was acknowledged` }));
}

export function summary(notes: Notes, findings: readonly Finding[], seconds: number, isShared: boolean): readonly Metric[] {
  const { appended, successes, counts, problems, isDrained } = notes;
  const found = (anomaly: Finding["anomaly"]): number => findings.filter((each) => each.anomaly === anomaly).length;
  const least = seconds >= fullSeconds ? 1 : 0;
  const count = (what: string): number => counts.get(what) ?? 0;
  const bad = appended.filter(({ value }) => value.startsWith(badMark)).length;
  const kinds = ["freezes", "deaths"];
  return [
    atLeast("records appended", appended.length, "records", seconds),
    atLeast("of them bad", bad, "records", least),
    figure("calls that succeeded", successes.length, "calls"),
    atLeast("freezes", count("freezes"), "times", least),
    ...(isShared ? [atLeast("deaths", count("deaths"), "times", least)] : []),
    ...[...counts].filter(([kind]) => !kinds.includes(kind)).map(([kind, times]) => figure(kind, times, "times")),
    atMost("calls out of order", found("out of order"), "calls", 0),
    atMost("calls that skipped records", found("skipped"), "calls", 0),
    atMost("records unseen after the drain", found("undelivered"), "records", 0),
    atMost("partitions whose outputs are not exactly their records", found("outputs"), "partitions", 0),
    atMost("bad records that are not once in the dead-letter topic", found("dead letters"), "records", 0),
    atMost("records not where they were acknowledged", found("lost"), "records", 0),
    atMost("not drained", isDrained ? 0 : 1, "times", 0),
    atMost("answers that must not be", problems.length, "answers", 0),
  ];
}
