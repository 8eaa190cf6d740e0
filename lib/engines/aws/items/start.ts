import type { ShardKey } from "../../../ports/journal.ts";
import { startKey } from "../keys.ts";
import type { Condition, Item } from "../table.ts";
import { checkVersion, formatVersion, n, readList, readNumber, s } from "./values.ts";

/** Where a shard's journal starts: `v` format · `q` the lowest entry number that is left · `base` each partition's offset before that entry. */
export interface Start {
  readonly seq: number;
  readonly bases: readonly number[];
}

/** A shard that was never trimmed has no item. */
export const untrimmed: Start = { seq: 0, bases: [] };

export function encodeStart(shard: ShardKey, start: Start): Item {
  const { pk, sk } = startKey(shard);
  return { pk: s(pk), sk: s(sk), v: n(formatVersion), q: n(start.seq), base: { L: start.bases.map(n) } };
}

export function onlyFurther({ seq }: Start): Condition {
  return { condition: "attribute_not_exists(pk) OR q < :q", values: { ":q": n(seq) } };
}

/** @throws corrupt_log, unsupported_version */
export function decodeStart(item: Item | undefined): Start {
  if (item === undefined) return untrimmed;
  checkVersion(item, "A shard's start");
  return {
    seq: readNumber(item["q"], "a start's q"),
    bases: readList(item["base"], "a start's base").map((each) => readNumber(each, "a start's base")),
  };
}
