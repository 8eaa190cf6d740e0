import type { Compression } from "../../ports/compression.ts";
import { retainRecords } from "../codec/retain-records.ts";
import { eachBatch, type ScannedRecord, scanRecords } from "../codec/scan-records.ts";
import type { KeyOffsets } from "./key-offsets.ts";

/** What goes from a segment and what stays. */
export interface SieveRules {
  /** Whether tombstones go too. */
  readonly dropsTombstones: boolean;
}

/**
 * Says which records compaction leaves: of each key the one with the greatest offset that is known, and those that are newer than what is known.
 * A record without a key is never superseded: it stays, though Kafka would have refused it.
 */
export class Sieve {
  readonly #keys: KeyOffsets;
  readonly #compression: Compression;
  #tombstones = 0;

  constructor(keys: KeyOffsets, compression: Compression) {
    this.#keys = keys;
    this.#compression = compression;
  }

  /** Tombstones that it has let stay, so far. */
  get tombstones(): number {
    return this.#tombstones;
  }

  /** Whether any record of batches goes. @throws corrupt_message */
  takesAny(batches: Uint8Array, rules: SieveRules): boolean {
    let isTaken = false;
    for (const { position, header } of eachBatch(batches)) {
      scanRecords(batches, position, header, this.#compression, (record) => {
        isTaken = !this.#stays(record, rules);
        return !isTaken;
      });
      if (isTaken) return true;
    }
    return false;
  }

  /** Batches without what goes; the same array when all stays. @throws corrupt_message */
  retained(batches: Uint8Array, rules: SieveRules): Uint8Array {
    return retainRecords(batches, this.#compression, (record) => this.#stays(record, rules));
  }

  #stays({ bytes, keyStart, keyEnd, offset, isNullValue }: ScannedRecord, { dropsTombstones }: SieveRules): boolean {
    if (keyStart < 0) return true;
    if (this.#keys.size > 0 && this.#keys.greatest(bytes, keyStart, keyEnd) > offset) return false;
    if (!isNullValue) return true;
    if (dropsTombstones) return false;
    this.#tombstones++;
    return true;
  }
}

/**
 * Notes the keys of batches with offsets from `from` to before `to`.
 * @returns the first offset that there was no room for; undefined: all are noted
 * @throws corrupt_message
 */
export function noteKeys(
  keys: KeyOffsets,
  batches: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
  compression: Compression,
): number | undefined {
  let full: number | undefined;
  for (const { position, header } of eachBatch(batches)) {
    if (header.baseOffset + header.lastOffsetDelta < from) continue;
    if (header.baseOffset >= to) break;
    scanRecords(batches, position, header, compression, ({ bytes, keyStart, keyEnd, offset }) => {
      if (offset >= to) return false;
      if (offset < from || keyStart < 0 || keys.note(bytes, keyStart, keyEnd, offset)) return true;
      full = offset;
      return false;
    });
    if (full !== undefined) return full;
  }
  return undefined;
}
