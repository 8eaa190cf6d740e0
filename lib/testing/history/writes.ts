import type { AppendOp, Finding, History, SentRecord } from "../history.ts";

interface Place {
  readonly partition: number;
  readonly offset: number;
}

interface Sent {
  readonly op: AppendOp;
  readonly record: SentRecord;
}

/** Judges what writers were told by what the log holds in the end. */
export function checkWrites(history: History): readonly Finding[] {
  const findings: Finding[] = [];
  const sent = new Map<string, Sent>();
  for (const op of history.appends) for (const record of op.records) sent.set(record.value, { op, record });
  const places = checkFinal(history, sent, findings);
  for (const op of history.appends) {
    for (const record of op.records) checkAnswer(history, op, record, places, findings);
    checkWhole(op, places, findings);
  }
  checkTimeOrder(history, sent, findings);
  checkRanks(history, places, findings);
  return findings;
}

/** Dense offsets, every record once, none that nobody sent. @returns where each value is */
function checkFinal(history: History, sent: ReadonlyMap<string, Sent>, findings: Finding[]): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const [partition, records] of history.final) {
    for (const [at, { offset, value }] of records.entries()) {
      if (offset !== at) findings.push({ anomaly: "gap", message: `partition ${partition} has offset ${offset} where ${at} belongs` });
      const other = places.get(value);
      if (other !== undefined) {
        findings.push({ anomaly: "duplicate", message: `${value} is at ${shown(other)} and at ${shown({ partition, offset })}` });
      } else if (!sent.has(value)) {
        findings.push({ anomaly: "phantom", message: `nobody sent ${value}, which is at ${shown({ partition, offset })}` });
      }
      places.set(value, other ?? { partition, offset });
    }
  }
  return places;
}

function checkAnswer(history: History, op: AppendOp, record: SentRecord, places: ReadonlyMap<string, Place>, findings: Finding[]): void {
  const { value, outcome, partition = -1, offset = -1 } = record;
  const place = places.get(value);
  const who = `${value} of ${op.client}`;
  if (outcome === "not-applied" && place !== undefined) {
    findings.push({ anomaly: "applied-though-refused", message: `${who} was told as not applied and is at ${shown(place)}` });
  }
  if (op.expectedOffset !== undefined && place !== undefined) {
    const expected = op.expectedOffset + op.records.indexOf(record);
    if (place.offset !== expected) {
      findings.push({ anomaly: "wrong-expected-offset", message: `${who} was to be at ${expected} or nowhere, and is at ${shown(place)}` });
    }
  }
  if (outcome !== "ok") return;
  const told = { partition, offset };
  const end = history.final.get(partition)?.length ?? 0;
  if (place === undefined) {
    const anomaly = offset >= end ? "acknowledged-though-not-applied" : "lost-write";
    findings.push({ anomaly, message: `${who} was acknowledged at ${shown(told)}, where the log ends at ${end}, and is nowhere` });
  } else if (place.partition !== partition || place.offset !== offset) {
    findings.push({ anomaly: "inconsistent-offset", message: `${who} was acknowledged at ${shown(told)} and is at ${shown(place)}` });
  }
}

function checkWhole(op: AppendOp, places: ReadonlyMap<string, Place>, findings: Finding[]): void {
  if (!op.atomic) return;
  const there = op.records.filter(({ value }) => places.has(value));
  if (there.length === 0 || there.length === op.records.length) return;
  findings.push({
    anomaly: "torn",
    message: `of ${op.records[0]?.value} of ${op.client}, ${there.length} of ${op.records.length} records are in the log`,
  });
}

/** What was acknowledged before another operation began is before it in the log. */
function checkTimeOrder(history: History, sent: ReadonlyMap<string, Sent>, findings: Finding[]): void {
  for (const [partition, records] of history.final) {
    let earliest: Sent | undefined;
    for (const { value } of records.toReversed()) {
      const own = sent.get(value);
      if (own === undefined) continue;
      if (earliest !== undefined && earliest.op.endAt < own.op.startAt) {
        const message = `in partition ${partition} ${earliest.record.value}, acknowledged before ${value} was sent, is after it`;
        findings.push({ anomaly: "reordered", message });
      }
      if (own.record.outcome === "ok" && own.op.endAt < (earliest?.op.endAt ?? Number.POSITIVE_INFINITY)) earliest = own;
    }
  }
}

/** A producer's operations are in its own order, also those whose answer it never got. */
function checkRanks(history: History, places: ReadonlyMap<string, Place>, findings: Finding[]): void {
  const producers = new Map<string, AppendOp[]>();
  for (const op of history.appends) {
    if (op.ordered === undefined) continue;
    const known = producers.get(op.ordered.key);
    if (known === undefined) producers.set(op.ordered.key, [op]);
    else known.push(op);
  }
  for (const [key, ops] of producers) {
    const ends = new Map<number, { readonly offset: number; readonly value: string }>();
    for (const op of ops.toSorted((a, b) => (a.ordered?.rank ?? 0) - (b.ordered?.rank ?? 0))) {
      for (const { value } of op.records) {
        const place = places.get(value);
        if (place === undefined) continue;
        const last = ends.get(place.partition);
        if (last !== undefined && last.offset > place.offset) {
          const message = `${key} sent ${last.value} before ${value}, which is before it in partition ${place.partition}`;
          findings.push({ anomaly: "reordered", message });
        }
        ends.set(place.partition, { offset: place.offset, value });
      }
    }
  }
}

function shown({ partition, offset }: Place): string {
  return `${partition}:${offset}`;
}
