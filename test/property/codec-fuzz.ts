import assert from "node:assert/strict";
import { crc32c } from "../../lib/core/codec/crc32c.ts";
import {
  batchHeaders,
  checkBatches,
  decodeBatches,
  encodeBatch,
  iterateRecords,
  recordsFingerprint,
  setBaseOffsets,
} from "../../lib/core/codec/record-batch.ts";
import { LogError } from "../../lib/core/errors.ts";
import { limits } from "../../lib/core/limits.ts";
import type { StoredRecord } from "../../lib/core/record.ts";
import { nodeCompression as compression } from "../../lib/node/compression.ts";
import { fromBase64, readFixture } from "../golden/read-fixture.ts";

export interface FuzzCounts {
  /** Inputs that passed all checks. */
  accepted: number;
  refused: number;
  /** Refused by `checkBatches`, but readable: decoding checks less. */
  decoded: number;
}

type Chance = (below: number) => number;

/** xorshift32: the same numbers for the same seed. */
function chanceFrom(seed: number): Chance {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const corpus = readFixture("kafka-batches.json").batches.map(({ base64 }) => fromBase64(base64));
const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x0f];
const options = { messageBytesMax: limits.messageBytesMax };

/**
 * Feeds damaged batches to the checks and the readers. Only LogErrors that say `not-applied` may come out, and what is accepted
 * must read, number and encode again to the same records. @throws AssertionError with the seed and round otherwise
 */
export function fuzzCodec(seed: number, rounds: number): FuzzCounts {
  const chance = chanceFrom(seed);
  const counts: FuzzCounts = { accepted: 0, refused: 0, decoded: 0 };
  for (let round = 0; round < rounds; round++) {
    const input = damaged(chance);
    try {
      const records = outcome(() => decodeBatches(input, compression));
      outcome(() => batchHeaders(input));
      const headers = outcome(() => checkBatches(input, compression, options));
      if (headers === undefined) {
        counts.refused++;
        if (records !== undefined) counts.decoded++;
        continue;
      }
      counts.accepted++;
      assertSound(
        input,
        headers.reduce((sum, header) => sum + header.recordsCount, 0),
        records,
      );
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}: ${Buffer.from(input).toString("base64").slice(0, 2000)}`, { cause: error });
    }
  }
  return counts;
}

/** What a step gives, or undefined when it refuses in the way that it should. */
function outcome<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    assert.ok(error instanceof LogError, `a ${String(error)} came out`);
    assert.ok(error.code !== "internal" && error.outcome === "not-applied", `${error.code}: ${error.message}`);
    return undefined;
  }
}

function assertSound(input: Uint8Array, count: number, records: readonly StoredRecord[] | undefined): void {
  assert.ok(records, "it was accepted and cannot be read");
  assert.equal(records.length, count);
  const numbered = input.slice();
  assert.equal(setBaseOffsets(numbered, 1000), 1000 + count);
  assert.equal(checkBatches(numbered, compression, options).length > 0, true);
  let next = 1000;
  for (const record of iterateRecords(numbered, compression)) assert.equal(record.offset, next++);
  assert.equal(next, 1000 + count);
  const again = encodeBatch(records, { nowMs: 0, compression, compressionType: "none" });
  checkBatches(again, compression, { messageBytesMax: Number.MAX_SAFE_INTEGER });
  assert.equal(recordsFingerprint(decodeBatches(again, compression)), recordsFingerprint(records));
}

function damaged(chance: Chance): Uint8Array {
  if (chance(50) === 0) return Uint8Array.from({ length: chance(200) }, () => chance(256));
  let bytes: Uint8Array = (corpus[chance(corpus.length)] ?? new Uint8Array(0)).slice();
  const type = (bytes[22] ?? 0) & 7;
  const reopen = (type === 1 || type === 4) && chance(2) === 0;
  const opened = reopen
    ? withRecords(bytes, compression.decompress(type === 1 ? "gzip" : "zstd", bytes.subarray(61), limits.messageBytesMax))
    : bytes;
  // Small ones only: what is opened is damaged and packed again.
  bytes = opened.length > 20_000 ? bytes : opened;
  for (let edits = chance(4); edits >= 0; edits--) bytes = edited(bytes, chance);
  if (bytes.length >= 61 && opened.length <= 20_000 && reopen) {
    bytes = withRecords(bytes, compression.compress(type === 1 ? "gzip" : "zstd", bytes.subarray(61)));
  }
  if (chance(8) !== 0) seal(bytes);
  return chance(20) === 0 ? Uint8Array.of(...bytes, ...(corpus[0] ?? [])) : bytes;
}

function edited(bytes: Uint8Array, chance: Chance): Uint8Array {
  const { length } = bytes;
  if (length === 0) return bytes;
  // Half of the edits hit the header and the first records, where the structure is.
  const at = chance(2) === 0 ? chance(Math.min(length, 120)) : chance(length);
  switch (chance(7)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << chance(8));
      return bytes;
    case 1:
      bytes[at] = interesting[chance(interesting.length)] ?? 0;
      return bytes;
    case 2:
      bytes[at] = chance(256);
      return bytes;
    case 3:
      return bytes.slice(0, at);
    case 4:
      return Uint8Array.of(...bytes.subarray(0, at), ...Array.from({ length: 1 + chance(4) }, () => chance(256)), ...bytes.subarray(at));
    case 5:
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(Math.min(length, at + 1 + chance(8))));
    default:
      bytes.copyWithin(at, chance(length), Math.min(length, at + chance(40)));
      return bytes;
  }
}

function withRecords(batch: Uint8Array, records: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(61 + records.length);
  bytes.set(batch.subarray(0, 61));
  bytes.set(records, 61);
  return bytes;
}

/** Mends length, magic and CRC, so that the damage is met deeper in. */
function seal(bytes: Uint8Array): void {
  if (bytes.length < 61) return;
  const view = new DataView(bytes.buffer);
  view.setInt32(8, bytes.length - 12);
  view.setInt8(16, 2);
  view.setUint32(17, crc32c(bytes.subarray(21)));
}

// Run by itself: node test/property/codec-fuzz.ts [rounds] [seed]
if (import.meta.main) {
  const [rounds = "100000", seed = "1"] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(fuzzCodec(Number(seed), Number(rounds)))}\n`);
}
