import { LogError } from "../../../core/errors.ts";
import type { Item, Value } from "../table.ts";

/** Reading and making attribute values. What is not as it has to be is `corrupt_log`: it is never guessed. */

/** The format version of every item and object of this engine. */
export const formatVersion = 1;

export function n(value: number): Value {
  return { N: String(value) };
}

export function s(value: string): Value {
  return { S: value };
}

/** @param what names the item in the error */
export function readNumber(value: Value | undefined, what: string): number {
  const number = value !== undefined && "N" in value ? Number(value.N) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw corrupt(`${what} is no safe integer`);
  return number;
}

export function readText(value: Value | undefined, what: string): string {
  if (value === undefined || !("S" in value)) throw corrupt(`${what} is no text`);
  return value.S;
}

export function readBytes(value: Value | undefined, what: string): Uint8Array {
  if (value === undefined || !("B" in value)) throw corrupt(`${what} has no bytes`);
  return value.B;
}

export function readList(value: Value | undefined, what: string): readonly Value[] {
  if (value === undefined || !("L" in value)) throw corrupt(`${what} is no list`);
  return value.L;
}

export function readMap(value: Value | undefined, what: string): Readonly<Record<string, Value>> {
  if (value === undefined || !("M" in value)) throw corrupt(`${what} is no map`);
  return value.M;
}

/** @throws unsupported_version for an item that a newer build wrote */
export function checkVersion(item: Item, what: string): void {
  const version = readNumber(item["v"], `the version of ${what}`);
  if (version !== formatVersion) throw unsupported(what, version);
}

export function unsupported(what: string, version: number): LogError {
  return new LogError("unsupported_version", `${what} has format ${version}; this build reads ${formatVersion}. Upgrade it.`);
}

export function corrupt(message: string, cause?: unknown): LogError {
  return new LogError("corrupt_log", `The table or bucket has something damaged: ${message}.`, cause === undefined ? {} : { cause });
}
