import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Consumer } from "../../log/consumers/consumers.ts";
import type { Log } from "../../log/log.ts";
import type { Bell } from "./bell.ts";
import { ConsumerRuns, type RunsParts } from "./consumer-runs.ts";
import { TopicWatch } from "./topic-watch.ts";

export interface DeliverOptions extends Omit<RunsParts, "log" | "carrier"> {
  /** Ends it: waits at once, calls that run when they are done. */
  readonly signal: AbortSignal;
  /** Rung when a consumer, a topic or a group's offsets were changed. What nobody rings for is found within `limits.localSweepMs`. */
  readonly bell: Bell;
  /** Groups whose function was mended: what of them waits to be tried again is tried at once, and the group is taken out. Whoever adds one rings the bell. */
  readonly mended?: Set<string>;
  /** Told of what becomes of consumers that are delivered here, once it is noticed. */
  readonly onChange?: (group: string, change: ConsumerChange) => void;
  /** Which consumers are delivered here. Default: those whose target is `local:` and a name. */
  readonly isOurs?: (consumer: Consumer) => boolean;
}

export type ConsumerChange = "paused" | "resumed" | "gone";

/**
 * Runs triggered consumers for as long as the server does: what is appended is delivered at once, what is changed takes effect at once. While nothing arrives it waits: once in
 * `limits.localSweepMs` it reads which consumers there are and compares their offsets with the ends of their topics, and that is all. Resolves when the signal has ended it.
 */
export async function deliverInBackground(log: Log, carrier: RunsParts["carrier"], options: DeliverOptions): Promise<void> {
  await new Background(log, carrier, options).run();
}

class Background {
  readonly #log: Log;
  readonly #carrier: RunsParts["carrier"];
  readonly #options: DeliverOptions;
  readonly #runs = new Map<string, ConsumerRuns>();
  /** Whether each consumer was enabled at the last look. */
  #known: ReadonlyMap<string, boolean> = new Map();
  readonly #watches = new Map<string, { readonly watch: TopicWatch; readonly stop: AbortController }>();
  /** Of consumers that were ended before the server is. */
  readonly #ending = new Set<Promise<void>>();

  constructor(log: Log, carrier: RunsParts["carrier"], options: DeliverOptions) {
    this.#log = log;
    this.#carrier = carrier;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal, bell, reportFault } = this.#options;
    for (;;) {
      let waitMs: number = limits.localSweepMs;
      try {
        await this.#look();
      } catch (reason) {
        const error = LogError.from(reason);
        if (!signal.aborted && (error.code === "internal" || error.code === "corrupt_log")) reportFault(error);
        waitMs = limits.localFaultPauseMs;
      }
      await bell.wait(waitMs, signal);
      if (signal.aborted) break;
    }
    for (const { stop } of this.#watches.values()) stop.abort();
    for (const group of this.#runs.keys()) this.#end(group);
    await Promise.all(this.#ending);
  }

  async #look(): Promise<void> {
    const consumers = new Map<string, Consumer>();
    const known = new Map<string, boolean>();
    for await (const consumer of this.#ours()) {
      known.set(consumer.group, consumer.enabled);
      if (consumer.enabled) consumers.set(consumer.group, consumer);
    }
    this.#tellChanges(known);
    for (const group of this.#runs.keys()) if (!consumers.has(group)) this.#end(group);
    for (const consumer of consumers.values()) this.#take(consumer);
    await this.#retryMended();
    await this.#watchTopics(new Set([...consumers.values()].map(({ topic }) => topic)));
    if (consumers.size === 0) return;
    // Looked for after the watches have begun: what is appended from then on they tell.
    const failures: unknown[] = [];
    for (const { group, topic, partition } of await this.#log.consumers.pending(undefined, (_, reason) => void failures.push(reason))) {
      const runs = this.#runs.get(group);
      if (runs?.consumer.topic === topic) runs.start(partition, true);
    }
    if (failures.length > 0) throw failures[0];
  }

  #tellChanges(known: ReadonlyMap<string, boolean>): void {
    const before = this.#known;
    this.#known = known;
    for (const [group, wasEnabled] of before) {
      const isEnabled = known.get(group);
      if (isEnabled === wasEnabled) continue;
      this.#options.onChange?.(group, isEnabled === undefined ? "gone" : isEnabled ? "resumed" : "paused");
    }
  }

  async *#ours(): AsyncGenerator<Consumer> {
    const { isOurs = ({ target }: Consumer) => target.startsWith("local:") } = this.#options;
    for (let after: string | undefined; ; ) {
      const page = await this.#log.consumers.list({ limit: limits.listLimitDefault, ...(after !== undefined && { after }) });
      for (const consumer of page) if (isOurs(consumer)) yield consumer;
      after = page.at(-1)?.group;
      if (after === undefined || page.length < limits.listLimitDefault) return;
    }
  }

  #take(consumer: Consumer): void {
    const runs = this.#runs.get(consumer.group);
    // One that was removed and made anew has a version that was there before.
    if (runs !== undefined && (runs.consumer.version !== consumer.version || runs.consumer.createdMs !== consumer.createdMs)) {
      runs.change(consumer);
    }
    if (runs !== undefined) return;
    this.#runs.set(consumer.group, new ConsumerRuns({ ...this.#options, log: this.#log, carrier: this.#carrier }, consumer));
  }

  async #retryMended(): Promise<void> {
    const { mended = new Set<string>() } = this.#options;
    for (const group of mended) {
      const runs = this.#runs.get(group);
      // One that is paused has its waits forgotten when it is resumed.
      if (runs !== undefined) await this.#log.consumers.retryNow(group);
      mended.delete(group);
      runs?.retry();
    }
  }

  #end(group: string): void {
    const ended = this.#runs.get(group)?.end() ?? Promise.resolve();
    this.#runs.delete(group);
    const ending = ended.finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  async #watchTopics(topics: ReadonlySet<string>): Promise<void> {
    for (const [topic, { watch, stop }] of this.#watches) {
      if (topics.has(topic) && !watch.isOver) continue;
      stop.abort();
      this.#watches.delete(topic);
    }
    for (const topic of topics) {
      if (this.#watches.has(topic)) continue;
      const stop = new AbortController();
      const moved = (partitions: readonly number[]): void => this.#moved(topic, partitions);
      try {
        const watch = await TopicWatch.begin(this.#log, topic, { signal: stop.signal, moved });
        if (watch !== undefined) this.#watches.set(topic, { watch, stop });
      } finally {
        if (!this.#watches.has(topic)) stop.abort();
      }
    }
  }

  #moved(topic: string, partitions: readonly number[]): void {
    for (const runs of this.#runs.values()) {
      if (runs.consumer.topic === topic) for (const partition of partitions) runs.start(partition);
    }
  }
}
