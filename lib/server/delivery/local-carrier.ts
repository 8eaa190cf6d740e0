import { mskEvent, partitionName } from "../../core/delivery/msk-event.ts";
import { CallFailed, type Carrier } from "../../log/consumers/consumers.ts";
import type { FailureLines } from "./failure-lines.ts";
import type { Handler } from "./handler.ts";

/** What stands for the cluster's ARN in the events of a server on one machine. */
const eventSourceArn = "arn:aws:kafka:local:000000000000:cluster/stratalog/local";

/**
 * Calls functions of this machine.
 * @param handlers by the target of their consumer
 * @param bootstrapServers what events say: the server's host and port
 */
export function localCarrier(handlers: ReadonlyMap<string, Handler>, bootstrapServers: () => string, lines: FailureLines): Carrier {
  return {
    async call(consumer, batch, signal) {
      const handler = handlers.get(consumer.target);
      if (handler === undefined) throw new CallFailed("unavailable", `There is no function ${consumer.target} in this server.`);
      const source = { eventSourceArn, bootstrapServers: bootstrapServers() };
      const event = JSON.stringify(mskEvent(source, batch.topic, batch.partition, batch.records, batch.timestampType));
      const place = partitionName(batch.topic, batch.partition);
      return await lines.watch(consumer, batch, handler.call(event, consumer.targetTimeoutMs, place, signal));
    },
    sendFailure(destination) {
      return Promise.reject(new Error(`A server on one machine has no way to ${destination}: give it a topic, kafka://NAME.`));
    },
  };
}
