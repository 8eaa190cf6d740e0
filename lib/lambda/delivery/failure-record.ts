import { type EventSource, mskEvent, partitionName } from "../../core/delivery/msk-event.ts";
import { utf8Bytes } from "../../core/codec/utf8.ts";
import type { DeadLetter, Failure } from "../../log/consumers/consumers.ts";
import { isoTime } from "./iso-time.ts";

/**
 * What a destination is told of records that were given up: JSON in the shape of Lambda's own record for a Kafka event source. `payload` is the event that the function got,
 * or would have got, as JSON in a string, as Lambda writes it to S3. Beyond Lambda's shape: queues and topics get it too where it fits, and where it is not there
 * `payloadOmitted` is true; `consumerGroupId` is the consumer's group, `errorMessage` what is known of the newest failed call, not there when nothing is.
 */
export function failureRecord(failure: Failure, source: EventSource): string {
  const [whole] = failureRecords(failure, source, Number.POSITIVE_INFINITY);
  return whole;
}

/**
 * The same for who may take less, the fullest first: with its payload, where it fits, without it, and without its error too.
 * @param bytesMax of a whole text, in UTF-8
 */
export function failureRecords(failure: Failure, source: EventSource, bytesMax: number): Texts {
  const { letter, payload, timestampType } = failure;
  const event = JSON.stringify(mskEvent(source, letter.topic, letter.partition, payload, timestampType));
  const facts = factsOf(failure, source, utf8Bytes(event));
  const { errorMessage, ...brief } = facts;
  const without = textOf({ ...facts, payloadOmitted: true });
  const less: Texts = errorMessage === undefined ? [without] : [without, textOf({ ...brief, payloadOmitted: true })];
  if (payload.length === 0) return less;
  const whole = textOf({ ...facts, payload: event });
  return utf8Bytes(whole) <= bytesMax ? [whole, ...less] : less;
}

type Texts = readonly [string, ...string[]];

function factsOf({ consumer, letter, requestId, payload }: Failure, source: EventSource, payloadSize: number) {
  const { target } = consumer;
  return {
    requestContext: {
      requestId,
      functionArn: target,
      condition: conditions[letter.condition],
      approximateInvokeCount: letter.attempts,
    },
    responseContext: letter.attempts === 0 ? null : responseOf(target, letter),
    version: "1.0",
    timestamp: isoTime(letter.givenUpMs),
    KafkaBatchInfo: {
      batchSize: letter.records,
      ...source,
      payloadSize,
      recordsInfo: {
        [partitionName(letter.topic, letter.partition)]: {
          firstRecordOffset: String(payload[0]?.offset ?? letter.fromOffset),
          lastRecordOffset: String(payload.at(-1)?.offset ?? letter.toOffset - 1),
          firstRecordTimestamp: isoTime(letter.firstTimestampMs),
          lastRecordTimestamp: isoTime(letter.lastTimestampMs),
        },
      },
    },
    consumerGroupId: consumer.group,
    errorMessage: letter.error === "" ? undefined : letter.error,
  };
}

/** In Lambda's words. */
const conditions: Readonly<Record<DeadLetter["condition"], string>> = {
  RetryAttemptsExhausted: "RetryAttemptsExhausted",
  RecordAgeExceeded: "RecordAgeExceeded",
  PayloadTooLarge: "MaximumPayloadSizeExceeded",
};

/** A function that reports failed records, or answers what cannot be understood, has run without an error of its own. */
function responseOf(target: string, { functionError }: DeadLetter) {
  const [, , , , , , , qualifier = "$LATEST"] = target.split(":");
  return { statusCode: 200, executedVersion: qualifier, ...(functionError !== "" && { functionError }) };
}

/** JSON without these two, which texts of records may hold: SQS refuses messages that do. */
function textOf(record: object): string {
  return JSON.stringify(record).replaceAll("\uFFFE", "\\ufffe").replaceAll("\uFFFF", "\\uffff");
}
