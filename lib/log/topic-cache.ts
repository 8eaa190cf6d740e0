import { limits } from "../core/limits.ts";
import { remember } from "../core/remember.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import { unknownTopic } from "./placement.ts";
import { readTopic, topicKey, type VersionedTopic } from "./topic-row.ts";

interface Cached {
  readonly found: VersionedTopic;
  readonly readMs: number;
}

/**
 * Topics as of a moment ago. A stale one is harmless for appends, since the journal's guards refuse what no longer
 * fits; callers `refresh` on such a refusal. Topics that another process made are found at once, as absence is never kept.
 */
export class TopicCache {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #ageMsMax: number;
  readonly #topics = new Map<string, Cached>();

  #forgotten = 0;

  /** @param isShared whether other processes may change topics; else this one's changes, each told by `forget`, are all there are */
  constructor(catalog: Catalog, clock: Clock, isShared: boolean) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#ageMsMax = isShared ? limits.topicCacheMs : Number.POSITIVE_INFINITY;
  }

  /** @throws unknown_topic_or_partition */
  async get(name: string): Promise<VersionedTopic> {
    const cached = this.#topics.get(name);
    const ageMs = cached === undefined ? 0 : this.#clock.nowMs() - cached.readMs;
    if (cached !== undefined && ageMs >= 0 && ageMs < this.#ageMsMax) return cached.found;
    return await this.refresh(name);
  }

  /** Reads the catalog. @throws unknown_topic_or_partition */
  async refresh(name: string): Promise<VersionedTopic> {
    const readMs = this.#clock.nowMs();
    const forgotten = this.#forgotten;
    this.#topics.delete(name);
    const item = await this.#catalog.get(topicKey(name));
    if (item === undefined) throw unknownTopic(name);
    const found = readTopic(item);
    if (forgotten === this.#forgotten) remember(this.#topics, name, { found, readMs }, limits.topicCacheMax);
    return found;
  }

  /** To be called after each change of a topic, however it ended: what was read while it ran is not kept either. */
  forget(name: string): void {
    this.#forgotten++;
    this.#topics.delete(name);
  }
}
