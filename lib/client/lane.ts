import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { ErrorCode } from "../core/errors.ts";
import { backoffMs, isPassing } from "./backoff.ts";
import type { Pending, Placed } from "./pending.ts";
import { produce, produceBody } from "./produce-call.ts";
import type { Sequence } from "./produce-call.ts";
import type { ProducerSettings } from "./producer-options.ts";
import { Queue } from "./queue.ts";
import type { Transport } from "./transport.ts";
import type { SentRecord } from "./types.ts";

/** What a lane tells its producer. */
export interface LaneEvents {
  /** A batch was taken: keyless records may go elsewhere now. */
  taken(): void;
  settled(pending: Pending, result: SentRecord | LogError): void;
  /** An error that says that the topic is not what it was taken for. */
  stale(): void;
  /** This producer id was taken over: nothing more can be sent with it. */
  fenced(error: LogError): void;
  /** Why nothing more may be sent, if so. */
  ended(): LogError | undefined;
}

export interface LaneParts {
  readonly transport: Transport;
  readonly settings: ProducerSettings;
  readonly events: LaneEvents;
  readonly producerId: bigint;
}

/** Errors that one bad record brings upon the whole request. */
const oneIsBad: ReadonlySet<ErrorCode> = new Set(["message_too_large", "request_too_large", "invalid_request", "corrupt_message"]);

/**
 * The records for one shard, in order: one request in flight, one sequence number a request, rising. A request keeps its
 * number and bytes until it is answered for certain or its time is over; only then does the next one go.
 */
export class Lane {
  readonly #parts: LaneParts;
  readonly #queue = new Queue<Placed>();
  #queuedBytes = 0;
  #epoch = 0;
  #sequence = -1;
  #running = false;
  #hurry = 0;
  /** There while the lane lingers. */
  #wake: AbortController | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  add(placed: Placed): void {
    this.#queue.push(placed);
    this.#queuedBytes += placed.pending.record.bytes;
    if (!this.#running) void this.#run();
    else if (this.#queuedBytes >= this.#parts.settings.batchBytes) this.#endLinger();
  }

  /** Sends what is queued now without lingering. */
  hurry(): void {
    this.#hurry = this.#queue.length;
    this.#endLinger();
  }

  #endLinger(): void {
    this.#wake?.abort();
    this.#wake = undefined;
  }

  /** Never rejects: every failure goes to the records that it concerns. */
  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      await this.#linger();
      const batch = this.#take();
      if (batch.length > 0) await this.#deliver(batch);
    }
    this.#running = false;
  }

  async #linger(): Promise<void> {
    const { transport, settings } = this.#parts;
    const first = this.#queue.peek();
    if (first === undefined || settings.lingerMs === 0 || this.#hurry > 0 || this.#queuedBytes >= settings.batchBytes) {
      // Lets the sends of this turn join the batch.
      await Promise.resolve();
      return;
    }
    const waitMs = first.pending.sentMs + settings.lingerMs - transport.clock.nowMs();
    if (waitMs <= 0) return;
    this.#wake = new AbortController();
    await transport.clock.sleep(waitMs, this.#wake.signal);
    this.#wake = undefined;
  }

  /** The next batch; records whose time is over are turned away instead. */
  #take(): Placed[] {
    const { settings, transport, events } = this.#parts;
    const overMs = transport.clock.nowMs() - settings.deliveryTimeoutMs;
    const batch: Placed[] = [];
    let bytes = 0;
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      const full = bytes + next.pending.record.bytes > settings.batchBytes || batch.length === limits.requestRecordsMax;
      if (batch.length > 0 && full) break;
      this.#queue.shift();
      this.#queuedBytes -= next.pending.record.bytes;
      if (this.#hurry > 0) this.#hurry -= 1;
      const refusal = events.ended() ?? (next.pending.sentMs <= overMs ? lateError(settings) : undefined);
      if (refusal !== undefined) {
        events.settled(next.pending, refusal);
        continue;
      }
      batch.push(next);
      bytes += next.pending.record.bytes;
    }
    events.taken();
    return batch;
  }

  async #deliver(batch: readonly Placed[]): Promise<void> {
    const { events } = this.#parts;
    let results: readonly (SentRecord | LogError)[];
    try {
      results = await this.#attempts(batch);
    } catch (reason) {
      const error = LogError.from(reason);
      if (batch.length > 1 && error.outcome === "not-applied" && oneIsBad.has(error.code)) {
        const half = batch.length >> 1;
        await this.#deliver(batch.slice(0, half));
        await this.#deliver(batch.slice(half));
        return;
      }
      if (error.code === "producer_fenced") events.fenced(error);
      if (error.code === "unknown_topic_or_partition") events.stale();
      results = batch.map(() => error);
    }
    for (const [at, { pending }] of batch.entries()) events.settled(pending, results[at] as SentRecord | LogError);
  }

  /** Sends one batch until its outcome is certain or its time is over. @throws LogError, `unknown` when the records may be in the log */
  async #attempts(batch: readonly Placed[]): Promise<readonly (SentRecord | LogError)[]> {
    const { transport, settings, events } = this.#parts;
    const body = produceBody(batch);
    const sequence = settings.idempotent ? this.#nextSequence() : undefined;
    const endMs = (batch[0]?.pending.sentMs ?? 0) + settings.deliveryTimeoutMs; // The oldest is first.
    let mayBeThere = false;
    for (let attempt = 0; ; attempt++) {
      try {
        return await produce(transport, settings.topic, body, batch.length, sequence);
      } catch (reason) {
        const error = LogError.from(reason);
        if (error.code === "out_of_order_sequence") {
          this.#skipTo(error.details["nextSequence"]);
          throw error; // The log says that it does not have it and cannot get it any more.
        }
        if (error.outcome === "unknown") mayBeThere = true;
        if (error.code === "conflict") events.stale();
        const again = error.outcome === "unknown" ? settings.idempotent : isPassing(error);
        const waitMs = backoffMs(attempt, transport.random, error);
        if (!again || transport.clock.nowMs() + waitMs >= endMs) throw mayBeThere ? asUnknown(error) : error;
        await transport.clock.sleep(waitMs);
      }
    }
  }

  #nextSequence(): Sequence {
    this.#sequence += 1;
    if (this.#sequence > limits.producerSequenceMax) {
      this.#sequence = 0;
      this.#epoch += 1;
    }
    return { producerId: this.#parts.producerId, epoch: this.#epoch, sequence: this.#sequence };
  }

  #skipTo(nextSequence: number | string | undefined): void {
    if (typeof nextSequence === "number" && nextSequence > this.#sequence) this.#sequence = nextSequence - 1;
  }
}

function lateError(settings: ProducerSettings): LogError {
  return new LogError("timeout", `The record could not be sent within ${settings.deliveryTimeoutMs} ms.`);
}

function asUnknown(error: LogError): LogError {
  if (error.outcome === "unknown") return error;
  return new LogError(error.code, `${error.message} An earlier attempt of this request may be in the log.`, {
    outcome: "unknown",
    details: error.details,
    cause: error,
  });
}
