import { LogError } from "../core/errors.ts";
import type { TopicDetailBody } from "../http/wire.ts";
import { backoffMs, isPassing } from "./backoff.ts";
import { consumerPage, consumerSettings } from "./consumer-options.ts";
import type { ConsumeOptions, ConsumerSettings } from "./consumer-options.ts";
import { Feed } from "./feed.ts";
import { Queue } from "./queue.ts";
import { fetchSizedPage } from "./read.ts";
import type { FetchedPage } from "./read.ts";
import { Stalls } from "./stalls.ts";
import type { Transport } from "./transport.ts";
import type { ConsumedRecord, Format, Position } from "./types.ts";

/** One partition's reader. */
interface Reader {
  readonly partition: number;
  /** Where the next page starts: as asked for until the first answer, from then on an offset. */
  position: Position;
  /** Where it stops, when the consumer reads until the end. */
  readonly end: number | undefined;
  failures: number;
}

/** How often watermarks are looked at while many partitions are idle: from `first`, doubling while nothing happens. */
const watchMs = { first: 10, most: 500 } as const;

/**
 * The records of a topic as an async iterator: each partition in order, none skipped, none twice, across lost connections and
 * restarts of the server. Few partitions are long-polled each; many are watched by one request for their watermarks.
 */
export class Consumer<F extends Format> implements AsyncIterableIterator<ConsumedRecord<F>, undefined> {
  readonly #transport: Transport;
  readonly #settings: ConsumerSettings<F>;
  readonly #feed: Feed<ConsumedRecord<F>>;
  readonly #stop = new AbortController();
  readonly #readers = new Map<number, Reader>();
  readonly #ready = new Queue<Reader>();
  readonly #idle = new Set<Reader>();
  readonly #stalls: Stalls;
  readonly #unbind: () => void;
  #started = false;
  #inFlight = 0;
  #unfinished = 0;
  #topicId: string | undefined;
  #failingSinceMs: number | undefined;

  constructor(transport: Transport, options: ConsumeOptions<F>) {
    this.#transport = transport;
    this.#settings = consumerSettings(options);
    this.#feed = new Feed(() => this.#pump());
    this.#stalls = new Stalls(options, this.#stop.signal, (error) => this.#fail(error));
    const { signal } = options;
    const onAbort = () => this.close();
    signal?.addEventListener("abort", onAbort);
    this.#unbind = () => signal?.removeEventListener("abort", onAbort);
    if (signal?.aborted === true) this.close();
  }

  /** @throws unknown_topic_or_partition, offset_out_of_range, corrupt_log, … once, after the records before it; then it is done */
  next(): Promise<IteratorResult<ConsumedRecord<F>, undefined>> {
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    return this.#feed.next();
  }

  return(): Promise<IteratorResult<ConsumedRecord<F>, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Ends the iteration and its requests. */
  close(): void {
    this.#started = true;
    this.#halt();
    this.#feed.clear();
  }

  #halt(): void {
    this.#stop.abort();
    this.#unbind();
  }

  /** Reads what the topic is, sets the readers off, and then watches for more partitions. Never rejects. */
  async #run(): Promise<void> {
    try {
      this.#see(await this.#topic());
      this.#pump();
      const { clock } = this.#transport;
      const { metadataMaxAgeMs } = this.#settings;
      let waitMs: number = watchMs.first;
      let lookedMs = clock.nowMs();
      while (!this.#settings.untilEnd) {
        await clock.sleep(this.#polls() ? metadataMaxAgeMs : Math.min(waitMs, metadataMaxAgeMs), this.#stop.signal);
        if (this.#stop.signal.aborted) return;
        if (this.#idle.size === 0 && clock.nowMs() - lookedMs < metadataMaxAgeMs) continue;
        lookedMs = clock.nowMs();
        const found = this.#see(await this.#topic());
        waitMs = found ? watchMs.first : Math.min(waitMs * 2, watchMs.most);
        this.#pump();
      }
    } catch (reason) {
      this.#fail(LogError.from(reason));
    }
  }

  async #topic(): Promise<TopicDetailBody> {
    for (let attempt = 0; ; attempt++) {
      try {
        const call = { method: "GET", path: ["topics", this.#settings.topic], signal: this.#stop.signal } as const;
        const topic = (await this.#transport.json(call)) as TopicDetailBody;
        this.#failingSinceMs = undefined;
        this.#stalls.over("topic");
        return topic;
      } catch (reason) {
        await this.#pause("topic", LogError.from(reason), attempt);
      }
    }
  }

  /** Takes note of partitions and watermarks. @returns whether there is something new to read */
  #see(topic: TopicDetailBody): boolean {
    const { partitions: wanted, positionOf, untilEnd } = this.#settings;
    if (this.#topicId !== undefined && this.#topicId !== topic.id) {
      throw new LogError("unknown_topic_or_partition", `Topic ${topic.name} was deleted and made anew: its records are others now.`);
    }
    const first = this.#topicId === undefined;
    this.#topicId = topic.id;
    const missing = wanted?.find((partition) => partition >= topic.partitions);
    if (missing !== undefined) {
      throw new LogError(
        "unknown_topic_or_partition",
        `Topic ${topic.name} has ${topic.partitions} partitions; there is no partition ${missing}.`,
      );
    }
    let found = false;
    for (const { partition, highWatermark } of topic.partitionDetails) {
      const reader = this.#readers.get(partition);
      if (reader === undefined) {
        if (wanted !== undefined && !wanted.includes(partition)) continue;
        const position = first ? positionOf(partition) : "earliest";
        this.#add({ partition, position, end: untilEnd ? highWatermark : undefined, failures: 0 });
        found = true;
      } else if (this.#idle.has(reader) && highWatermark > offsetOf(reader)) {
        this.#idle.delete(reader);
        this.#ready.push(reader);
        found = true;
      }
    }
    return found;
  }

  #add(reader: Reader): void {
    this.#readers.set(reader.partition, reader);
    this.#unfinished += 1;
    this.#ready.push(reader);
  }

  /** Whether each partition can have its own long poll. */
  #polls(): boolean {
    return this.#readers.size <= this.#settings.requestsMax;
  }

  #pump(): void {
    while (this.#inFlight < this.#settings.requestsMax && this.#feed.bytes < this.#settings.prefetchBytes) {
      const reader = this.#stop.signal.aborted ? undefined : this.#ready.shift();
      if (reader === undefined) return;
      void this.#read(reader);
    }
  }

  /** One page of one partition. Never rejects. */
  async #read(reader: Reader): Promise<void> {
    const { topic, format, untilEnd } = this.#settings;
    const { partition, position } = reader;
    // A place such as `latest` is made an offset by an answer that comes at once: were a wait for it cut off, records would be skipped.
    const settled = typeof position === "object" && "offset" in position;
    // After a failure it is asked whether there is an answer at all.
    const waits = settled && !untilEnd && reader.failures === 0 && this.#polls();
    const waitMs = waits ? consumerPage.waitMs : 0;
    this.#inFlight += 1;
    try {
      const { limit, maxBytes } = consumerPage;
      const request = { topic, partition, from: position, limit, maxBytes, waitMs, format, signal: this.#stop.signal };
      const { page, characters } = await fetchSizedPage(this.#transport, request).finally(() => {
        this.#inFlight -= 1;
      });
      if (this.#stop.signal.aborted) return;
      this.#failingSinceMs = undefined;
      reader.failures = 0;
      this.#stalls.over(reader);
      this.#take(reader, page, characters);
    } catch (reason) {
      try {
        await this.#pause(reader, LogError.from(reason), reader.failures++);
        this.#ready.push(reader);
      } catch (final) {
        this.#fail(LogError.from(final));
      }
    }
    this.#pump();
  }

  #take(reader: Reader, page: FetchedPage<F>, characters: number): void {
    const { end } = reader;
    reader.position = { offset: page.nextOffset };
    this.#feed.push(end === undefined ? page.records : page.records.filter((record) => record.offset < end), characters);
    if (end !== undefined && page.nextOffset >= end) {
      this.#unfinished -= 1;
      if (this.#unfinished > 0) return;
      this.#halt();
      this.#feed.end();
    } else if (page.nextOffset < page.highWatermark || this.#polls()) {
      this.#ready.push(reader);
    } else {
      this.#idle.add(reader);
    }
  }

  /** Waits before another attempt. @throws the error when another attempt cannot help or the time for it is over */
  async #pause(what: unknown, error: LogError, attempt: number): Promise<void> {
    if (this.#stop.signal.aborted) throw error;
    const { clock, random } = this.#transport;
    const nowMs = clock.nowMs();
    this.#failingSinceMs ??= nowMs;
    if (!isPassing(error) || nowMs - this.#failingSinceMs >= this.#settings.retryTimeoutMs) throw error;
    this.#stalls.failed(what, error, attempt);
    await clock.sleep(backoffMs(attempt, random, error), this.#stop.signal);
  }

  #fail(error: LogError): void {
    if (this.#stop.signal.aborted) return;
    this.#halt();
    this.#feed.end(error);
  }
}

function offsetOf({ position }: Reader): number {
  return typeof position === "object" && "offset" in position ? position.offset : 0;
}
