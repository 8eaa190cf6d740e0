import { limits } from "../../../core/limits.ts";
import type { ShardKey } from "../../../ports/journal.ts";
import type { Reclaimed, ReclaimOptions, Upkeep } from "../../../ports/upkeep.ts";
import { faultOf, repeat, type Context } from "../context.ts";
import { decodeHead, type Head } from "../items/head.ts";
import { decodePage } from "../items/page.ts";
import { decodeStart } from "../items/start.ts";
import { decodeUpkeep, encodeUpkeep, onlyOnward, type UpkeepState } from "../items/upkeep-state.ts";
import {
  headKey,
  payloadIdPrefixes,
  pagesFrom,
  pagesPk,
  payloadObjectsPrefix,
  readPayloadObjectKey,
  shardName,
  startKey,
} from "../keys.ts";
import { freeClosed } from "./closed.ts";
import { epochsToLookAt, hourOf, lastEpoch } from "./epochs.ts";
import { keyOf } from "./freeing.ts";
import { Round } from "./round.ts";
import { storedItems, type Suspects } from "./suspects.ts";
import { freeTrimmed } from "./trimmed.ts";
import { freeUncommitted } from "./uncommitted.ts";

const dayHours = 24;

/** The port over one table and one bucket. A shard with nothing to free costs two strong reads and at most one query. */
export class AwsUpkeep implements Upkeep {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async reclaim(shard: ShardKey, options: ReclaimOptions): Promise<Reclaimed> {
    const context = this.#context;
    const round = new Round(options);
    if (round.isOver) return round.result(false);
    // The head before the start, which is at most where the head ends.
    const item = await repeat(context, () => context.table.get(headKey(shard)));
    if (item === undefined) return round.result(true);
    const head = decodeHead(item);
    const { startSeq, state } = await this.#readStart(shard);
    if (head === undefined) return round.result(await freeClosed({ context, shard, item, state, round }));
    const last = lastEpoch(context.clock.nowMs(), options.graceMs);
    const isThorough = Math.floor(state.epoch / dayHours) < Math.floor(last / dayHours);
    const trimmed = await freeTrimmed({ context, shard, head, startSeq, state, isThorough, round });
    if (trimmed === undefined) return round.result(false);
    const isJudged = await this.#freeItems({ shard, head, startSeq, state, last, round });
    // The hour that runs may still get more.
    const epoch = isJudged ? Math.max(state.epoch, Math.min(last, hourOf(context.clock.nowMs()) - 1)) : state.epoch;
    await this.#remember(shard, state, { ...trimmed, epoch }, round);
    return round.result(isJudged);
  }

  /** All that is stored is read by the other ports. */
  async verify(): Promise<void> {}

  async sweep(options: ReclaimOptions): Promise<Reclaimed> {
    const round = new Round(options);
    const last = lastEpoch(this.#context.clock.nowMs(), options.graceMs);
    let isComplete = true;
    for await (const shards of this.#storedObjects(last, round)) {
      for (const [, { shard, suspects }] of shards) {
        if (round.isOver) return round.result(false);
        if (!(await freeUncommitted(this.#context, shard, suspects, round))) isComplete = false;
      }
    }
    return round.result(isComplete && !round.isOver);
  }

  async #freeItems(parts: {
    readonly shard: ShardKey;
    readonly head: Head;
    readonly startSeq: number;
    readonly state: UpkeepState;
    readonly last: number;
    readonly round: Round;
  }): Promise<boolean> {
    const { shard, head, startSeq, state, last, round } = parts;
    if (state.epoch >= last) return true;
    const oldest = state.epoch < 0 ? ((await this.#oldestEpoch(shard, head, startSeq)) ?? last) : 0;
    const countMax = this.#context.tuning.epochsBack;
    const epochs = epochsToLookAt({ doneEpoch: state.epoch, oldest, last, countMax });
    for await (const suspects of storedItems(this.#context, shard, epochs)) {
      if (round.isOver || !(await freeUncommitted(this.#context, shard, suspects, round))) return false;
    }
    return true;
  }

  /** The epoch of the first entry that is left: what was stored and not committed before it is taken to be rare. Undefined where there is none. */
  async #oldestEpoch(shard: ShardKey, head: Head, startSeq: number): Promise<number | undefined> {
    if (startSeq >= head.tailSeq) return head.tail()[0]?.stored.payload.fenceEpoch;
    const { table } = this.#context;
    const { items } = await repeat(this.#context, () => table.query({ pk: pagesPk(shard), from: pagesFrom(startSeq), limit: 1 }));
    const entries = items.flatMap((item) => decodePage(item).entries);
    return (entries[0] ?? head.tail()[0])?.stored.payload.fenceEpoch;
  }

  async #readStart(shard: ShardKey): Promise<{ readonly startSeq: number; readonly state: UpkeepState }> {
    const { items } = await repeat(this.#context, () => this.#context.table.query({ pk: startKey(shard).pk, limit: 2 }));
    const named = (sk: string) => items.find((item) => keyOf(item).sk === sk);
    return { startSeq: decodeStart(named("L")).seq, state: decodeUpkeep(named("U")) };
  }

  async #remember(shard: ShardKey, before: UpkeepState, state: UpkeepState, { isDryRun }: Round): Promise<void> {
    const isSame = before.payloadsSeq === state.payloadsSeq && before.pagesSeq === state.pagesSeq && before.epoch === state.epoch;
    if (isSame || isDryRun) return;
    try {
      await repeat(this.#context, () => this.#context.table.put(encodeUpkeep(shard, state), onlyOnward(state)));
    } catch (reason) {
      // Another one has come further.
      if (faultOf(reason).kind !== "condition") throw reason;
    }
  }

  /** Big payloads of the epochs up to one, by shard, in bounded portions. */
  async *#storedObjects(last: number, round: Round): AsyncGenerator<ReadonlyMap<string, Stored>> {
    let found = new Map<string, Stored>();
    let count = 0;
    for (const hex of payloadIdPrefixes) {
      for (let after: string | undefined; !round.isOver; ) {
        const page = { limit: limits.objectsListMax, ...(after !== undefined && { after }) };
        const objects = await repeat(this.#context, () => this.#context.bucket.list(payloadObjectsPrefix(hex), page));
        for (const { key, bytes } of objects) {
          const named = readPayloadObjectKey(key);
          if (named === undefined || named.fenceEpoch > last) continue;
          const { shard, fenceEpoch, id } = named;
          const own = found.get(shardName(shard)) ?? { shard, suspects: new Map() };
          found.set(shardName(shard), own);
          own.suspects.set(id, { place: { id, isObject: true, fenceEpoch }, bytes });
          count++;
        }
        after = objects.at(-1)?.key;
        if (objects.length < limits.objectsListMax) break;
      }
      if (count < limits.awsSuspectsMax) continue;
      yield found;
      found = new Map();
      count = 0;
    }
    yield found;
  }
}

interface Stored {
  readonly shard: ShardKey;
  readonly suspects: Suspects;
}
