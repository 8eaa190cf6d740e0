import type { ShardKey } from "../../../ports/journal.ts";
import { upkeepKey } from "../keys.ts";
import type { Condition, Item } from "../table.ts";
import { checkVersion, formatVersion, n, readNumber, s } from "./values.ts";

/**
 * How far a shard's upkeep has come, so that it does nothing twice. Nothing is decided by it that would not be safe without it.
 * `v` format · `gq`, `gp`, `ge` as below.
 */
export interface UpkeepState {
  /** `gq`: payloads of all entries before this one were freed. */
  readonly payloadsSeq: number;
  /** `gp`: pages that begin before this entry end at or before the journal's start and were dealt with. */
  readonly pagesSeq: number;
  /** `ge`: what was not committed of fence epochs up to this one was freed; -1 when none was looked at. */
  readonly epoch: number;
}

export const noUpkeep: UpkeepState = { payloadsSeq: 0, pagesSeq: 0, epoch: -1 };

export function encodeUpkeep(shard: ShardKey, { payloadsSeq, pagesSeq, epoch }: UpkeepState): Item {
  const { pk, sk } = upkeepKey(shard);
  return { pk: s(pk), sk: s(sk), v: n(formatVersion), gq: n(payloadsSeq), gp: n(pagesSeq), ge: n(epoch) };
}

export function onlyOnward({ payloadsSeq, epoch }: UpkeepState): Condition {
  const condition = "attribute_not_exists(pk) OR (gq <= :gq AND ge <= :ge)";
  return { condition, values: { ":gq": n(payloadsSeq), ":ge": n(epoch) } };
}

/** @throws corrupt_log, unsupported_version */
export function decodeUpkeep(item: Item | undefined): UpkeepState {
  if (item === undefined) return noUpkeep;
  checkVersion(item, "A shard's upkeep");
  const number = (name: string): number => readNumber(item[name], `a shard's upkeep's ${name}`);
  return { payloadsSeq: number("gq"), pagesSeq: number("gp"), epoch: number("ge") };
}
