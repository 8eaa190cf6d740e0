import { VarintReader } from "../../../core/codec/varint.ts";
import type { ShardShape } from "../../../ports/journal.ts";
import type { Item, Key, Value } from "../table.ts";
import { decodeState, type StoredState } from "./producer-state.ts";
import { decodeEntry, type StoredEntry } from "./stored-entry.ts";
import { decodeTimestamps } from "./timestamps.ts";
import { checkVersion, corrupt, formatVersion, n, readBytes, readList, readMap, readNumber, readText, s } from "./values.ts";

/**
 * A shard's head as of one moment. Attributes, short because every commit is billed on the whole item:
 * `v` format · `st` open or closed · `ly` layout · `gen` rolls so far · `ep` what an ambiguous commit raises · `fe` what the collector raises:
 * payloads of fence epochs up to it can no longer be committed · `tseq` number of the tail's first entry · `tsz` bytes of the tail ·
 * `n` list: the next entry's number, then each partition's next offset (one list, so that a producer state can copy all of it at once) ·
 * `tail` list of entries · `p` map of producer states · `mx` each partition's largest timestamp before the tail (`timestamps.ts`).
 */
export interface Head {
  readonly layout: number;
  readonly gen: number;
  readonly epoch: number;
  readonly fence: number;
  readonly tailSeq: number;
  readonly tailBytes: number;
  /** The next entry's number. */
  readonly seq: number;
  readonly highWatermarks: readonly number[];
  /** Each partition's largest timestamp before the tail; -1 when there was none. */
  readonly maxTimestampsMs: readonly number[];
  /** How many entries are in the tail: `tailSeq` to `seq`. */
  readonly tailEntries: number;
  readonly stateCount: number;
  /** Decoded when asked for: a commit does not need it. */
  tail(): readonly PlacedEntry[];
  /** A producer's state, decoded when asked for. */
  state(name: string): StoredState | undefined;
  stateNames(): readonly string[];
  /** The tail as it is stored. */
  readonly rawTail: readonly Value[];
}

/** An entry with its place in the log. */
export interface PlacedEntry {
  readonly seq: number;
  readonly stored: StoredEntry;
  /** The base offset of each of its parts, in their order. */
  readonly bases: readonly number[];
}

/** The item of a new shard. */
export function newHead(key: Key, { partitions, layout }: ShardShape): Item {
  const zeros = Array.from({ length: partitions + 1 }, () => n(0));
  const counters = { gen: n(0), ep: n(0), fe: n(0), tseq: n(0), tsz: n(0) };
  return {
    pk: s(key.pk),
    sk: s(key.sk),
    v: n(formatVersion),
    st: s("open"),
    ly: n(layout),
    ...counters,
    n: { L: zeros },
    tail: { L: [] },
    p: { M: {} },
    mx: { B: new Uint8Array(0) },
  };
}

/** The entries that were in the tail when the shard was closed. @throws corrupt_log */
export function closedTail(item: Item): readonly Pick<PlacedEntry, "seq" | "stored">[] {
  const tail = item["tail"];
  if (tail === undefined) return [];
  const tailSeq = readNumber(item["tseq"], "a head's tseq");
  return readList(tail, "a head's tail").map((raw, nth) => ({
    seq: tailSeq + nth,
    stored: decodeEntry(readBytes(raw, "an entry of a tail")),
  }));
}

/** Undefined for a shard that was closed. @throws corrupt_log, unsupported_version */
export function decodeHead(item: Item): Head | undefined {
  checkVersion(item, "A shard's head");
  const state = readText(item["st"], "a head's st");
  if (state === "closed") return undefined;
  if (state !== "open") throw corrupt(`a head whose st is ${state}`);
  const number = (name: string): number => readNumber(item[name], `a head's ${name}`);
  const [seq = Number.NaN, ...highWatermarks] = readList(item["n"], "a head's n").map((value) => readNumber(value, "a head's n"));
  const rawTail = readList(item["tail"], "a head's tail");
  const states = readMap(item["p"], "a head's p");
  const tailSeq = number("tseq");
  if (tailSeq + rawTail.length !== seq) throw corrupt(`a head of ${seq} entries whose tail is ${tailSeq} and ${rawTail.length} more`);
  let tail: readonly PlacedEntry[] | undefined;
  return {
    layout: number("ly"),
    gen: number("gen"),
    epoch: number("ep"),
    fence: number("fe"),
    tailSeq,
    tailBytes: number("tsz"),
    seq,
    highWatermarks,
    maxTimestampsMs: readTimestamps(readBytes(item["mx"], "a head's mx"), highWatermarks.length),
    tailEntries: rawTail.length,
    stateCount: Object.keys(states).length,
    rawTail,
    tail: () => (tail ??= placeBackward(rawTail, seq, highWatermarks)),
    state: (name) => {
      const value = Object.hasOwn(states, name) ? states[name] : undefined;
      return value === undefined ? undefined : decodeState(name, readList(value, `producer state ${name}`));
    },
    stateNames: () => Object.keys(states),
  };
}

/** Partitions that were added since have none. */
function readTimestamps(bytes: Uint8Array, partitions: number): readonly number[] {
  try {
    const timestampsMs = decodeTimestamps(new VarintReader(bytes));
    if (timestampsMs.length > partitions || !timestampsMs.every(Number.isSafeInteger))
      throw corrupt("more, or other, timestamps than it has partitions");
    return Array.from({ length: partitions }, (_, index) => timestampsMs[index] ?? -1);
  } catch (cause) {
    throw corrupt("a head's mx", cause);
  }
}

/** Entries with their numbers and offsets, counted back from what follows them. */
function placeBackward(raw: readonly Value[], end: number, highWatermarks: readonly number[]): readonly PlacedEntry[] {
  const next = [...highWatermarks];
  const placed: PlacedEntry[] = [];
  for (let nth = raw.length - 1; nth >= 0; nth--) {
    const stored = decodeEntry(readBytes(raw[nth], "an entry of a tail"));
    const bases = stored.parts.map(({ index, records }) => {
      const base = (next[index] ?? Number.NaN) - records;
      if (!(base >= 0)) throw corrupt(`an entry of a tail whose partition ${index} does not fit the head`);
      next[index] = base;
      return base;
    });
    placed.push({ seq: end - raw.length + nth, stored, bases });
  }
  return placed.reverse();
}

/** The offset that each partition has before the head's tail. */
export function tailBases(head: Head): readonly number[] {
  const bases = [...head.highWatermarks];
  for (const { stored } of head.tail()) {
    for (const { index, records } of stored.parts) bases[index] = (bases[index] ?? 0) - records;
  }
  return bases;
}
