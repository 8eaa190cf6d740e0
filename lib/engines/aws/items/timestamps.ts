import { corrupt } from "./values.ts";
import { type VarintReader, varlongBytes, writeVarlong } from "../../../core/codec/varint.ts";

/** Timestamps that belong together lie near each other: the first as it is, each next less the first. Where that is too far for a number, all as they are. */
export function packTimestamps(timestampsMs: readonly number[]): { readonly numbers: readonly number[]; readonly areOwn: boolean } {
  const [firstMs = 0, ...laterMs] = timestampsMs;
  const near = laterMs.map((timestampMs) => timestampMs - firstMs);
  const areOwn = !near.every(Number.isSafeInteger);
  return { numbers: areOwn || timestampsMs.length === 0 ? timestampsMs : [firstMs, ...near], areOwn };
}

/** @param firstMs undefined for the first one */
export function unpackTimestamp(number: number, firstMs: number | undefined, areOwn: boolean): number {
  return areOwn || firstMs === undefined ? number : firstMs + number;
}

/** Bytes: 1 whether all are as they are (1) or near the first (0), and a varlong each. Nothing for none. */
export function encodeTimestamps(timestampsMs: readonly number[]): Uint8Array {
  if (timestampsMs.length === 0) return new Uint8Array(0);
  const { numbers, areOwn } = packTimestamps(timestampsMs);
  const bytes = new Uint8Array(numbers.reduce((sum, number) => sum + varlongBytes(number), 1));
  bytes[0] = areOwn ? 1 : 0;
  let at = 1;
  for (const number of numbers) at = writeVarlong(bytes, at, number);
  return bytes;
}

/** @throws corrupt_message; LogError corrupt_log for a first byte that nobody writes */
export function decodeTimestamps(reader: VarintReader): readonly number[] {
  if (reader.end === 0) return [];
  const first = reader.bytes[reader.position++] ?? 0;
  if (first > 1) throw corrupt(`timestamps of kind ${first}`);
  const areOwn = first === 1;
  const timestampsMs: number[] = [];
  while (reader.position < reader.end) timestampsMs.push(unpackTimestamp(reader.readVarlong(), timestampsMs[0], areOwn));
  return timestampsMs;
}
