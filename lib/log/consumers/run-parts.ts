import { limits } from "../../core/limits.ts";
import type { StoredRecord } from "../../core/record.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Topic } from "../log.ts";
import type { CallBatch, Carrier, Consumer, Delivery, DeliveryLimits, DeliveryReport } from "./consumers.ts";
import type { Lease } from "./lease.ts";
import type { Batch } from "./services.ts";

export type Counts = { -readonly [K in "calls" | "records" | "filtered" | "failedCalls" | "givenUp"]: DeliveryReport[K] };

/** Whether a go has passed over, given up or called anything. */
export interface Progress {
  isMade: boolean;
}

export interface RunParts {
  readonly consumer: Consumer;
  readonly topic: Topic;
  readonly delivery: Delivery;
  readonly carrier: Carrier;
  readonly options: DeliveryLimits;
  /** Of all that was delivered in this go. */
  readonly counts: Counts;
  readonly progress: Progress;
}

/** What ends a run. */
export type End = Pick<DeliveryReport, "state" | "retryAtMs" | "token">;

/** A call with records of the delivery's partition. */
export function callOf({ topic, delivery }: Pick<RunParts, "topic" | "delivery">, records: readonly StoredRecord[]): CallBatch {
  const timestampType = topic.config["message.timestamp.type"] === "LogAppendTime" ? "LOG_APPEND_TIME" : "CREATE_TIME";
  return { topic: delivery.topic, partition: delivery.partition, records, timestampType };
}

/** When a call may begin at the latest. */
export function lastStartMs({ options, consumer }: Pick<RunParts, "options" | "consumer">): number {
  return (options.endMs ?? Number.POSITIVE_INFINITY) - consumer.targetTimeoutMs - limits.deliverMarginMs;
}

/** Whether what comes next is for another one. Something is done in any case: who gets little time would else hand on for ever. */
export function isTimeShort(clock: Clock, parts: RunParts): boolean {
  return (parts.progress.isMade || parts.counts.calls > 0) && clock.nowMs() > lastStartMs(parts);
}

/** Whether a batch's window goes on when there is no time left. Who had none from the beginning waits no more: there would be no end to it. */
export function isCutShort(clock: Clock, parts: RunParts, { windowEndMs = 0 }: Batch, begunMs: number): boolean {
  const nowMs = clock.nowMs();
  return begunMs < lastStartMs(parts) && nowMs >= lastStartMs(parts) && nowMs < windowEndMs;
}

/** Leaves the lease to who is told its token. */
export function handOn(lease: Lease): End {
  lease.leave();
  return { state: "handed-on", token: lease.token };
}
