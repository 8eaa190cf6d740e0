import type { AppendOp } from "../../../lib/testing/history.ts";
import { atLeast, atMost, figure, type Metric } from "../../support/metrics.ts";
import type { Finding, RunResult } from "./run.ts";

/** Of a run at full size. A short one spends much of its time on warming up: it only has to get on. */
const full = { seconds: 600, batches: 20_000 } as const;
const lost = ["lost-write", "vanished", "acknowledged-though-not-applied", "unseen", "gap"] as const;
const duplicated = ["duplicate"] as const;
/** What a run of a minute has to do at all, or it shows nothing of the strata. */
const strata = { seconds: 60, steps: ["seals", "merges", "trims of the journal", "segment objects deleted"] };

export function summary({ findings, history, counts }: RunResult, seconds: number): readonly Metric[] {
  const records = history.appends.flatMap((op) => op.records).filter(({ outcome }) => outcome === "ok").length;
  const found = (kinds: readonly Finding["anomaly"][]): number => findings.filter(({ anomaly }) => kinds.includes(anomaly)).length;
  const other = findings.length - found([...lost, ...duplicated, "problem"]);
  const batchesMin = seconds >= full.seconds ? (full.batches * seconds) / full.seconds : seconds;
  return [
    atLeast("acknowledged batches", sum(history.appends.map(batchesOf)), "batches", Math.floor(batchesMin)),
    figure("acknowledged records", records, "records"),
    figure("polls", history.polls.length, "polls"),
    ...strata.steps.map((step) => atLeast(step, counts.get(step) ?? 0, "times", seconds >= strata.seconds ? 1 : 0)),
    ...[...counts].filter(([kind]) => !strata.steps.includes(kind)).map(([kind, count]) => figure(kind, count, "times")),
    atMost("acknowledged records lost", found(lost), "records", 0),
    atMost("records duplicated", found(duplicated), "records", 0),
    atMost("inconsistent answers", other, "findings", 0),
    atMost("answers that must not be", found(["problem"]), "problems", 0),
  ];
}

/** An operation is a batch in each partition. */
function batchesOf({ records }: AppendOp): number {
  return new Set(records.flatMap(({ outcome, partition }) => (outcome === "ok" ? [partition] : []))).size;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
