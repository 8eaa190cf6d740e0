import type { Finding, History, PollOp } from "../history.ts";

/** Judges what readers saw: against the final log, against themselves, against what had been acknowledged before. */
export function checkPolls(history: History): readonly Finding[] {
  const findings: Finding[] = [];
  const polls = history.polls.toSorted((a, b) => a.startAt - b.startAt);
  const readers = new Map<string, PollOp>();
  for (const poll of polls) {
    checkDense(poll, findings);
    checkSeen(history, poll, findings);
    checkNext(readers.get(poll.reader), poll, findings);
    readers.set(poll.reader, poll);
  }
  for (const partition of new Set(polls.map((poll) => poll.partition))) {
    checkVisible(
      history,
      polls.filter((poll) => poll.partition === partition),
      partition,
      findings,
    );
  }
  return findings;
}

/** Within a poll: from where it was told to start, one offset after the other, up to what it says is next. */
function checkDense(poll: PollOp, findings: Finding[]): void {
  let next = poll.from;
  for (const { offset } of poll.seen) {
    if (offset < next)
      findings.push({ anomaly: "nonmonotonic-poll", message: `${where(poll)} gave offset ${offset} where ${next} was next` });
    if (offset > next) findings.push({ anomaly: "skipped-poll", message: `${where(poll)} gave offset ${offset} where ${next} was next` });
    next = offset + 1;
  }
  if (poll.nextOffset < next)
    findings.push({ anomaly: "nonmonotonic-poll", message: `${where(poll)} goes on at ${poll.nextOffset}, though ${next} is next` });
  if (poll.nextOffset > next)
    findings.push({ anomaly: "skipped-poll", message: `${where(poll)} goes on at ${poll.nextOffset}, though ${next} is next` });
  if (next > poll.highWatermark) {
    findings.push({
      anomaly: "watermark",
      message: `${where(poll)} gave records up to ${next}, past its high watermark ${poll.highWatermark}`,
    });
  }
}

function checkSeen(history: History, poll: PollOp, findings: Finding[]): void {
  const final = history.final.get(poll.partition) ?? [];
  for (const { offset, value } of poll.seen) {
    const there = final[offset]?.value;
    if (there === value) continue;
    if (there === undefined)
      findings.push({ anomaly: "vanished", message: `${where(poll)} saw ${value} at ${offset}, past the end of the final log` });
    else findings.push({ anomaly: "inconsistent-offset", message: `${where(poll)} saw ${value} at ${offset}, where the log has ${there}` });
  }
}

function checkNext(before: PollOp | undefined, poll: PollOp, findings: Finding[]): void {
  if (before === undefined || poll.seeks || before.nextOffset === poll.from) return;
  const anomaly = poll.from < before.nextOffset ? "nonmonotonic-poll" : "skipped-poll";
  findings.push({ anomaly, message: `${where(poll)} went on at ${poll.from}, though the poll before ended at ${before.nextOffset}` });
}

/** Every read is told a high watermark above all that was acknowledged, and above every one that was told, before it began. */
function checkVisible(history: History, polls: readonly PollOp[], partition: number, findings: Finding[]): void {
  const known: { readonly at: number; readonly end: number; readonly why: string; readonly anomaly: "unseen" | "watermark" }[] = [];
  for (const { records, endAt } of history.appends) {
    for (const { outcome, value, partition: own, offset } of records) {
      if (outcome === "ok" && own === partition && offset !== undefined) {
        known.push({ at: endAt, end: offset + 1, why: `${value} had been acknowledged at ${offset}`, anomaly: "unseen" });
      }
    }
  }
  for (const { endAt, highWatermark, reader } of polls) {
    known.push({ at: endAt, end: highWatermark, why: `${reader} had been told ${highWatermark}`, anomaly: "watermark" });
  }
  known.sort((a, b) => a.at - b.at);
  let highest: (typeof known)[number] | undefined;
  let read = 0;
  for (const poll of polls) {
    for (let next = known[read]; next !== undefined && next.at < poll.startAt; next = known[++read]) {
      if (highest === undefined || next.end > highest.end) highest = next;
    }
    if (highest === undefined || highest.end <= poll.highWatermark) continue;
    findings.push({
      anomaly: highest.anomaly,
      message: `${where(poll)} was told the high watermark ${poll.highWatermark}, though ${highest.why}`,
    });
  }
}

function where({ reader, partition, from }: PollOp): string {
  return `${reader}'s poll of partition ${partition} from ${from}`;
}
