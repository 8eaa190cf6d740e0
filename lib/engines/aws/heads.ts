import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { decodeHead, type Head } from "./items/head.ts";
import { decodeStart, type Start } from "./items/start.ts";
import { headKey, shardName, startKey } from "./keys.ts";
import { repeat, type Context } from "./context.ts";
import type { Item } from "./table.ts";

interface Known<T> {
  readonly value: T;
  readonly readMs: number;
}

/** Shards' heads and starts, read or remembered. What is remembered was true a moment ago; writes are guarded by conditions, not by it. */
export class Heads {
  readonly #context: Context;
  readonly #heads = new Map<string, Known<Head>>();
  readonly #starts = new Map<string, Known<Start>>();
  readonly #unsent = new Map<string, Promise<Head>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** By a strongly consistent read, which all share who ask before it is sent. @throws unknown_topic_or_partition */
  async read(shard: ShardKey): Promise<Head> {
    const name = shardName(shard);
    const unsent = this.#unsent.get(name);
    if (unsent !== undefined) return await unsent;
    const read = Promise.resolve().then(async () => {
      this.#unsent.delete(name);
      return this.learn(shard, await repeat(this.#context, () => this.#context.table.get(headKey(shard))));
    });
    this.#unsent.set(name, read);
    return await read;
  }

  /** As last seen in this process. */
  known(shard: ShardKey): Head | undefined {
    return this.#heads.get(shardName(shard))?.value;
  }

  /** As seen in this process a moment ago; undefined when it was not. */
  seenLately(shard: ShardKey): Head | undefined {
    const known = this.#heads.get(shardName(shard));
    return known !== undefined && this.#ageMs(known) < limits.awsHeadCacheMs ? known.value : undefined;
  }

  /** Takes in a head that a strong read, a commit or a failed condition has shown. @throws unknown_topic_or_partition when it is closed or not there */
  learn(shard: ShardKey, item: Item | undefined): Head {
    const name = shardName(shard);
    const head = item === undefined ? undefined : decodeHead(item);
    if (head === undefined) {
      this.#heads.delete(name);
      throw shardGone(shard);
    }
    const known = this.#heads.get(name)?.value;
    const isNewer = known === undefined || head.seq > known.seq || (head.seq === known.seq && versionOf(head) >= versionOf(known));
    if (isNewer) remember(this.#heads, name, { value: head, readMs: this.#context.clock.nowMs() }, limits.awsHeadsCachedMax);
    return head;
  }

  forget(shard: ShardKey): void {
    this.#heads.delete(shardName(shard));
    this.#starts.delete(shardName(shard));
  }

  /** Where the journal starts, as known for a few seconds at most: an older start is only found out by reading what is gone. */
  async start(shard: ShardKey): Promise<Start> {
    const known = this.#starts.get(shardName(shard));
    if (known !== undefined && this.#ageMs(known) < limits.awsStartCacheMs) return known.value;
    return await this.#readStart(shard, true);
  }

  /** By a strongly consistent read. */
  async freshStart(shard: ShardKey): Promise<Start> {
    return await this.#readStart(shard, false);
  }

  learnStart(shard: ShardKey, start: Start): void {
    const name = shardName(shard);
    const known = this.#starts.get(name)?.value;
    if (known !== undefined && known.seq > start.seq) return;
    remember(this.#starts, name, { value: start, readMs: this.#context.clock.nowMs() }, limits.awsHeadsCachedMax);
  }

  async #readStart(shard: ShardKey, isEventual: boolean): Promise<Start> {
    const item = await repeat(this.#context, () => this.#context.table.get(startKey(shard), { isEventual }));
    this.learnStart(shard, decodeStart(item));
    return this.#starts.get(shardName(shard))?.value ?? decodeStart(item);
  }

  #ageMs({ readMs }: Known<unknown>): number {
    const ageMs = this.#context.clock.nowMs() - readMs;
    return ageMs < 0 ? Number.POSITIVE_INFINITY : ageMs;
  }
}

/** What else rises in a head. */
function versionOf({ gen, epoch, fence, layout, highWatermarks }: Head): number {
  return gen + epoch + fence + layout + highWatermarks.length;
}

export function shardGone({ topicId, shard }: ShardKey): LogError {
  return new LogError(
    "unknown_topic_or_partition",
    `There is no shard ${shard} of topic ${topicId}: it was never opened, or it was closed.`,
  );
}
