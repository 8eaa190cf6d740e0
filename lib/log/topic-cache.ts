import { limits } from "../core/limits.ts";
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
  readonly #topics = new Map<string, Cached>();

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** @throws unknown_topic_or_partition */
  async get(name: string): Promise<VersionedTopic> {
    const cached = this.#topics.get(name);
    const age = cached === undefined ? Number.POSITIVE_INFINITY : this.#clock.nowMs() - cached.readMs;
    if (cached !== undefined && age >= 0 && age < limits.topicCacheMs) return cached.found;
    return await this.refresh(name);
  }

  /** Reads the catalog. @throws unknown_topic_or_partition */
  async refresh(name: string): Promise<VersionedTopic> {
    const readMs = this.#clock.nowMs();
    this.#topics.delete(name);
    const item = await this.#catalog.get(topicKey(name));
    if (item === undefined) throw unknownTopic(name);
    const found = readTopic(item);
    this.#put(name, { found, readMs });
    return found;
  }

  forget(name: string): void {
    this.#topics.delete(name);
  }

  #put(name: string, cached: Cached): void {
    if (this.#topics.size >= limits.topicCacheMax) {
      const oldest = this.#topics.keys().next();
      if (oldest.done !== true) this.#topics.delete(oldest.value);
    }
    this.#topics.set(name, cached);
  }
}
