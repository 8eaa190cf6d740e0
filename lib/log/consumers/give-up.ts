import { limits } from "../../core/limits.ts";
import type { RecordHeader, StoredRecord } from "../../core/record.ts";
import type { OutputRecord } from "../log.ts";
import type { Why } from "./call.ts";
import type { CallBatch, Failure, GiveUpCondition } from "./consumers.ts";
import { letterId, type LetterRow } from "./letter-row.ts";

/** What is given up, and why. */
export interface GivenUp {
  readonly batch: CallBatch;
  readonly topicId: string;
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly condition: GiveUpCondition;
  readonly attempts: number;
  readonly error: string;
  readonly functionError: string;
  readonly givenUpMs: number;
}

/** How often a call was tried, and what came of the newest. */
export interface Tried {
  readonly why: Why;
  readonly attempts: number;
}

/** What stands between a function's error and why it could not be told to the destination. */
const owedMark = " (not put away: ";

/** A function's error, with why it could not be told. @param charsMax how much of the error there is room for */
export function owedError(error: string, { message }: Error, charsMax = error.length): string {
  return `${error.slice(0, charsMax)}${owedMark}${message})`;
}

/** A function's error alone. */
export function withoutOwed(error: string): string {
  return error.split(owedMark)[0] ?? "";
}

export function letterOf(given: GivenUp): LetterRow {
  const { batch, topicId, fromOffset, toOffset, condition, attempts, error, functionError, givenUpMs } = given;
  const { topic, partition, records } = batch;
  return {
    id: letterId(topic, partition, fromOffset),
    version: 0,
    topicId,
    topic,
    partition,
    fromOffset,
    toOffset,
    records: records.length,
    condition,
    attempts,
    functionError,
    error: error.slice(0, limits.deadLetterErrorCharsMax),
    firstTimestampMs: records[0]?.timestampMs ?? 0,
    lastTimestampMs: records.at(-1)?.timestampMs ?? 0,
    givenUpMs,
    isRedriving: false,
  };
}

/** What a topic of dead letters gets: each record as it was, with where it was and what happened in headers of its own. */
export function deadRecords(topic: string, { consumer, letter, payload }: Failure): readonly OutputRecord[] {
  const why: readonly RecordHeader[] = [
    header("group", consumer.group),
    header("topic", letter.topic),
    header("partition", String(letter.partition)),
    header("condition", letter.condition),
    header("attempts", String(letter.attempts)),
    header("error", letter.error),
  ];
  return payload.map(({ key, value, headers, offset, timestampMs }: StoredRecord) => ({
    topic,
    key,
    value,
    timestampMs,
    headers: [...headers, ...why, header("offset", String(offset))],
  }));
}

function header(name: string, text: string): RecordHeader {
  return { key: `dead-letter.${name}`, value: new TextEncoder().encode(text) };
}
