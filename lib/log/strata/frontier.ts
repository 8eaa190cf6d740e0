import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogItem, CatalogKey, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { newerFormat } from "../newer-format.ts";

/** How far a shard is sealed: the catalog's row `frontiers/<topicId>`, `<shard>`. A shard that was never sealed nor trimmed has none. */
export interface Frontier {
  /** Of the row; 0 when there is none. */
  readonly version: number;
  /** Entries below this number are in segments. */
  readonly seq: number;
  /** By index: offsets below it are in segments. */
  readonly sealed: readonly number[];
  /** By index: the log start offset. */
  readonly start: readonly number[];
  /** By index: the largest timestamp of all that was ever sealed; -1 for none. */
  readonly reachedMs: readonly number[];
  /** Seals whose entries the journal still has, oldest first: they are trimmed a while after. */
  readonly trims: readonly Trim[];
  /** Where the journal ended at some times since the oldest entry that waits was written, oldest first. */
  readonly seen: readonly Seen[];
  /** When the oldest entry that waits for a seal was first seen; 0: none is known to wait. By the clock of who looked. */
  readonly waitingSinceMs: number;
}

export interface Seen {
  /** Entries below this number were there. */
  readonly seq: number;
  readonly seenMs: number;
}

export interface Trim {
  readonly seq: number;
  readonly sealedMs: number;
}

/** A frontier without its row's version. */
export type FrontierValue = Omit<Frontier, "version">;

const formatVersion = 1;

export const noFrontier: Frontier = { version: 0, seq: 0, sealed: [], start: [], reachedMs: [], trims: [], seen: [], waitingSinceMs: 0 };

export function frontiersPk(topicId: string): string {
  return `frontiers/${topicId}`;
}

export function frontierKey({ topicId, shard }: ShardKey): CatalogKey {
  return { pk: frontiersPk(topicId), sk: String(shard).padStart(5, "0") };
}

/** @throws unsupported_version */
export function readFrontier(item: CatalogItem | undefined): Frontier {
  if (item === undefined) return noFrontier;
  const { v, seq, sealed, start, reachedMs, trims, seen = [], waitingSinceMs } = item.value as unknown as StoredFrontier;
  if (v !== formatVersion) throw newerFormat(`The frontier ${item.key.pk} ${item.key.sk}`, v, formatVersion);
  return {
    version: item.version,
    seq,
    sealed,
    start,
    reachedMs,
    trims: trims.map(([trimSeq, sealedMs]) => ({ seq: trimSeq, sealedMs })),
    seen: seen.map(([seenSeq, seenMs]) => ({ seq: seenSeq, seenMs })),
    waitingSinceMs,
  };
}

/** The row as it shall be, if it still is as it was. */
export function frontierWrite(shard: ShardKey, before: Frontier, next: FrontierValue): CatalogWrite {
  const { seq, sealed, start, reachedMs, trims, seen, waitingSinceMs } = next;
  const value: JsonValue = {
    v: formatVersion,
    seq,
    sealed,
    start,
    reachedMs,
    trims: trims.map((trim) => [trim.seq, trim.sealedMs]),
    ...(seen.length > 0 && { seen: seen.map((each) => [each.seq, each.seenMs]) }),
    waitingSinceMs,
  };
  return { key: frontierKey(shard), put: value, if: before.version === 0 ? "absent" : before.version };
}

/**
 * Since when the oldest entry waits that is not sealed, as far as the frontier's moves have seen it: less than it does by the time between two of them at most,
 * which are visits where sealing is behind. Of many, those long ago get further apart: then by about a quarter of its age.
 * @param seq what is sealed as of this move @param end where the journal ends
 */
export function waitingFrom(before: Frontier, seq: number, end: number, nowMs: number): Pick<FrontierValue, "seen" | "waitingSinceMs"> {
  const seen = before.seen.filter((each) => each.seq > seq);
  if (end > (seen.at(-1)?.seq ?? seq)) seen.push({ seq: end, seenMs: Math.max(1, nowMs) });
  const kept = seen.length <= limits.frontierSeenMax ? seen : seen.filter((_, nth) => nth % 2 === 0 || nth === seen.length - 1);
  return { seen: kept, waitingSinceMs: kept[0]?.seenMs ?? 0 };
}

export function frontierMoved({ topicId, shard }: ShardKey): LogError {
  return new LogError(
    "conflict",
    `Others have moved the frontier of shard ${shard} of topic ${topicId}, or the topic is gone: look again.`,
  );
}

interface StoredFrontier {
  readonly v: number;
  readonly seq: number;
  readonly sealed: readonly number[];
  readonly start: readonly number[];
  readonly reachedMs: readonly number[];
  readonly trims: readonly (readonly [number, number])[];
  /** Rows of earlier builds have none. */
  readonly seen?: readonly (readonly [number, number])[];
  readonly waitingSinceMs: number;
}
