import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { Catalog } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Engine } from "../../ports/engine.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { transactIf } from "../transact-if.ts";
import { type Frontier, frontierKey, type FrontierValue, frontierWrite, readFrontier } from "./frontier.ts";
import { topicLives } from "./topic-ids.ts";

interface Known {
  readonly frontier: Frontier;
  readonly readMs: number;
}

/**
 * Shards' frontiers as of a moment ago. An older one is harmless: it says that a record is in the journal which no longer is, or is there which was deleted;
 * who meets that reads it `fresh`.
 */
export class Frontiers {
  static readonly #byEngine = new WeakMap<Engine, Frontiers>();
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #ageMsMax: number;
  readonly #known = new Map<string, Known>();
  #forgotten = 0;

  /** The frontiers of an engine: one for all that use it in this process, so that what the janitor moves is seen at once. */
  static of(engine: Engine, clock: Clock): Frontiers {
    const known = Frontiers.#byEngine.get(engine);
    if (known !== undefined) return known;
    const made = new Frontiers(engine.catalog, clock, engine.isShared);
    Frontiers.#byEngine.set(engine, made);
    return made;
  }

  /** @param isShared whether other processes may move frontiers; else this one's changes, each told by `forget`, are all there are */
  constructor(catalog: Catalog, clock: Clock, isShared: boolean) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#ageMsMax = isShared ? limits.frontierCacheMs : Number.POSITIVE_INFINITY;
  }

  async get(shard: ShardKey): Promise<Frontier> {
    const known = this.#known.get(nameOf(shard));
    const ageMs = known === undefined ? 0 : this.#clock.nowMs() - known.readMs;
    if (known !== undefined && ageMs >= 0 && ageMs < this.#ageMsMax) return known.frontier;
    return await this.fresh(shard);
  }

  /** By a strongly consistent read. */
  async fresh(shard: ShardKey): Promise<Frontier> {
    const readMs = this.#clock.nowMs();
    const forgotten = this.#forgotten;
    const frontier = readFrontier(await this.#catalog.get(frontierKey(shard)));
    if (forgotten === this.#forgotten) this.#put(nameOf(shard), { frontier, readMs });
    return frontier;
  }

  /** To be called after each change, however it ended. */
  forget(shard: ShardKey): void {
    this.#forgotten++;
    this.#known.delete(nameOf(shard));
  }

  /**
   * Moves a shard's frontier, if it still is as it was and its topic lives.
   * @returns the frontier as it is then; undefined when others have moved it, or the topic is gone
   */
  async move(shard: ShardKey, before: Frontier, next: FrontierValue): Promise<Frontier | undefined> {
    try {
      const isDone = await transactIf(this.#catalog, [topicLives(shard.topicId), frontierWrite(shard, before, next)]);
      return isDone ? { ...next, version: before.version + 1 } : undefined;
    } finally {
      this.forget(shard);
    }
  }

  #put(name: string, known: Known): void {
    const before = this.#known.get(name);
    // Two reads may end in the other order.
    if (before !== undefined && before.frontier.version > known.frontier.version) return;
    remember(this.#known, name, known, limits.frontiersCachedMax);
  }
}

function nameOf({ topicId, shard }: ShardKey): string {
  return `${topicId}/${shard}`;
}
