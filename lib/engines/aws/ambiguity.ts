import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ShardKey } from "../../ports/journal.ts";
import type { Heads } from "./heads.ts";
import type { Head, PlacedEntry } from "./items/head.ts";
import { n } from "./items/values.ts";
import { headKey } from "./keys.ts";
import type { Pages } from "./pages.ts";
import { Attempts, faultOf, repeat, type Context } from "./context.ts";

/**
 * Finds out what became of a commit that got no clear answer (P5). It may still be on its way, so a read that does not show it proves nothing: first the
 * head's epoch, which the commit's condition names, is raised. From then on it can never be done, and what the log shows is final. No clock is needed.
 */
export class Ambiguity {
  readonly #context: Context;
  readonly #heads: Heads;
  readonly #pages: Pages;

  constructor(context: Context, heads: Heads, pages: Pages) {
    this.#context = context;
    this.#heads = heads;
    this.#pages = pages;
  }

  /**
   * @param before the head that the commit was made for
   * @returns its entries where they are in the log, none when they certainly are not, and the head as of then
   * @throws LogError, its outcome unknown, when it cannot be found out
   */
  async settle(
    shard: ShardKey,
    before: Head,
    payloadId: string,
  ): Promise<{ readonly head: Head; readonly entries: readonly PlacedEntry[] }> {
    try {
      const head = await this.#fence(shard, before.epoch);
      return { head, entries: await this.find(shard, head, before.seq, payloadId) };
    } catch (reason) {
      throw unknown(reason);
    }
  }

  /** Entries of a payload, in their order, among all from a number on. @throws LogError when some of those cannot be seen */
  async find(shard: ShardKey, head: Head, fromSeq: number, payloadId: string): Promise<readonly PlacedEntry[]> {
    const found: PlacedEntry[] = [];
    for (let seq = fromSeq; seq < head.tailSeq; ) {
      const pages = await this.#pages.from(shard, seq, { high: head.tailSeq, count: limits.awsPagesQueryMax });
      const last = pages.at(-1);
      if (last === undefined) throw new LogError("unavailable", `Entry ${seq} was trimmed before it could be looked at.`);
      for (const { entries } of pages) {
        for (const entry of entries) {
          if (entry.seq < seq || entry.seq >= head.tailSeq) continue;
          if (entry.stored.payload.id === payloadId) found.push(entry);
          seq = entry.seq + 1;
        }
      }
    }
    // A roll may have left the last of them in the tail.
    return [...found, ...head.tail().filter(({ stored, seq }) => seq >= fromSeq && stored.payload.id === payloadId)];
  }

  async #fence(shard: ShardKey, epoch: number): Promise<Head> {
    const attempts = new Attempts(this.#context);
    const change = {
      update: "SET ep = ep + :one",
      condition: "st = :open AND ep = :ep",
      values: { ":one": n(1), ":ep": n(epoch), ":open": { S: "open" } },
    };
    for (;;) {
      try {
        return this.#heads.learn(shard, await this.#context.table.update(headKey(shard), change));
      } catch (reason) {
        const fault = faultOf(reason);
        if (fault.kind === "condition") return this.#heads.learn(shard, fault.item);
        await attempts.again(fault);
        const head = await repeat(this.#context, () => this.#context.table.get(headKey(shard)));
        const seen = this.#heads.learn(shard, head);
        if (seen.epoch > epoch) return seen;
      }
    }
  }
}

/** The same error, told as one after which nobody knows whether it was done. */
export function unknown(reason: unknown): LogError {
  const { code, message, retryAfterMs } = LogError.from(reason);
  return new LogError(code === "unavailable" || code === "throttled" ? "timeout" : code, message, {
    outcome: "unknown",
    cause: reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The same error of a step before anything was committed: it leaves the append certainly not applied. A producer's forgotten step may have been, long ago. */
export function notApplied(reason: unknown): LogError {
  const error = LogError.from(reason);
  if (error.outcome === "not-applied" || error.code === "out_of_order_sequence") return error;
  const { code, message, retryAfterMs, details } = error;
  return new LogError(code === "timeout" ? "unavailable" : code, message, {
    details,
    cause: reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Waits for a step before anything is committed. @throws LogError, certainly not applied */
export async function preparing<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (reason) {
    throw notApplied(reason);
  }
}
