import { checkPolls } from "./history/polls.ts";
import { checkWrites } from "./history/writes.ts";

/**
 * What clients did to one topic and what they were told, to be judged by `checkHistory`. Every record that is sent has a value of its own,
 * never sent again in another operation (an idempotent retry is the same operation). `startAt` and `endAt` are moments of one
 * counter that all clients share, so that one operation is before another when its `endAt` is lower than the other's `startAt`.
 */
export interface History {
  readonly appends: readonly AppendOp[];
  readonly polls: readonly PollOp[];
  /** What the log holds when everything has come to rest: by partition, in offset order. */
  readonly final: ReadonlyMap<number, readonly SeenRecord[]>;
}

export interface AppendOp {
  readonly client: string;
  readonly startAt: number;
  /** Of the answer, or of giving up. */
  readonly endAt: number;
  readonly records: readonly SentRecord[];
  /** All or nothing over all its records. */
  readonly atomic: boolean;
  /** Compare-and-append. */
  readonly expectedOffset?: number;
  /** Operations with the same `ordered.key` must be in the log in the order of `ordered.rank`, partition by partition. */
  readonly ordered?: { readonly key: string; readonly rank: number };
}

export interface SentRecord {
  readonly value: string;
  readonly outcome: "ok" | "not-applied" | "unknown";
  /** With `ok`: what the log answered. */
  readonly partition?: number;
  readonly offset?: number;
}

export interface SeenRecord {
  readonly offset: number;
  readonly value: string;
}

export interface PollOp {
  /** One reading position: a poll that follows another of the same reader goes on where that one ended, unless it `seeks`. */
  readonly reader: string;
  readonly startAt: number;
  readonly endAt: number;
  readonly partition: number;
  /** Where the poll was told to start. */
  readonly from: number;
  readonly seeks: boolean;
  readonly seen: readonly SeenRecord[];
  readonly nextOffset: number;
  readonly highWatermark: number;
}

/** What can be wrong. The first nine are Jepsen's for Kafka, or close to them. */
export type Anomaly =
  /** Acknowledged, and not in the log. */
  | "lost-write"
  /** Acknowledged, and not visible to a read that began later. */
  | "unseen"
  /** One record at two places. */
  | "duplicate"
  /** Two records at one offset: by answers, polls and the final log. */
  | "inconsistent-offset"
  /** Seen by a poll, and not in the log. */
  | "vanished"
  /** A poll, or the step from one poll to the next, passed over an offset. */
  | "skipped-poll"
  /** A poll went back, within itself or against the one before. */
  | "nonmonotonic-poll"
  /** Told as certainly not applied, and in the log. */
  | "applied-though-refused"
  /** An acknowledgement that cannot be: an offset that the partition never reached. */
  | "acknowledged-though-not-applied"
  /** Operations out of the order that their producer, or time itself, gave them. */
  | "reordered"
  /** An atomic operation that is in the log in part. */
  | "torn"
  /** A compare-and-append that is at another offset than the expected one. */
  | "wrong-expected-offset"
  /** A record that nobody sent. */
  | "phantom"
  /** The offsets of a partition are not dense from 0. */
  | "gap"
  /** A later read was told a lower high watermark, or delivered records past it. */
  | "watermark";

export interface Finding {
  readonly anomaly: Anomaly;
  /** What, where, who. */
  readonly message: string;
}

/** Everything that is wrong with a history; empty when it keeps the promises. */
export function checkHistory(history: History): readonly Finding[] {
  return [...checkWrites(history), ...checkPolls(history)];
}
