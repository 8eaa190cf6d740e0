import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import type { ShardKey } from "../../ports/journal.ts";
import type { Heads } from "./heads.ts";
import { type Head, tailBases } from "./items/head.ts";
import { encodeTimestamps } from "./items/timestamps.ts";
import { decodePage, encodePage } from "./items/page.ts";
import { stateName, type StoredState } from "./items/producer-state.ts";
import { encodeSpilled, onlyForward } from "./items/spilled-producer.ts";
import { n, readBytes } from "./items/values.ts";
import { headKey } from "./keys.ts";
import type { Pages } from "./pages.ts";
import { asLogError, type Attempts, faultOf, newId, repeat, type Context } from "./context.ts";
import { type Change, type Item, StoreFault } from "./table.ts";
import type { Tuning } from "./tuning.ts";

/**
 * Rolls a head's tail into a page (P6), by plain writes, so that no commit ever meets a transaction: the page, the states of producers that leave the
 * head, then the head. Each of them is durable before the next is sent; stopping in between leaves a page that nobody needs.
 */
export class Roller {
  readonly #context: Context;
  readonly #heads: Heads;
  readonly #pages: Pages;

  constructor(context: Context, heads: Heads, pages: Pages) {
    this.#context = context;
    this.#heads = heads;
    this.#pages = pages;
  }

  /**
   * @returns the head after the roll, or as another writer left it when that one was faster
   * @throws LogError
   */
  async roll(shard: ShardKey, head: Head): Promise<Head> {
    if (head.tailEntries === 0) return head;
    // The newest entry stays: who follows the log finds it without looking for a page.
    const count = Math.max(1, head.tailEntries - 1);
    const page = encodePage(shard, {
      firstSeq: head.tailSeq,
      rollId: newId(this.#context),
      bases: tailBases(head),
      maxTimestampsMs: maxTimestampsAfter(head, count),
      refs: head.rawTail.slice(0, count),
    });
    const evicted = idleStates(head, this.#context.tuning);
    // The same bytes under a key of its own: twice is once.
    const paged = repeat(this.#context, () => this.#context.table.put(page));
    await Promise.all([paged, mapBounded(evicted, limits.awsReadsAtOnceMax, (state) => this.#spill(shard, state))]);
    const { head: rolled, isOwn } = await this.#take(shard, head, count, evicted);
    this.#pages.learn(shard, decodePage(page));
    // Others went on meanwhile: this roller has the newest head, and whoever crosses the next line would only begin later.
    const again = isOwn && rolled.tailEntries >= this.#context.tuning.rollEntries;
    return again ? await this.roll(shard, rolled) : rolled;
  }

  /** The head with room for more entries: a full one is rolled by whoever meets it. @throws LogError, throttled when it stays full */
  async withRoom(shard: ShardKey, head: Head, entries: number, attempts: Attempts): Promise<Head> {
    const { tuning } = this.#context;
    if (hasRoom(head, entries, tuning)) return head;
    // Whoever crossed the line is rolling it: all who wait for that at once would only get in each other's way.
    await attempts.again(new StoreFault("throttled", "the shard's head is full"));
    const later = await this.#heads.read(shard);
    return hasRoom(later, entries, tuning) ? later : await this.roll(shard, later);
  }

  /** @returns the head after it, and whether this roller's request is known to have changed it */
  async #take(
    shard: ShardKey,
    head: Head,
    count: number,
    evicted: readonly StoredState[],
  ): Promise<{ readonly head: Head; readonly isOwn: boolean }> {
    const change = rollChange(head, count, evicted);
    try {
      const item = await this.#context.table.update(headKey(shard), change);
      this.#context.telemetry?.count("Rolls", 1);
      return { head: this.#heads.learn(shard, item), isOwn: true };
    } catch (reason) {
      const fault = faultOf(reason);
      if (fault.kind === "refused") throw asLogError(fault);
      return { head: this.#heads.learn(shard, await this.#after(shard, fault)), isOwn: false };
    }
  }

  /** The head, whatever became of the request: what it would change depends on `gen`, which only moves forward. */
  async #after(shard: ShardKey, fault: StoreFault): Promise<Item | undefined> {
    if (fault.kind === "condition") return fault.item;
    return await repeat(this.#context, () => this.#context.table.get(headKey(shard)));
  }

  async #spill(shard: ShardKey, state: StoredState): Promise<void> {
    try {
      await repeat(this.#context, () => this.#context.table.put(encodeSpilled(shard, state), onlyForward(state)));
    } catch (reason) {
      // A later state, or this very one, is there.
      if (faultOf(reason).kind !== "condition") throw reason;
    }
  }
}

/** Each partition's largest timestamp up to some entries of the tail. */
function maxTimestampsAfter(head: Head, count: number): readonly number[] {
  const largest = [...head.maxTimestampsMs];
  for (const { stored } of head.tail().slice(0, count)) {
    for (const { index, maxTimestampMs } of stored.parts) largest[index] = Math.max(largest[index] ?? -1, maxTimestampMs);
  }
  return largest;
}

function hasRoom(head: Head, entries: number, { tailEntriesMax, tailBytesMax, headStatesMax }: Tuning): boolean {
  return head.tailEntries + entries <= tailEntriesMax && head.tailBytes <= tailBytesMax / 2 && head.stateCount <= headStatesMax / 2;
}

function rollChange(head: Head, count: number, evicted: readonly StoredState[]): Change {
  const rolled = head.rawTail.slice(0, count);
  const bytes = rolled.reduce((sum, ref) => sum + readBytes(ref, "an entry of a tail").length, 0);
  const removals = [...rolled.keys()].map((nth) => `tail[${nth}]`);
  const conditions = ["gen = :g", "tseq = :t", "size(tail) >= :k"];
  const names: Record<string, string> = {};
  const values: Record<string, { readonly B: Uint8Array }> = {};
  for (const [nth, { producerId, index, fact }] of evicted.entries()) {
    names[`#s${nth}`] = stateName(producerId, index);
    values[`:c${nth}`] = { B: fact };
    removals.push(`p.#s${nth}`);
    conditions.push(`p.#s${nth}[0] = :c${nth}`);
  }
  return {
    update: `SET gen = gen + :one, tseq = tseq + :k, tsz = tsz - :z, mx = :mx REMOVE ${removals.join(", ")}`,
    condition: conditions.join(" AND "),
    ...(evicted.length === 0 ? {} : { names }),
    values: {
      ":one": n(1),
      ":k": n(count),
      ":z": n(bytes),
      ":g": n(head.gen),
      ":t": n(head.tailSeq),
      ":mx": { B: encodeTimestamps(maxTimestampsAfter(head, count)) },
      ...values,
    },
  };
}

/** The states that leave the head: those that were not used for a while, the oldest first, when there are more than a few. */
function idleStates(head: Head, tuning: Tuning): readonly StoredState[] {
  const surplus = head.stateCount - tuning.idleStatesKept;
  if (surplus <= 0) return [];
  const states = head.stateNames().flatMap((name) => head.state(name) ?? []);
  // Keeping one costs little, bringing one back a lot; but when the head is full of states that are all in use, the oldest have to go too.
  const isFull = head.stateCount > tuning.headStatesMax / 2;
  const idle = states.filter(({ seq }) => seq < head.tailSeq - tuning.idleEntries || isFull).sort((a, b) => a.seq - b.seq);
  return idle.slice(0, Math.min(surplus, limits.awsEntryStatesMax));
}

/** Where a roll begins, and where another one does because that did not come through, in multiples of the first line. */
const rollLines = [1, 4, 6];

/** Whether the commit that led to this head is the one that rolls: it brought the tail over a line, and no other commit did. */
export function crossesRoll({ rollEntries, rollBytes }: Tuning, head: Head, entries: number, bytes: number): boolean {
  const crosses = (now: number, added: number, first: number): boolean =>
    rollLines.some((multiple) => now >= multiple * first && now - added < multiple * first);
  return crosses(head.tailEntries, entries, rollEntries) || crosses(head.tailBytes, bytes, rollBytes);
}
