import { iterateRecords } from "../../core/codec/record-batch.ts";
import { eventBytes } from "../../core/delivery/msk-event.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { StoredRecord } from "../../core/record.ts";
import type { DeliveryState } from "../groups/offset-row.ts";
import type { Consumer } from "./consumers.ts";
import type { Batch, DeliveryServices } from "./services.ts";

/** What is read next of a partition. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  /** Undefined: the first that there is. */
  readonly offset: number | undefined;
  /** Where the batch ends at the latest. */
  readonly endOffset: number | undefined;
  /** Of a record that has begun to wait before. */
  readonly window: DeliveryState["window"];
}

export interface GatherOptions {
  readonly passes: (record: StoredRecord) => boolean;
  /** By the clock, until when to wait for a first record. */
  readonly waitUntilMs: number;
  /** By the clock, when to come back with what there is. */
  readonly stopMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads the records of the next call: at most the consumer's batch size, and what an event holds. Of records that are too old, or too big to be delivered at all, only these.
 * Once there is a record it waits for the batching window, unless the batch is one that is tried again. Where filters keep out what comes it ends in time, too: see `limits.deliverReadMs`.
 */
export async function gather(services: DeliveryServices, consumer: Consumer, place: Place, options: GatherOptions): Promise<Batch> {
  const gathering = new Gathering(services, consumer, place, options);
  return await gathering.run();
}

class Gathering {
  readonly #services: DeliveryServices;
  readonly #consumer: Consumer;
  readonly #place: Place;
  readonly #options: GatherOptions;
  readonly #records: StoredRecord[] = [];
  #bytes = 0;
  #filtered = 0;
  #isFull = false;
  #refused: Batch["refused"];
  /** By the clock, until when more is waited for, and until when what is there is read on. */
  #untilMs: number;
  #readUntilMs: number;
  #windowEndMs: number | undefined;

  constructor(services: DeliveryServices, consumer: Consumer, place: Place, options: GatherOptions) {
    this.#services = services;
    this.#consumer = consumer;
    this.#place = place;
    this.#options = options;
    this.#untilMs = options.waitUntilMs;
    this.#readUntilMs = services.clock.nowMs() + limits.deliverReadMs;
  }

  async run(): Promise<Batch> {
    const { clock } = this.#services;
    const { stopMs } = this.#options;
    let [fromOffset, at] = [this.#place.offset, this.#place.offset];
    for (;;) {
      const waitMs = Math.max(0, Math.min(limits.fetchWaitMsMax, Math.min(this.#untilMs, stopMs) - clock.nowMs()));
      const found = await this.#fetch(at, waitMs);
      fromOffset ??= found.offset;
      const hadNone = this.#records.length === 0;
      const read = this.#take(found.batches, Math.max(at ?? 0, found.offset));
      at = this.#isFull ? read : Math.max(read, found.nextOffset);
      const hasMore = at < found.highWatermark;
      if (this.#place.endOffset !== undefined && at >= this.#place.endOffset) this.#isFull = true;
      if (hadNone && this.#records.length > 0) this.#begin();
      if (this.#isOver(hasMore, at > fromOffset)) {
        const [records, filtered, refused] = [this.#records, this.#filtered, this.#refused];
        return { records, fromOffset, toOffset: at, filtered, hasMore, refused, windowEndMs: this.#isFull ? undefined : this.#windowEndMs };
      }
    }
  }

  /** There is a first record: others are waited for, and looked for among those that are there. */
  #begin(): void {
    const nowMs = this.#services.clock.nowMs();
    const { endOffset, window } = this.#place;
    if (endOffset !== undefined) {
      // One that is tried again waits for nothing, and is the same, however long it takes to read.
      [this.#untilMs, this.#readUntilMs] = [nowMs, Number.POSITIVE_INFINITY];
      return;
    }
    this.#untilMs = nowMs + this.#consumer.maxBatchingWindowMs;
    if (window?.offset === this.#records[0]?.offset) this.#untilMs = Math.min(this.#untilMs, window?.endMs ?? this.#untilMs);
    if (this.#consumer.maxBatchingWindowMs > 0) this.#windowEndMs = this.#untilMs;
    this.#readUntilMs = Math.max(this.#untilMs, nowMs + limits.deliverReadMs);
  }

  #isOver(hasMore: boolean, isFurther: boolean): boolean {
    const { stopMs, signal } = this.#options;
    const nowMs = this.#services.clock.nowMs();
    if (this.#isFull || signal?.aborted === true || nowMs >= stopMs) return true;
    // Nothing but filtered records: they are passed over without waiting for more.
    const isPassing = this.#records.length === 0 && isFurther;
    if (!hasMore) return isPassing || nowMs >= this.#untilMs;
    return nowMs >= this.#readUntilMs && (isPassing || this.#records.length > 0);
  }

  async #fetch(at: number | undefined, waitMs: number) {
    const { log } = this.#services;
    const { topic, partition } = this.#place;
    const request = {
      waitMs,
      // Where filters keep out the most, a batch of a few is found among many.
      recordsMax:
        this.#consumer.filters.length === 0 ? this.#consumer.batchSize : Math.max(this.#consumer.batchSize, limits.triggerBatchSizeDefault),
      bytesMax: limits.triggerFetchBytes,
      ...(this.#options.signal && { signal: this.#options.signal }),
    };
    try {
      return await log.fetch(topic, partition, { ...request, from: at ?? "earliest" });
    } catch (reason) {
      const { code, details } = LogError.from(reason);
      if (code !== "offset_out_of_range") throw reason;
      // Retention was faster: what is gone cannot be delivered. Or the group was set to where the log is not yet: that is waited for.
      const isBeyond = at !== undefined && at > Number(details["highWatermark"]);
      return await log.fetch(topic, partition, { ...request, from: isBeyond ? "latest" : "earliest" });
    }
  }

  /** @returns the first offset that was not taken */
  #take(batches: Uint8Array, fromOffset: number): number {
    let next = fromOffset;
    for (const record of iterateRecords(batches, this.#services.compression, fromOffset)) {
      if (record.offset >= (this.#place.endOffset ?? Number.POSITIVE_INFINITY)) {
        this.#isFull = true;
        return Math.max(next, this.#place.endOffset ?? next);
      }
      if (!this.#options.passes(record)) this.#filtered++;
      else if (!this.#add(record)) return next;
      next = record.offset + 1;
      if (this.#records.length === this.#consumer.batchSize) {
        this.#isFull = true;
        return next;
      }
    }
    return next;
  }

  /** @returns false when the record is for another batch */
  #add(record: StoredRecord): boolean {
    const bytes = eventBytes(record, this.#place.topic);
    const refused = this.#refusal(record, bytes);
    const fits = this.#records.length === 0 || (refused === this.#refused && this.#bytes + bytes <= limits.triggerEventBytesMax);
    // One that is too big is alone, so that it is told apart from those around it.
    if (!fits || (this.#refused === "PayloadTooLarge" && this.#records.length > 0)) {
      this.#isFull = true;
      return false;
    }
    this.#refused = refused;
    this.#bytes += bytes;
    this.#records.push(record);
    return true;
  }

  #refusal({ timestampMs }: StoredRecord, bytes: number): Batch["refused"] {
    const { maxRecordAgeMs } = this.#consumer;
    if (maxRecordAgeMs >= 0 && timestampMs + maxRecordAgeMs < this.#services.clock.nowMs()) return "RecordAgeExceeded";
    return bytes > limits.triggerEventBytesMax ? "PayloadTooLarge" : undefined;
  }
}
