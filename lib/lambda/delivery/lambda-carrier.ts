import { type EventSource, mskEvent } from "../../core/delivery/msk-event.ts";
import type { Carrier } from "../../log/consumers/consumers.ts";
import type { DeliveryClients } from "./aws-clients.ts";
import { callFunction } from "./call-function.ts";
import { sendFailure } from "./destinations.ts";

/**
 * Calls Lambda functions, and puts what was given up at queues, topics and buckets of AWS.
 * @param source what events say that they come from: the ARN of the log's table, and its door's host and port
 */
export function lambdaCarrier(clients: DeliveryClients, source: EventSource): Carrier {
  return {
    call: (consumer, { topic, partition, records, timestampType }, signal) =>
      callFunction(clients.functions, consumer, mskEvent(source, topic, partition, records, timestampType), signal),
    sendFailure: (destination, failure) => sendFailure(clients, source, destination, failure),
  };
}
