import type { Anomaly, Finding } from "../../lib/testing/history.ts";
import { atLeast, atMost, figure, median, type Metric, progress } from "../support/metrics.ts";
import type { ChaosServer } from "./chaos-server.ts";
import type { Recording } from "./recording.ts";

/** What a run came to. */
export interface Run {
  /** How many kills there have to be; undefined: as many as there was time for. */
  readonly rounds: number | undefined;
  readonly server: ChaosServer;
  readonly recording: Recording;
  readonly producers: number;
  readonly retries: number;
  /** Of the main topic. */
  readonly findings: readonly Finding[];
  /** Of the topics of which records go, and of those that are made and deleted. */
  readonly problems: readonly string[];
  /** Of `stratalog check`. */
  readonly faults: readonly string[];
  /** By topic: how many of the records that were sent are gone. */
  readonly gone: ReadonlyMap<string, number>;
  readonly topicsMade: number;
}

const lost: readonly Anomaly[] = ["lost-write", "vanished", "acknowledged-though-not-applied", "unseen"];
const named = [...lost, "duplicate", "gap"] as const;
const toldMax = 20;
/** So many kills leave time for each step of the janitor; in fewer some may have none. */
const killsForAll = 20;
export function summary(run: Run): readonly Metric[] {
  const { rounds, server, recording, producers, retries, findings, problems, faults, gone, topicsMade } = run;
  for (const { anomaly, message } of findings.slice(0, toldMax)) progress(`${anomaly}: ${message}`);
  for (const message of [...problems.slice(0, toldMax), ...faults.slice(0, toldMax)]) progress(message);
  const count = (kinds: readonly Anomaly[]): number => findings.filter(({ anomaly }) => kinds.includes(anomaly)).length;
  const other = findings.filter(({ anomaly }) => !named.some((name) => name === anomaly)).length;
  const { killed, torn, restartMs, janitor, objects, journalFiles } = server;
  const { seals, merges, expired, deleted, failures } = janitor.counts;
  const least = killed >= killsForAll ? 1 : 0;
  return [
    atLeast("kills", killed, "kills", rounds ?? 1),
    figure("torn tails injected", torn, "tails"),
    atLeast("acknowledged records", recording.acknowledged, "records", killed * producers),
    figure("requests sent again after a kill", retries, "requests"),
    atLeast("seals in rounds that came to their end", seals, "times", Math.max(1, killed / 10)),
    atLeast("merges and passes of compaction in these", merges, "times", least),
    atLeast("segments expired in these", expired, "segments", least),
    atLeast("objects deleted in these", deleted, "objects", least),
    atLeast("segment objects seen on disk", objects.count, "objects", Math.max(1, killed / 2)),
    figure("journal files deleted", journalFiles.gone, "files"),
    figure("shards that a janitor's round could not tend", failures, "times"),
    ...[...gone].map(([topic, records]) => atLeast(`records gone: ${topic}`, records, "records", least)),
    atLeast("topics made and deleted", topicsMade, "topics", least),
    atMost("acknowledged records lost", count(lost), "records", 0),
    atMost("records duplicated", count(["duplicate"]), "records", 0),
    atMost("gaps", count(["gap"]), "gaps", 0),
    atMost("other anomalies", other, "findings", 0),
    atMost("wrong in topics that are trimmed, compacted, bounded or deleted", problems.length, "findings", 0),
    atMost("faults that servers logged", janitor.faults, "faults", 0),
    atMost("faults that stratalog check finds", faults.length, "faults", 0),
    figure("restart to ready, median", median(restartMs), "ms"),
  ];
}
