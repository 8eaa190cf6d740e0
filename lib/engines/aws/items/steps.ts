import { readBigInt64, writeBigInt64 } from "../../../core/codec/bytes.ts";
import { VarintReader, varintBytes, varlongBytes, writeVarint, writeVarlong } from "../../../core/codec/varint.ts";
import { corrupt } from "./values.ts";

/**
 * The producer steps of an entry, in its payload: what a retry is compared with after newer steps have replaced it in the head. Each knows
 * the entry of the step before it, so that an older one is found in as many hops as there were steps in between.
 *
 * Bytes: varint count, and each: 8 producer id · varint index, -1 for none · varint epoch · varint sequence · varint count · varint CRC ·
 * varlong number of the entry that holds the producer's step before it, -1 for none.
 */
export interface StoredStep {
  readonly producerId: bigint;
  readonly index: number | null;
  readonly epoch: number;
  readonly sequence: number;
  readonly count: number;
  readonly crc: number;
  /** The entry of the producer's step before this one; undefined when there was none. */
  readonly previousSeq: number | undefined;
}

export function encodeSteps(steps: readonly StoredStep[]): Uint8Array {
  let length = varintBytes(steps.length);
  for (const step of steps)
    length += 8 + numbersOf(step).reduce((sum, number) => sum + varintBytes(number), 0) + varlongBytes(step.previousSeq ?? -1);
  const bytes = new Uint8Array(length);
  let at = writeVarint(bytes, 0, steps.length);
  for (const step of steps) {
    writeBigInt64(bytes, at, step.producerId);
    at += 8;
    for (const number of numbersOf(step)) at = writeVarint(bytes, at, number);
    at = writeVarlong(bytes, at, step.previousSeq ?? -1);
  }
  return bytes;
}

function numbersOf({ index, epoch, sequence, count, crc }: StoredStep): readonly number[] {
  return [index ?? -1, epoch, sequence, count, crc | 0];
}

/** @throws corrupt_log */
export function decodeSteps(bytes: Uint8Array): readonly StoredStep[] {
  try {
    const reader = new VarintReader(bytes);
    return Array.from({ length: reader.readVarint() }, () => {
      const producerId = readBigInt64(bytes, reader.position);
      reader.position += 8;
      const index = reader.readVarint();
      const [epoch, sequence, count] = [reader.readVarint(), reader.readVarint(), reader.readVarint()];
      const crc = reader.readVarint() >>> 0;
      const previous = reader.readVarlong();
      return { producerId, index: index < 0 ? null : index, epoch, sequence, count, crc, previousSeq: previous < 0 ? undefined : previous };
    });
  } catch (cause) {
    throw corrupt("producer steps cannot be read", cause);
  }
}
