import { readUint32, writeInt32 } from "../../../core/codec/bytes.ts";
import { crc32c } from "../../../core/codec/crc32c.ts";
import type { EntryPart } from "../../../ports/journal.ts";
import { encodeSteps, type StoredStep } from "./steps.ts";
import { corrupt, formatVersion, unsupported } from "./values.ts";

/**
 * A payload: what one commit adds, one entry or several. Bytes: 1 format version, then the entries. An entry: its parts in their order, each
 * 4 checksum and its record batches; then, when it has producer steps, 4 checksum and the steps. A checksum is CRC-32C over the payload's
 * id, the part's index (255 for steps) and the bytes, so that bytes in another's place are found as well as damaged ones.
 */
export interface PayloadEntry {
  readonly parts: readonly EntryPart[];
  readonly steps: readonly StoredStep[];
}

/** Where an entry came to stand. */
export interface PayloadSection {
  readonly position: number;
  readonly stepsBytes: number;
}

export const checksumBytes = 4;
const stepsIndex = 255;

export function encodePayload(
  id: string,
  entries: readonly PayloadEntry[],
): { readonly bytes: Uint8Array; readonly sections: readonly PayloadSection[] } {
  const encoded = entries.map(({ parts, steps }) => ({ parts, steps: steps.length === 0 ? undefined : encodeSteps(steps) }));
  let length = 1;
  for (const { parts, steps } of encoded) {
    for (const { batches } of parts) length += checksumBytes + batches.length;
    if (steps !== undefined) length += checksumBytes + steps.length;
  }
  const bytes = new Uint8Array(length);
  bytes[0] = formatVersion;
  const sections: PayloadSection[] = [];
  let at = 1;
  for (const { parts, steps } of encoded) {
    sections.push({ position: at, stepsBytes: steps?.length ?? 0 });
    for (const { index, batches } of parts) at = writeChecked(bytes, at, id, index, batches);
    if (steps !== undefined) at = writeChecked(bytes, at, id, stepsIndex, steps);
  }
  return { bytes, sections };
}

function writeChecked(target: Uint8Array, at: number, id: string, index: number, bytes: Uint8Array): number {
  writeInt32(target, at, checksum(id, index, bytes));
  target.set(bytes, at + checksumBytes);
  return at + checksumBytes + bytes.length;
}

/** A part's batches, whose checksum is right. @param at where its checksum stands @throws corrupt_log */
export function readPart(payload: Uint8Array, at: number, id: string, index: number, length: number): Uint8Array {
  return readChecked(payload, at, { id, index, length });
}

/** An entry's steps, still encoded. @throws corrupt_log */
export function readStepsBytes(payload: Uint8Array, at: number, id: string, length: number): Uint8Array {
  return readChecked(payload, at, { id, index: stepsIndex, length });
}

function readChecked(payload: Uint8Array, at: number, { id, index, length }: { id: string; index: number; length: number }): Uint8Array {
  const bytes = payload.subarray(at + checksumBytes, at + checksumBytes + length);
  if (bytes.length !== length || readUint32(payload, at) !== checksum(id, index, bytes)) {
    throw corrupt(`payload ${id}, ${index === stepsIndex ? "producer steps" : `partition index ${index}`}: the checksum is wrong`);
  }
  return bytes;
}

/** @throws unsupported_version */
export function checkPayloadVersion(payload: Uint8Array, id: string): void {
  if (payload[0] !== formatVersion) throw unsupported(`Payload ${id}`, payload[0] ?? 0);
}

function checksum(id: string, index: number, bytes: Uint8Array): number {
  return crc32c(bytes, crc32c(new TextEncoder().encode(`${id}/${index}`)));
}
