import { LogError } from "../core/errors.ts";
import { checkedTopic, checkOptionNames, type OptionNames } from "./check-options.ts";

export interface ProducerOptions {
  readonly topic: string;
  /** How long a record waits for company. 0 sends at once. Default 5. */
  readonly lingerMs?: number;
  /** A request holds about this many bytes of JSON at most; a larger record goes alone. Default 524,288. */
  readonly batchBytes?: number;
  /** Records that are sent but not acknowledged hold this many bytes at most; then `send` waits. Default 33,554,432. */
  readonly bufferBytes?: number;
  /** How long a record may take from `send` to its answer, retries included. Default 120,000, as in Kafka. */
  readonly deliveryTimeoutMs?: number;
  /**
   * Default true: each record is in the log once, however often its request was sent. False: an attempt whose outcome is unknown
   * is not sent again, and its records are rejected with outcome `unknown`.
   */
  readonly idempotent?: boolean;
  /** How old the topic's partition count may grow before it is read again. Default 60,000. */
  readonly metadataMaxAgeMs?: number;
}

export interface ProducerSettings {
  readonly topic: string;
  readonly lingerMs: number;
  readonly batchBytes: number;
  readonly bufferBytes: number;
  readonly deliveryTimeoutMs: number;
  readonly idempotent: boolean;
  readonly metadataMaxAgeMs: number;
}

const optionNames: OptionNames<ProducerOptions> = {
  topic: true,
  lingerMs: true,
  batchBytes: true,
  bufferBytes: true,
  deliveryTimeoutMs: true,
  idempotent: true,
  metadataMaxAgeMs: true,
};

/** @throws invalid_request, invalid_topic */
export function producerSettings(options: ProducerOptions): ProducerSettings {
  checkOptionNames("producer", options, optionNames);
  return {
    topic: checkedTopic("producer's topic", options.topic),
    lingerMs: checked("lingerMs", options.lingerMs ?? 5, 0, 60_000),
    batchBytes: checked("batchBytes", options.batchBytes ?? 512 * 1024, 1, 8 * 1024 * 1024),
    bufferBytes: checked("bufferBytes", options.bufferBytes ?? 32 * 1024 * 1024, 1, 1024 * 1024 * 1024),
    deliveryTimeoutMs: checked("deliveryTimeoutMs", options.deliveryTimeoutMs ?? 120_000, 1, 24 * 3_600_000),
    idempotent: options.idempotent ?? true,
    metadataMaxAgeMs: checked("metadataMaxAgeMs", options.metadataMaxAgeMs ?? 60_000, 1, 24 * 3_600_000),
  };
}

function checked(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new LogError("invalid_request", `The producer's ${name} must be from ${min} to ${max}, not ${value}.`);
}
