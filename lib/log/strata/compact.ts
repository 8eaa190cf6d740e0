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
import { inTime, pastPart } from "./time-left.ts";
import { topicLives } from "./topic-ids.ts";

export type CompactRules = MergeRules & CompactionRules;

/**
 * One pass of key compaction over a partition's segments, when one is due; else one merge, when neighbours are worth it. As Kafka's: the last record of each key stays
 * at its offset, order stays, and a tombstone goes when its time is over and all that it is about has gone.
 *
 * A pass maps as many keys to their last offsets as memory is set aside for, and as a third of the time allows, from the first record on that none has looked at.
 * Then it goes over all segments before that from the oldest on, and stops where a swap does not come to be done: a segment is marked as gone over when all before it
 * are. So a tombstone never goes before an older record of its key does, any number of passes may run at once, and each may end at any moment: the next one goes on
 * where it came to.
 * @returns bytes written; undefined when there was nothing to do, or it was stopped before it had written any
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
  if (plan === undefined) return await mergeAlike(services, segments, rules, isLate);
  try {
    const mapped = await mapKeys(services, rows, plan, isLate);
    if (mapped === undefined) return undefined;
    const sieve = new Sieve(mapped.keys, services.compression);
    const pass = new Pass(services, segments, rules, { from: plan.from, to: mapped.to }, sieve);
    const isDone = await pass.run(mapped.keys.size > 0, isLate);
    return isDone || pass.bytes > 0 ? pass.bytes : undefined;
  } catch (reason) {
    // Replaced or expired while it was read.
    if (reason instanceof SegmentGone) return undefined;
    throw reason;
  }
}

/** Merges segments that compaction sees alike, so that none of their state gets worse. */
async function mergeAlike(
  services: StrataServices,
  segments: PartitionSegments,
  rules: MergeRules,
  isLate: () => boolean,
): Promise<number | undefined> {
  let run: SegmentRow[] = [];
  const isClean = ({ cleanedTo, next }: SegmentRow): boolean => cleanedTo >= next;
  for (const row of [...segments.rows, undefined]) {
    const [first] = run;
    if (row !== undefined && (first === undefined || (isClean(first) === isClean(row) && areAlike([...run, row].map(tombstonesOf))))) {
      run.push(row);
      continue;
    }
    const bytes = await mergeOnce(services, { ...segments, rows: run }, rules, isLate);
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
  /** Whether it certainly loses nothing, so that it need not be read. */
  readonly isKnown: boolean;
}

/** What a segment has for this pass. */
interface Verdict {
  readonly isChanged: boolean;
  /** Of one that is not changed. */
  readonly hasTombstones: boolean;
}

/** Neighbours that become one segment. */
interface Group {
  readonly rows: Visited[];
  hasTombstones: boolean;
}

class Pass {
  readonly #services: StrataServices;
  readonly #segments: PartitionSegments;
  readonly #rules: CompactRules;
  readonly #plan: CompactionPlan;
  readonly #sieve: Sieve;
  readonly #nowMs: number;
  readonly #verdicts = new Map<Visited, Verdict>();
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
    const rows = this.#segments.rows.filter(({ baseOffset }) => baseOffset < this.#plan.to).map((row) => this.#visit(row, hasKeys));
    for (let nth = 0; nth < rows.length; ) {
      const row = rows[nth] as Visited;
      if (isLate()) return false;
      if (row.isKnown) {
        nth++;
        continue;
      }
      const verdict = await this.#judge(row, isLate);
      if (verdict === undefined) return false;
      const taken = verdict.isChanged ? await this.#rewrite(rows.slice(nth), isLate) : await this.#mark(row, verdict.hasTombstones);
      if (taken === 0) return false;
      nth += taken;
    }
    return true;
  }

  #visit(row: SegmentRow, hasKeys: boolean): Visited {
    const { from, to } = this.#plan;
    const isClean = row.next <= from;
    const dropsTombstones = isClean && areTombstonesDue(row, this.#rules, this.#nowMs);
    const isKnown = !dropsTombstones && (row.cleanedTo >= to || (isClean && !hasKeys));
    const keptMs = isClean ? row.tombstonesMs : Math.max(row.tombstonesMs, tombstonesSince(this.#nowMs, this.#rules));
    return { ...row, dropsTombstones, tombstonesSinceMs: dropsTombstones ? 0 : keptMs, isWhole: row.next <= to, isKnown };
  }

  /** Whether a segment loses anything: that is found out before it is written, since most of what is old loses nothing. @returns undefined when there was no time */
  async #judge(row: Visited, isLate: () => boolean): Promise<Verdict | undefined> {
    const known = this.#verdicts.get(row);
    if (known !== undefined) return known;
    const before = this.#sieve.tombstones;
    let isChanged = false;
    for await (const batches of batchesOf(this.#services.engine.objects, [row])) {
      if (isLate()) return undefined;
      isChanged = this.#sieve.takesAny(batches, row);
      if (isChanged) break;
    }
    const verdict = { isChanged, hasTombstones: !isChanged && this.#sieve.tombstones > before };
    this.#verdicts.set(row, verdict);
    return verdict;
  }

  /**
   * Makes one segment of what is left of the first one, which loses something, and of those after it that do, too, and fit: as many as there is time for.
   * @returns how many; 0: it was stopped
   */
  async #rewrite(rows: readonly Visited[], isLate: () => boolean): Promise<number> {
    const { objects } = this.#services.engine;
    const group: Group = { rows: [], hasTombstones: false };
    const bytes = await replaceSegments(this.#services, this.#segments, rows[0]?.baseOffset ?? 0, async (key, baseOffset) => {
      const batches = this.#retained(rows, group, isLate);
      const written = await writeSegment(objects, key, baseOffset, batches, () => group.rows.at(-1)?.next ?? baseOffset);
      const value = {
        ...segmentValueOf(key, written, group.rows.at(-1)?.reachedMs ?? -1),
        cleanedTo: Math.min(...group.rows.map(({ cleanedTo }) => Math.max(cleanedTo, this.#plan.to))),
        tombstonesMs: group.hasTombstones ? Math.max(...group.rows.map(({ tombstonesSinceMs }) => tombstonesSinceMs)) : 0,
      };
      return { value, rows: group.rows };
    });
    if (bytes === undefined) return 0;
    this.bytes += bytes;
    return group.rows.length;
  }

  /** The batches that are left of segments, of which it puts into the group what it takes. @throws OutOfTime */
  async *#retained(rows: readonly Visited[], group: Group, isLate: () => boolean): AsyncGenerator<Uint8Array, void, undefined> {
    const { objects } = this.#services.engine;
    const isPastHalf = pastPart(this.#services, 2);
    for (const row of rows) {
      if (group.rows.length > 0 && !(await this.#joins(group, row, isPastHalf))) return;
      group.rows.push(row);
      for await (const piece of inTime(batchesOf(objects, [row]), isLate)) {
        const before = this.#sieve.tombstones;
        const kept = this.#sieve.retained(piece, row);
        if (this.#sieve.tombstones > before) group.hasTombstones = true;
        if (kept.length > 0) yield kept;
      }
    }
  }

  async #joins(group: Group, row: Visited, isLate: () => boolean): Promise<boolean> {
    if (row.isKnown || isLate() || !fitsGroup(group.rows, row, this.#rules)) return false;
    return (await this.#judge(row, isLate))?.isChanged === true;
  }

  /** Says of a segment that it was gone over: its object stays. @returns 0: it was stopped */
  async #mark(row: Visited, hasTombstones: boolean): Promise<0 | 1> {
    const { topicId, partition } = this.#segments;
    const cleanedTo = Math.max(row.cleanedTo, this.#plan.to);
    const tombstonesMs = hasTombstones ? row.tombstonesSinceMs : 0;
    if (cleanedTo === row.cleanedTo && tombstonesMs === row.tombstonesMs) return 1;
    const put = segmentValue({ ...row, cleanedTo, tombstonesMs });
    const key = segmentKey(topicId, partition, row.baseOffset);
    return (await transactIf(this.#services.engine.catalog, [topicLives(topicId), { key, put, if: row.version }])) ? 1 : 0;
  }
}
