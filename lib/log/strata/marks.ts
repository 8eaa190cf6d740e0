import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { Catalog, CatalogItem, CatalogWrite } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { padTime } from "./garbage.ts";

/**
 * Which shards the janitor has to look at, so that it need not look at all: those that writers are using (`active`), and those where something becomes due
 * at some time (`due`). Nothing is lost when a mark is: the next writer makes another, and the janitor
 * looks for shards that have none (`lost-marks.ts`).
 */
export const activePk = "active";
export const duePk = "due";

export interface ActiveMark {
  readonly version: number;
  readonly shard: ShardKey;
  /** When a writer last said so, by its clock. */
  readonly markedMs: number;
}

export interface DueMark {
  readonly sk: string;
  readonly version: number;
  readonly shard: ShardKey;
  readonly dueMs: number;
}

export function activeWrite(shard: ShardKey, nowMs: number): CatalogWrite {
  return { key: { pk: activePk, sk: shardText(shard) }, put: nowMs, if: "any" };
}

export function activeRemoval({ shard, version }: ActiveMark): CatalogWrite {
  return { key: { pk: activePk, sk: shardText(shard) }, delete: true, if: version };
}

export function dueWrite(shard: ShardKey, dueMs: number): CatalogWrite {
  return { key: { pk: duePk, sk: `${padTime(dueMs)}-${shardText(shard)}` }, put: 1, if: "any" };
}

export function dueRemoval({ sk }: DueMark): CatalogWrite {
  return { key: { pk: duePk, sk }, delete: true, if: "any" };
}

export function readActive({ key, version, value }: CatalogItem): ActiveMark {
  return { version, shard: shardOf(key.sk), markedMs: typeof value === "number" ? value : 0 };
}

export function readDue({ key: { sk }, version }: CatalogItem): DueMark {
  const dash = sk.indexOf("-");
  return { sk, version, shard: shardOf(sk.slice(dash + 1)), dueMs: Number(sk.slice(0, dash)) };
}

/** Marks the shards that this process appends to, each once in a while. */
export class ActiveMarks {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #marked = new Map<string, number>();

  constructor(catalog: Catalog, clock: Clock, everyMs: number = limits.activeMarkMs) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** Never rejects: what could not be marked is the next time. */
  async touch(shard: ShardKey): Promise<void> {
    const name = shardText(shard);
    const nowMs = this.#clock.nowMs();
    const ageMs = nowMs - (this.#marked.get(name) ?? Number.NEGATIVE_INFINITY);
    if (ageMs >= 0 && ageMs < this.#everyMs) return;
    remember(this.#marked, name, nowMs, limits.activeMarksMax);
    try {
      await this.#catalog.transact([activeWrite(shard, nowMs)]);
    } catch {
      this.#marked.delete(name);
    }
  }
}

/** `<topic id>/<shard>` */
export function shardText({ topicId, shard }: ShardKey): string {
  return `${topicId}/${shard}`;
}

function shardOf(text: string): ShardKey {
  const slash = text.indexOf("/");
  return { topicId: text.slice(0, slash), shard: Number(text.slice(slash + 1)) };
}
