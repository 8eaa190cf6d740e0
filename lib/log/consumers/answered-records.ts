import { fromBase64 } from "../../core/base64.ts";
import type { RecordHeader } from "../../core/record.ts";
import type { OutputRecord } from "../log.ts";

/** A function's answer that cannot be taken: its call has failed. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer";
}

/**
 * The records of a function's answer, as `{"records": [{"topic", "key", "value", "headers", "partition", "timestamp"}]}`: fields and values as those of
 * `POST /v1/topics/{topic}/records`, with `keyBase64` and `valueBase64` for bytes. Without a topic they are for the consumer's only output topic.
 * @throws BadAnswer
 */
export function answeredRecords(answer: unknown, topics: readonly string[]): readonly OutputRecord[] {
  if (topics.length === 0 || !isObject(answer) || answer["records"] === undefined || answer["records"] === null) return [];
  const { records } = answer;
  if (!Array.isArray(records)) throw new BadAnswer("The answer's records are no array.");
  return records.map((record: unknown, nth) => {
    try {
      return readRecord(record, topics);
    } catch (reason) {
      throw new BadAnswer(`Record ${nth} of the answer: ${reason instanceof Error ? reason.message : String(reason)}`, { cause: reason });
    }
  });
}

const fields = ["topic", "key", "value", "keyBase64", "valueBase64", "headers", "partition", "timestamp"];

function readRecord(record: unknown, topics: readonly string[]): OutputRecord {
  if (!isObject(record)) throw new BadAnswer("it is no object.");
  const unknown = Object.keys(record).find((name) => !fields.includes(name));
  if (unknown !== undefined) throw new BadAnswer(`there is no field ${unknown}. There are: ${fields.join(", ")}.`);
  const { topic = topics.length === 1 ? topics[0] : undefined, headers, partition, timestamp } = record;
  if (typeof topic !== "string" || !topics.includes(topic)) {
    throw new BadAnswer(`its topic has to be one of the consumer's outputTopics: ${topics.join(", ")}.`);
  }
  return {
    topic,
    key: content(record, "key"),
    value: content(record, "value"),
    headers: readHeaders(headers),
    ...(partition !== undefined && { partition: integer("partition", partition) }),
    ...(timestamp !== undefined && { timestampMs: integer("timestamp", timestamp) }),
  };
}

/** A text's UTF-8, null, or any other value's JSON. */
function content(record: Readonly<Record<string, unknown>>, name: "key" | "value"): Uint8Array | null {
  const [value, base64] = [record[name], record[`${name}Base64`]];
  if (base64 !== undefined) {
    if (value !== undefined) throw new BadAnswer(`it has ${name} or ${name}Base64, not both.`);
    if (typeof base64 !== "string") throw new BadAnswer(`${name}Base64 is no text.`);
    return fromBase64(base64);
  }
  if (value === undefined || value === null) return null;
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

function readHeaders(headers: unknown): readonly RecordHeader[] {
  if (headers === undefined || headers === null) return [];
  if (!isObject(headers)) throw new BadAnswer("its headers are no object.");
  return Object.entries(headers).flatMap(([key, given]) => {
    const values: readonly unknown[] = Array.isArray(given) ? given : [given];
    return values.map((value): RecordHeader => ({ key, value: headerValue(key, value) }));
  });
}

function headerValue(key: string, value: unknown): Uint8Array | null {
  if (value === null) return null;
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (isObject(value) && typeof value["base64"] === "string") return fromBase64(value["base64"]);
  throw new BadAnswer(`header ${key} has to be a text, null or {"base64":"…"}.`);
}

function integer(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new BadAnswer(`${name} has to be an integer from 0 on.`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
