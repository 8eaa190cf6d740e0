import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { encodeRecord } from "./encode.ts";
import { FlushMark } from "./flush-mark.ts";
import { Lane } from "./lane.ts";
import type { LaneEvents } from "./lane.ts";
import { Partitioner } from "./partitioner.ts";
import type { Pending } from "./pending.ts";
import { producerSettings } from "./producer-options.ts";
import type { ProducerOptions, ProducerSettings } from "./producer-options.ts";
import { Queue } from "./queue.ts";
import { TopicView } from "./topic-view.ts";
import type { TopicShape } from "./topic-view.ts";
import type { Transport } from "./transport.ts";
import type { ProducerRecord, SentRecord } from "./types.ts";

/**
 * Sends records to one topic: in batches, each record once, and the records of one key (or partition) in the order of `send`.
 * `send` resolves when the record is durable; what it rejects with tells by `outcome` whether the record may be in the log all the same.
 */
export class Producer {
  readonly #transport: Transport;
  readonly #settings: ProducerSettings;
  readonly #view: TopicView;
  readonly #partitioner: Partitioner;
  readonly #events: LaneEvents;
  /** Records that wait for room or for the topic's shape, in the order of `send`. */
  readonly #waiting = new Queue<Pending>();
  #admitting = false;
  #lanes = new Map<number, Lane>();
  #topicId: string | undefined;
  #producerId: bigint;
  /** Bytes of the records in lanes. */
  #heldBytes = 0;
  #room: Deferred<void> | undefined;
  #settled: Deferred<void> | undefined;
  #mark = new FlushMark();
  #earlier: Promise<unknown> = Promise.resolve();
  #ended: LogError | undefined;
  #closing: Promise<void> | undefined;

  constructor(transport: Transport, options: ProducerOptions) {
    this.#transport = transport;
    this.#settings = producerSettings(options);
    this.#view = new TopicView(transport, this.#settings);
    this.#partitioner = new Partitioner(transport.random, this.#settings.batchBytes);
    this.#producerId = newProducerId(transport);
    this.#events = {
      taken: () => this.#partitioner.turn(),
      settled: (pending, result) => this.#settle(pending, result),
      stale: () => this.#view.forget(),
      fenced: (error) => {
        this.#ended = error;
      },
      ended: () => this.#ended,
    };
  }

  /**
   * Sends one record and resolves with its place when it is durable. When the buffer is full it waits for room first: a loop that
   * does not await each `send` should await `ready()`; after `limits.producerWaitingMax` waiting records `send` rejects with `throttled`.
   * @throws invalid_request, message_too_large, unknown_topic_or_partition, producer_fenced, out_of_order_sequence, timeout, unavailable …
   */
  send(record: ProducerRecord): Promise<SentRecord> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      const sentMs = this.#transport.clock.nowMs();
      const pending: Pending = { record: encodeRecord(record), sentMs, mark: this.#mark, resolve, reject };
      this.#mark.add();
      const shape = this.#view.current();
      if (this.#waiting.length === 0 && shape !== undefined && this.#hasRoom(pending) && fits(pending, shape)) {
        this.#place(pending, shape);
        return;
      }
      this.#waiting.push(pending);
      if (!this.#admitting) void this.#admit();
    });
  }

  /** Resolves when the buffer has room: await it between sends. */
  ready(): Promise<void> {
    if (this.#waiting.length === 0 && this.#heldBytes < this.#settings.bufferBytes) return Promise.resolve();
    this.#room ??= deferred();
    return this.#room.promise;
  }

  /** Sends what lingers, and resolves when every record sent before this call has its answer, good or bad. */
  async flush(): Promise<void> {
    const mark = this.#mark;
    this.#mark = new FlushMark();
    this.#earlier = Promise.all([this.#earlier, mark.done]);
    mark.close();
    for (const lane of this.#lanes.values()) lane.hurry();
    await this.#earlier;
  }

  /** Takes no more records, and flushes. Repeating it is fine. */
  close(): Promise<void> {
    this.#closing ??= this.flush();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#closing !== undefined) throw new LogError("unavailable", "This producer is closed: make another one.");
    if (this.#waiting.length < limits.producerWaitingMax) return;
    const message = `${limits.producerWaitingMax} records wait for room in the producer's buffer: await ready() between sends.`;
    throw new LogError("throttled", message, { retryAfterMs: 100 });
  }

  #hasRoom(pending: Pending): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + pending.record.bytes <= this.#settings.bufferBytes;
  }

  /** Moves waiting records into lanes, in order, as there is room. Never rejects. */
  async #admit(): Promise<void> {
    this.#admitting = true;
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (!this.#hasRoom(next)) {
        await this.#hasSettled();
        continue;
      }
      try {
        let shape = this.#view.current() ?? (await this.#view.load(next.sentMs));
        if (!fits(next, shape) && shape.loadedMs < next.sentMs) shape = await this.#view.load(next.sentMs);
        this.#waiting.shift();
        this.#place(next, shape);
      } catch (reason) {
        this.#refuseWaiting(LogError.from(reason));
      }
    }
    this.#admitting = false;
    this.#tellRoom();
  }

  /** Resolves at the next settled record. */
  #hasSettled(): Promise<void> {
    this.#settled ??= deferred();
    return this.#settled.promise;
  }

  #tellRoom(): void {
    this.#settled?.resolve();
    this.#settled = undefined;
    if (this.#waiting.length > 0 || this.#heldBytes >= this.#settings.bufferBytes) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  #refuseWaiting(error: LogError): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.mark.settle();
      next.reject(error);
    }
  }

  #place(pending: Pending, shape: TopicShape): void {
    this.#heldBytes += pending.record.bytes;
    if (!fits(pending, shape)) {
      const message = `Topic ${this.#settings.topic} has ${shape.partitions} partitions; there is no partition ${pending.record.partition}.`;
      this.#settle(pending, new LogError("unknown_topic_or_partition", message));
      return;
    }
    if (this.#topicId !== shape.id) this.#startOver(shape.id);
    const partition = this.#partitioner.partitionOf(pending.record, shape.partitions);
    const shard = Math.floor(partition / shape.partitionsPerShard);
    let lane = this.#lanes.get(shard);
    if (lane === undefined) {
      const parts = { transport: this.#transport, settings: this.#settings, events: this.#events, producerId: this.#producerId };
      lane = new Lane(parts);
      this.#lanes.set(shard, lane);
    }
    lane.add({ pending, partition });
  }

  /** A topic made anew under the name has other shards: its sequences are counted by another producer id. */
  #startOver(topicId: string): void {
    if (this.#topicId !== undefined) this.#producerId = newProducerId(this.#transport);
    this.#topicId = topicId;
    this.#lanes = new Map();
  }

  #settle(pending: Pending, result: SentRecord | LogError): void {
    this.#heldBytes -= pending.record.bytes;
    if (result instanceof LogError) pending.reject(result);
    else pending.resolve(result);
    pending.mark.settle();
    this.#tellRoom();
  }
}

function fits({ record }: Pending, shape: TopicShape): boolean {
  return record.partition === undefined || record.partition < shape.partitions;
}

/** 62 random bits under a set one: an id that a small one, chosen by hand or counted by a server, cannot meet. */
function newProducerId(transport: Transport): bigint {
  let id = 1n;
  for (const byte of transport.random.bytes(8)) id = (id << 8n) | BigInt(byte);
  return (id & ((1n << 62n) - 1n)) | (1n << 62n);
}
