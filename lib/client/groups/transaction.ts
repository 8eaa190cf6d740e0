import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CommitOffsetBody, TransactionAnswer } from "../../http/group-wire.ts";
import { encodeRecord } from "../encode.ts";
import type { Transport } from "../transport.ts";
import type { Format, ProducerRecord } from "../types.ts";
import type { Membership } from "./groups.ts";
import { type Part, placeOf } from "./part.ts";

/** A record to append to a topic together with a commit. */
export interface OutputRecord extends ProducerRecord {
  readonly topic: string;
}

/** Where a record is that was appended together with a commit. */
export interface OutputPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What one transaction says, so that each attempt says the same. */
export interface TransactionCall {
  readonly path: readonly string[];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Partitions of which nothing was given yet, and whose beginnings a transaction commits beside. */
const beginningsMax = 32;

const utf8 = new TextEncoder();

/** @throws invalid_request for what has no exact bytes */
export function outputsJson(records: readonly OutputRecord[]): string {
  const texts = records.map((record) => {
    const { json, partition } = encodeRecord(record);
    return `{"topic":${JSON.stringify(record.topic)},${partition === undefined ? "" : `"partition":${partition},`}${json}`;
  });
  return `[${texts.join(",")}]`;
}

/**
 * The partitions whose offsets a transaction commits: all that records were given of.
 * @throws request_too_large, when they are more than one step holds; invalid_request, when there are records and nothing that they could have been made of
 */
export function dueParts<F extends Format>(parts: readonly Part<F>[], records: number): readonly Part<F>[] {
  const worked = parts.filter((part) => part.isWorked);
  if (worked.length > limits.offsetCommitsMax) {
    throw new LogError(
      "request_too_large",
      `Records of ${worked.length} partitions were handled since the last commit, and one step holds ${limits.offsetCommitsMax}: commit more often.`,
    );
  }
  if (records > 0 && worked.length === 0) {
    throw new LogError(
      "invalid_request",
      "No record was handled since the last commit, so there is none that these could be tied to: give all records that are made of one in one commitWith, or send them by a producer.",
    );
  }
  const begun = parts.filter((part) => !part.isWorked && part.uncommitted !== undefined);
  return [...worked, ...begun.slice(0, Math.max(0, beginningsMax - worked.length))];
}

export function transactionCall(
  transport: Transport,
  group: string,
  { member, session, generation }: Membership,
  offsets: readonly CommitOffsetBody[],
  records: string,
): TransactionCall {
  const head = JSON.stringify({ id: randomId(transport, 16), session, generation, offsets });
  return { path: ["groups", group, "members", member, "transactions"], body: utf8.encode(`${head.slice(0, -1)},"records":${records}}`) };
}

export function randomId({ random }: Transport, bytes: number): string {
  return [...random.bytes(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function offsetsOf<F extends Format>(due: readonly Part<F>[]): readonly CommitOffsetBody[] {
  return due.map((part) => ({ ...placeOf(part), offset: part.handled ?? 0 }));
}

/** Sends it, again and again by `retried`. @throws LogError, its outcome unknown as soon as one attempt's was */
export async function sendTransaction(
  transport: Transport,
  { path, body }: TransactionCall,
  retried: <T>(run: () => Promise<T>) => Promise<T>,
): Promise<readonly OutputPlace[] | undefined> {
  let mayBeDone = false;
  try {
    return await retried(async () => {
      try {
        const { offsets } = (await transport.json({ method: "POST", path, body })) as TransactionAnswer;
        return offsets ?? undefined;
      } catch (reason) {
        mayBeDone ||= LogError.from(reason).outcome === "unknown";
        throw reason;
      }
    });
  } catch (reason) {
    const { code, message, details } = LogError.from(reason);
    throw mayBeDone ? new LogError(code, message, { outcome: "unknown", details, cause: reason }) : reason;
  }
}
