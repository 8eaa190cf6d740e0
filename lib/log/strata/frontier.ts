import { LogError } from "../../core/errors.ts";
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
  /** When entries were first seen waiting for a seal; 0: none are known to. By the clock of who looked. */
  readonly waitingSinceMs: number;
}

export interface Trim {
  readonly seq: number;
  readonly sealedMs: number;
}

/** A frontier without its row's version. */
export type FrontierValue = Omit<Frontier, "version">;

const formatVersion = 1;

export const noFrontier: Frontier = { version: 0, seq: 0, sealed: [], start: [], reachedMs: [], trims: [], waitingSinceMs: 0 };

export function frontiersPk(topicId: string): string {
  return `frontiers/${topicId}`;
}

export function frontierKey({ topicId, shard }: ShardKey): CatalogKey {
  return { pk: frontiersPk(topicId), sk: String(shard).padStart(5, "0") };
}

/** @throws unsupported_version */
export function readFrontier(item: CatalogItem | undefined): Frontier {
  if (item === undefined) return noFrontier;
  const { v, seq, sealed, start, reachedMs, trims, waitingSinceMs } = item.value as unknown as StoredFrontier;
  if (v !== formatVersion) throw newerFormat(`The frontier ${item.key.pk} ${item.key.sk}`, v, formatVersion);
  return {
    version: item.version,
    seq,
    sealed,
    start,
    reachedMs,
    trims: trims.map(([trimSeq, sealedMs]) => ({ seq: trimSeq, sealedMs })),
    waitingSinceMs,
  };
}

/** The row as it shall be, if it still is as it was. */
export function frontierWrite(shard: ShardKey, before: Frontier, next: FrontierValue): CatalogWrite {
  const { seq, sealed, start, reachedMs, trims, waitingSinceMs } = next;
  const value: JsonValue = {
    v: formatVersion,
    seq,
    sealed,
    start,
    reachedMs,
    trims: trims.map((trim) => [trim.seq, trim.sealedMs]),
    waitingSinceMs,
  };
  return { key: frontierKey(shard), put: value, if: before.version === 0 ? "absent" : before.version };
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
  readonly waitingSinceMs: number;
}
