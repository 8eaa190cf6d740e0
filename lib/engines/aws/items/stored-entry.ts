import { byteAt } from "../../../core/codec/bytes.ts";
import { VarintReader, varintBytes, varlongBytes, writeVarint, writeVarlong } from "../../../core/codec/varint.ts";
import { packTimestamps, unpackTimestamp } from "./timestamps.ts";
import { corrupt, formatVersion, unsupported } from "./values.ts";

/**
 * A committed entry as the head's tail and pages hold it: a few dozen bytes that say where its bytes are. It holds no offsets: they follow
 * from where the entry stands, since a commit does not know them before it is done.
 *
 * Bytes: 1 version and flags (low bits: 1 = the payload is an S3 object, 2 = it has producer steps, 4 = its timestamps are all as they are) · 8 id of the payload · varint fence epoch ·
 * varint position of the entry in the payload · varint mask of partition indexes · for each of them, ascending: varint records,
 * varint bytes, varlong timestamp (the first: as it is, each next: less the first, unless that is too far) · with steps: varint bytes of the steps.
 * Numbers are Kafka's varints.
 */
export interface StoredEntry {
  readonly payload: PayloadPlace;
  /** Where the entry begins in its payload. */
  readonly position: number;
  readonly parts: readonly StoredPart[];
  /** Bytes of its producer steps, which follow its parts; 0 when it has none. */
  readonly stepsBytes: number;
}

export interface PayloadPlace {
  /** 16 lower-case hex digits. */
  readonly id: string;
  readonly isObject: boolean;
  readonly fenceEpoch: number;
}

export interface StoredPart {
  readonly index: number;
  readonly records: number;
  readonly bytes: number;
  readonly maxTimestampMs: number;
}

const idBytes = 8;
const flag = { isObject: 1, hasSteps: 2, hasOwnTimestamps: 4 } as const;

export function encodeEntry({ payload, position, parts, stepsBytes }: StoredEntry): Uint8Array {
  const { numbers: stamps, areOwn } = packTimestamps(parts.map(({ maxTimestampMs }) => maxTimestampMs));
  const mask = parts.reduce((bits, { index }) => bits | (1 << index), 0);
  let length = 1 + idBytes + varintBytes(payload.fenceEpoch) + varintBytes(position) + varintBytes(mask);
  for (const [nth, { records, bytes }] of parts.entries())
    length += varintBytes(records) + varintBytes(bytes) + varlongBytes(stamps[nth] ?? 0);
  if (stepsBytes > 0) length += varintBytes(stepsBytes);
  const encoded = new Uint8Array(length);
  const flags = (payload.isObject ? flag.isObject : 0) | (stepsBytes > 0 ? flag.hasSteps : 0) | (areOwn ? flag.hasOwnTimestamps : 0);
  encoded[0] = (formatVersion << 4) | flags;
  for (let i = 0; i < idBytes; i++) encoded[1 + i] = Number.parseInt(payload.id.slice(2 * i, 2 * i + 2), 16);
  let at = writeVarint(encoded, 1 + idBytes, payload.fenceEpoch);
  at = writeVarint(encoded, at, position);
  at = writeVarint(encoded, at, mask);
  for (const [nth, { records, bytes }] of parts.entries()) {
    at = writeVarint(encoded, at, records);
    at = writeVarint(encoded, at, bytes);
    at = writeVarlong(encoded, at, stamps[nth] ?? 0);
  }
  if (stepsBytes > 0) writeVarint(encoded, at, stepsBytes);
  return encoded;
}

/** @throws corrupt_log, unsupported_version */
export function decodeEntry(encoded: Uint8Array): StoredEntry {
  const first = encoded[0] ?? 0;
  if (encoded.length < 1 + idBytes) throw corrupt(`an entry of ${encoded.length} bytes`);
  if (first >> 4 !== formatVersion) throw unsupported("An entry", first >> 4);
  if ((first & 0x0f) > flag.isObject + flag.hasSteps + flag.hasOwnTimestamps) throw corrupt("an entry with a flag that nobody sets");
  let id = "";
  for (let i = 1; i <= idBytes; i++) id += byteAt(encoded, i).toString(16).padStart(2, "0");
  try {
    const reader = new VarintReader(encoded, 1 + idBytes);
    const fenceEpoch = reader.readVarint();
    const position = reader.readVarint();
    const parts = readParts(reader, (first & flag.hasOwnTimestamps) !== 0);
    const stepsBytes = (first & flag.hasSteps) === 0 ? 0 : reader.readVarint();
    if (reader.position !== encoded.length) throw corrupt(`${encoded.length - reader.position} bytes after an entry`);
    return { payload: { id, isObject: (first & flag.isObject) !== 0, fenceEpoch }, position, parts, stepsBytes };
  } catch (cause) {
    throw corrupt(`entry ${id} cannot be read`, cause);
  }
}

function readParts(reader: VarintReader, areOwn: boolean): StoredPart[] {
  const mask = reader.readVarint();
  const parts: StoredPart[] = [];
  for (let index = 0; mask >> index !== 0; index++) {
    if (((mask >> index) & 1) === 0) continue;
    const records = reader.readVarint();
    const bytes = reader.readVarint();
    const maxTimestampMs = unpackTimestamp(reader.readVarlong(), parts[0]?.maxTimestampMs, areOwn);
    parts.push({ index, records, bytes, maxTimestampMs });
  }
  if (parts.length === 0) throw corrupt("an entry without parts");
  return parts;
}
