import { byteAt, readUint32, writeInt32 } from "../../../core/codec/bytes.ts";
import { VarintReader, varintBytes, writeVarint } from "../../../core/codec/varint.ts";
import type { ProducerState } from "../../../ports/journal.ts";
import type { Value } from "../table.ts";
import { corrupt, formatVersion, readBytes, readNumber, unsupported } from "./values.ts";

/**
 * A producer's newest step with its answer: a list in the head's map `p`, under `stateName`. Element 0 is what the writer knew before it
 * wrote (binary, below); the others are copied by DynamoDB from the head as it was: the entry's number, then base offsets.
 * A state that is new in the head has the base offsets of all partitions (`isLong`), else only those that its step covers.
 *
 * Binary: 1 version and flags (low bit: long) · 2 epoch · 4 sequence · 4 crc · varint count · varint layout · varint mask of the
 * partition indexes that the step covers.
 */
export interface StoredState extends ProducerState {
  /** The entry that holds the step. */
  readonly seq: number;
  /** The base offset of each part that the step covers. */
  readonly bases: ReadonlyMap<number, number>;
  /** Element 0 as it is stored: what a conditional write compares. */
  readonly fact: Uint8Array;
  /** How many elements the stored list has. */
  readonly elements: number;
}

/** What a writer knows of a step before it is committed. */
export interface StateFact extends ProducerState {
  /** Partition indexes that the step covers, ascending. */
  readonly indexes: readonly number[];
  readonly isLong: boolean;
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-";
const fixedBytes = 11;

/** The name of a producer's state: its id in base 64, at most 11 characters, and one for its index. */
export function stateName(producerId: bigint, index: number | null): string {
  let name = "";
  for (let rest = producerId; rest > 0n || name === ""; rest /= 64n) name = digits.charAt(Number(rest % 64n)) + name;
  return name + (index === null ? "." : index.toString(16));
}

/** @throws corrupt_log */
export function readStateName(name: string): { readonly producerId: bigint; readonly index: number | null } {
  let producerId = 0n;
  for (const digit of name.slice(0, -1)) {
    const value = digits.indexOf(digit);
    if (value < 0) throw corrupt(`a producer state named ${name}`);
    producerId = producerId * 64n + BigInt(value);
  }
  const last = name.at(-1);
  const index = last === "." ? null : Number.parseInt(last ?? "", 16);
  if (Number.isNaN(index)) throw corrupt(`a producer state named ${name}`);
  return { producerId, index };
}

export function encodeFact(fact: StateFact): Uint8Array {
  const mask = fact.indexes.reduce((bits, index) => bits | (1 << index), 0);
  const bytes = new Uint8Array(fixedBytes + varintBytes(fact.count) + varintBytes(fact.layout) + varintBytes(mask));
  bytes[0] = (formatVersion << 4) | (fact.isLong ? 1 : 0);
  bytes[1] = fact.epoch >> 8;
  bytes[2] = fact.epoch;
  writeInt32(bytes, 3, fact.sequence);
  writeInt32(bytes, 7, fact.crc);
  writeVarint(bytes, writeVarint(bytes, writeVarint(bytes, fixedBytes, fact.count), fact.layout), mask);
  return bytes;
}

/** @throws corrupt_log, unsupported_version */
export function decodeState(name: string, elements: readonly Value[]): StoredState {
  const what = `producer state ${name}`;
  const fact = readBytes(elements[0], what);
  const { producerId, index } = readStateName(name);
  const first = fact[0] ?? 0;
  if (fact.length < fixedBytes) throw corrupt(what);
  if (first >> 4 !== formatVersion) throw unsupported(`The ${what}`, first >> 4);
  const [count, layout, mask] = readVarints(fact, what);
  const bases = new Map<number, number>();
  for (let at = 0, nth = 0; mask >> at !== 0; at++) {
    if (((mask >> at) & 1) === 0) continue;
    bases.set(at, readNumber(elements[2 + ((first & 1) === 1 ? at : nth)], what));
    nth++;
  }
  const epoch = (byteAt(fact, 1) << 8) | byteAt(fact, 2);
  const seq = readNumber(elements[1], what);
  const step = { producerId, index, epoch, sequence: readUint32(fact, 3), count, crc: readUint32(fact, 7), layout };
  return { ...step, seq, bases, fact, elements: elements.length };
}

function readVarints(fact: Uint8Array, what: string): readonly [number, number, number] {
  try {
    const reader = new VarintReader(fact, fixedBytes);
    return [reader.readVarint(), reader.readVarint(), reader.readVarint()];
  } catch (cause) {
    throw corrupt(what, cause);
  }
}

/** The state's list with only the base offsets that its step covers: how a state is kept outside of the head. */
export function shortElements(state: StoredState): readonly Value[] {
  const indexes = [...state.bases.keys()];
  const fact = encodeFact({ ...state, indexes, isLong: false });
  return [{ B: fact }, { N: String(state.seq) }, ...indexes.map((index): Value => ({ N: String(state.bases.get(index) ?? 0) }))];
}
