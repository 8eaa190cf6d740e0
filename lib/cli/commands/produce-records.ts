import type { ProducerRecord } from "../../client/index.ts";
import type { Args } from "../args.ts";
import { contentOf } from "../lines.ts";
import { limits } from "../../core/limits.ts";
import { UsageError } from "../usage-error.ts";

/** Makes a record of a line. @throws LineError */
export type LineReader = (line: Buffer, number: number) => ProducerRecord;

/** A line that cannot become a record. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/** @throws UsageError */
export function lineReader(args: Args): LineReader {
  const separator = args.text("key-separator");
  const field = args.text("key-field");
  if (separator !== undefined && field !== undefined) throw new UsageError("Give --key-separator or --key-field, not both.");
  if (separator === "") throw new UsageError("--key-separator must not be empty.");
  const nullMarker = args.text("null-marker");
  const partition = args.integer("partition", 0, limits.partitionsMax - 1);
  const headers = headersOf(args.all("header"));
  const fixed = { ...(partition === undefined ? {} : { partition }), ...(headers === undefined ? {} : { headers }) };
  const isNull = (part: Buffer): boolean => nullMarker !== undefined && part.toString() === nullMarker;
  const read = (part: Buffer) => (isNull(part) ? null : contentOf(part));
  if (field !== undefined) {
    return (line, number) => ({ key: fieldOf(line, field, number), value: contentOf(line), ...fixed });
  }
  if (separator === undefined) return (line) => ({ value: read(line), ...fixed });
  const mark = Buffer.from(unescaped(separator));
  return (line, number) => {
    const at = line.indexOf(mark);
    if (at < 0) throw new LineError(`Line ${number} has no key separator "${separator}": ${shown(line)}`);
    return { key: read(line.subarray(0, at)), value: read(line.subarray(at + mark.length)), ...fixed };
  };
}

/** `\t` as people type it in a shell. */
export function unescaped(text: string): string {
  return text.replaceAll("\\t", "\t").replaceAll("\\0", "\0");
}

function headersOf(pairs: readonly string[]): Record<string, string | string[]> | undefined {
  if (pairs.length === 0) return undefined;
  const headers = new Map<string, string[]>();
  for (const pair of pairs) {
    const split = pair.indexOf("=");
    if (split < 1) throw new UsageError(`--header must look like NAME=VALUE, not "${pair}".`);
    const name = pair.slice(0, split);
    headers.set(name, [...(headers.get(name) ?? []), pair.slice(split + 1)]);
  }
  return Object.fromEntries([...headers].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? "") : values]));
}

/** A member of the line's JSON object as a key: a string as it is, anything else as its JSON text. */
function fieldOf(line: Buffer, field: string, number: number): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.toString("utf8"));
  } catch {
    throw new LineError(`Line ${number} is not JSON: ${shown(line)}`);
  }
  const object = typeof parsed === "object" && parsed !== null ? parsed : {};
  const value: unknown = Object.hasOwn(object, field) ? (object as Record<string, unknown>)[field] : undefined;
  if (value === undefined || value === null) throw new LineError(`Line ${number} has no "${field}" to be its key: ${shown(line)}`);
  if (typeof value === "string") return value;
  if (typeof value === "number" && !Number.isSafeInteger(value)) return sourceOf(line, field) ?? JSON.stringify(value);
  return JSON.stringify(value);
}

/** A number as it is written: JavaScript would round a long one, and two keys would become one. */
function sourceOf(line: Buffer, field: string): string | undefined {
  const text: unknown = JSON.parse(
    line.toString("utf8"),
    function (this: unknown, key: string, value: unknown, context?: { source?: string }) {
      return key === field && typeof value === "number" ? new Source(context?.source ?? String(value)) : value;
    },
  );
  const value = (text as Record<string, unknown>)[field];
  return value instanceof Source ? value.text : undefined;
}

class Source {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function shown(line: Buffer): string {
  const text = line.toString("utf8");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
