import {
  areTombstonesDue,
  type CompactionPlan,
  type CompactionRules,
  planCompaction,
  tombstonesSince,
} from "../../core/compaction/compaction-plan.ts";
import { areAlike, fitsGroup } from "../../core/compaction/rewrite-group.ts";
import { Sieve, type SieveRules } from "../../core/compaction/sieve.ts";
import type { MergeRules } from "../../core/merge-plan.ts";
import { transactIf } from "../transact-if.ts";
import { mapKeys } from "./compact-keys.ts";
import { batchesOf, mergeOnce, type PartitionSegments, replaceSegments } from "./merge.ts";
import { SegmentGone } from "./segment-objects.ts";
import { segmentKey, type SegmentRow, segmentValue } from "./segment-row.ts";
import { segmentValueOf, writeSegment } from "./segment-writer.ts";
import type { StrataServices } from "./services.ts";
import { topicLives } from "./topic-ids.ts";

export type CompactRules = MergeRules & CompactionRules;

/**
 * One pass of key compaction over a partition's segments, when one is due; else one merge, when neighbours are worth it. As Kafka's: the last record of each key stays
 * at its offset, order stays, and a tombstone goes when its time is over and all that it is about has gone.
 *
 * A pass maps as many keys to their last offsets as memory is set aside for, from the first record on that none has looked at. Then it goes over all segments before
 * that from the oldest on, and stops where a swap does not come to be done: a segment is marked as gone over when all before it are. So a tombstone never goes before
 * an older record of its key does, any number of passes may run at once, and each may end at any moment: the next one goes on where it came to.
 * @returns bytes written; undefined when there was nothing to do, or it was stopped
 */
export async function compactOnce(
  services: StrataServices,
  segments: PartitionSegments,
  rules: CompactRules,
  isLate: () => boolean,
): Promise<number | undefined> {
  const { rows } = segments;
  // Read while others merged: a row that is missed would keep what newer ones have superseded.
  if (rows.some(({ next }, nth) => nth + 1 < rows.length && next !== rows[nth + 1]?.baseOffset)) return undefined;
  const plan = planCompaction(rows, rules, services.clock.nowMs());
  if (plan === undefined) return await mergeAlike(services, segments, rules);
  try {
    const mapped = await mapKeys(services, rows, plan, isLate);
    if (mapped === undefined) return undefined;
    const sieve = new Sieve(mapped.keys, services.compression);
    const pass = new Pass(services, segments, rules, { from: plan.from, to: mapped.to }, sieve);
    return (await pass.run(mapped.keys.size > 0, isLate)) ? pass.bytes : undefined;
  } catch (reason) {
    // Replaced or expired while it was read.
    if (reason instanceof SegmentGone) return undefined;
    throw reason;
  }
}

/** Merges segments that compaction sees alike, so that none of their state gets worse. */
async function mergeAlike(services: StrataServices, segments: PartitionSegments, rules: MergeRules): Promise<number | undefined> {
  let run: SegmentRow[] = [];
  const isClean = ({ cleanedTo, next }: SegmentRow): boolean => cleanedTo >= next;
  for (const row of [...segments.rows, undefined]) {
    const [first] = run;
    if (row !== undefined && (first === undefined || (isClean(first) === isClean(row) && areAlike([...run, row].map(tombstonesOf))))) {
      run.push(row);
      continue;
    }
    const bytes = await mergeOnce(services, { ...segments, rows: run }, rules);
    if (bytes !== undefined) return bytes;
    run = row === undefined ? [] : [row];
  }
  return undefined;
}

function tombstonesOf({ tombstonesMs }: SegmentRow): number {
  return tombstonesMs;
}

/** A segment that the pass goes over. */
interface Visited extends SegmentRow, SieveRules {
  readonly tombstonesSinceMs: number;
  readonly isWhole: boolean;
}

class Pass {
  readonly #services: StrataServices;
  readonly #segments: PartitionSegments;
  readonly #rules: CompactRules;
  readonly #plan: CompactionPlan;
  readonly #sieve: Sieve;
  readonly #nowMs: number;
  bytes = 0;

  constructor(services: StrataServices, segments: PartitionSegments, rules: CompactRules, plan: CompactionPlan, sieve: Sieve) {
    this.#services = services;
    this.#segments = segments;
    this.#rules = rules;
    this.#plan = plan;
    this.#sieve = sieve;
    this.#nowMs = services.clock.nowMs();
  }

  /** @returns false when it was stopped */
  async run(hasKeys: boolean, isLate: () => boolean): Promise<boolean> {
    let group: Visited[] = [];
    const flush = async (): Promise<boolean> => {
      const own = group;
      group = [];
      return own.length === 0 || (await this.#rewrite(own));
    };
    for (const row of this.#segments.rows) {
      if (row.baseOffset >= this.#plan.to) break;
      if (isLate()) return false;
      const visited = this.#visit(row);
      const isClean = row.next <= this.#plan.from;
      const isKnown = row.cleanedTo >= this.#plan.to || (isClean && !hasKeys);
      if (isKnown && !visited.dropsTombstones) {
        if (!(await flush())) return false;
        continue;
      }
      const judged = await this.#judge(visited, isLate);
      if (judged === undefined) return false;
      if (judged.isChanged) {
        if (!fitsGroup(group, visited, this.#rules) && !(await flush())) return false;
        group.push(visited);
      } else if (!(await flush()) || !(await this.#mark(visited, judged.hasTombstones))) return false;
    }
    return await flush();
  }

  #visit(row: SegmentRow): Visited {
    const { from, to } = this.#plan;
    const isClean = row.next <= from;
    const dropsTombstones = isClean && areTombstonesDue(row, this.#rules, this.#nowMs);
    const keptMs = isClean ? row.tombstonesMs : Math.max(row.tombstonesMs, tombstonesSince(this.#nowMs, this.#rules));
    return { ...row, dropsTombstones, tombstonesSinceMs: dropsTombstones ? 0 : keptMs, isWhole: row.next <= to };
  }

  /** Whether a segment loses anything: that is found out before it is written, since most of what is old loses nothing. */
  async #judge(row: Visited, isLate: () => boolean): Promise<{ readonly isChanged: boolean; readonly hasTombstones: boolean } | undefined> {
    const before = this.#sieve.tombstones;
    for await (const batches of batchesOf(this.#services.engine.objects, [row])) {
      if (isLate()) return undefined;
      if (this.#sieve.takesAny(batches, row)) return { isChanged: true, hasTombstones: false };
    }
    return { isChanged: false, hasTombstones: this.#sieve.tombstones > before };
  }

  async #rewrite(rows: readonly Visited[]): Promise<boolean> {
    const { objects } = this.#services.engine;
    const sieve = this.#sieve;
    const bytes = await replaceSegments(this.#services, this.#segments, rows, async (key) => {
      const before = sieve.tombstones;
      const batches = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
        for (const row of rows) {
          for await (const piece of batchesOf(objects, [row])) {
            const kept = sieve.retained(piece, row);
            if (kept.length > 0) yield kept;
          }
        }
      };
      const last = rows.at(-1) as Visited;
      const written = await writeSegment(objects, key, rows[0]?.baseOffset ?? 0, batches(), () => last.next);
      return {
        ...segmentValueOf(key, written, last.reachedMs),
        cleanedTo: Math.min(...rows.map(({ cleanedTo }) => Math.max(cleanedTo, this.#plan.to))),
        tombstonesMs: sieve.tombstones > before ? Math.max(...rows.map(({ tombstonesSinceMs }) => tombstonesSinceMs)) : 0,
      };
    });
    this.bytes += bytes ?? 0;
    return bytes !== undefined;
  }

  /** Says of a segment that it was gone over: its object stays. */
  async #mark(row: Visited, hasTombstones: boolean): Promise<boolean> {
    const { topicId, partition } = this.#segments;
    const cleanedTo = Math.max(row.cleanedTo, this.#plan.to);
    const tombstonesMs = hasTombstones ? row.tombstonesSinceMs : 0;
    if (cleanedTo === row.cleanedTo && tombstonesMs === row.tombstonesMs) return true;
    const put = segmentValue({ ...row, cleanedTo, tombstonesMs });
    const key = segmentKey(topicId, partition, row.baseOffset);
    return await transactIf(this.#services.engine.catalog, [topicLives(topicId), { key, put, if: row.version }]);
  }
}
