import { limits } from "../../core/limits.ts";
import type { Log } from "../../log/log.ts";
import { topicGone } from "../../log/topic-gone.ts";
import { nodeClock } from "../../node/clock.ts";

/** The longest timer. */
const longestMs = 2 ** 31 - 1;

export interface TopicWatchOptions {
  /** Called with partitions that end elsewhere than at the look before. */
  readonly moved: (partitions: readonly number[]) => void;
  readonly signal: AbortSignal;
}

/** Tells which partitions of a topic have moved, however many consumers it has. While nothing is appended it waits, and does nothing. */
export class TopicWatch {
  readonly #log: Log;
  readonly #topic: string;
  readonly #options: TopicWatchOptions;
  #ends: ReadonlyMap<number, number> = new Map();
  #isOver = false;

  private constructor(log: Log, topic: string, options: TopicWatchOptions) {
    this.#log = log;
    this.#topic = topic;
    this.#options = options;
  }

  /** Looks once and tells of what comes after that. @returns undefined when there is no such topic */
  static async begin(log: Log, topic: string, options: TopicWatchOptions): Promise<TopicWatch | undefined> {
    const watch = new TopicWatch(log, topic, options);
    const changed = watch.#listen();
    const ends = await watch.#look();
    if (ends === undefined) return undefined;
    watch.#ends = ends;
    void watch.#run(changed);
    return watch;
  }

  /** Whether it has ended: the topic is gone. */
  get isOver(): boolean {
    return this.#isOver;
  }

  async #run(first: Promise<boolean>): Promise<void> {
    const { moved, signal } = this.#options;
    for (let changed = first; ; ) {
      if (!(await changed)) await nodeClock.sleep(limits.localFaultPauseMs, signal);
      if (signal.aborted) break;
      const begunMs = performance.now();
      // Listens before it looks: what comes between is not missed.
      changed = this.#listen();
      const ends = await this.#look().catch(() => this.#ends);
      if (ends === undefined) break;
      const partitions = [...ends].filter(([partition, end]) => end !== (this.#ends.get(partition) ?? 0)).map(([partition]) => partition);
      this.#ends = ends;
      if (partitions.length > 0) moved(partitions);
      const tookMs = performance.now() - begunMs;
      if (tookMs > limits.localLookMs) await nodeClock.sleep(Math.min(limits.localLookPauseMsMax, limits.localLookPauses * tookMs), signal);
    }
    this.#isOver = true;
  }

  /** Resolves at the next change; with false when it cannot listen. */
  #listen(): Promise<boolean> {
    return this.#log.changed(this.#topic, longestMs, this.#options.signal).then(
      () => true,
      () => false,
    );
  }

  /** Where each partition ends; undefined when the topic is gone. */
  async #look(): Promise<ReadonlyMap<number, number> | undefined> {
    const marks = await this.#log.watermarks(this.#topic).catch(topicGone);
    return marks && new Map(marks.map(({ partition, highWatermark }) => [partition, highWatermark]));
  }
}
