import { connect, type LogClient, type PutConsumerBody } from "../../lib/client/index.ts";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { CallFailed, type Carrier, type DeliveryReport } from "../../lib/log/consumers/consumers.ts";
import { createLog } from "../../lib/log/create-log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { startServer } from "../../lib/server/index.ts";
import { type CheckedCommand, checkedCommand } from "./checked-command.ts";
import { topicOf } from "./groups-command.ts";
import { runCommand } from "./run-command.ts";

export const target = "arn:aws:lambda:eu-west-1:123456789012:function:billing";

/** `stratalog consumers` on a server with triggered consumers whose functions nobody calls but the test: as far as it says, and with what comes of it. */
export interface ConsumersServer extends CheckedCommand {
  readonly client: LogClient;
  /** Makes a topic of 2 partitions with so many records in each, the first of second 1 of 1970, the next of second 2; and its consumer, which gives up at once. */
  readonly consumer: (group: string, records: readonly [number, number], more?: Partial<PutConsumerBody>) => Promise<void>;
  /** Delivers what a partition has. @param error what the function fails with; undefined: it works @param isOnce ends after one call, and what is to be tried again is not */
  readonly deliver: (group: string, partition: number, error?: string, isOnce?: boolean) => Promise<DeliveryReport>;
  readonly stop: () => Promise<void>;
}

export async function startConsumersServer(): Promise<ConsumersServer> {
  const log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  const server = await startServer({ log, port: 0 });
  const client = connect({ url: server.url });
  return {
    client,
    ...checkedCommand((...args) => runCommand(["consumers", ...args], { url: server.url })),
    consumer: async (group, records, more = {}) => {
      const topic = `of-${topicPart(group)}`;
      await topicOf(client, topic, records);
      await client.consumers.put(group, { topic, target, startingPosition: "TRIM_HORIZON", batchSize: 1, retryAttempts: 0, ...more });
    },
    deliver: (group, partition, error, isOnce = false) => {
      const ended = new AbortController();
      const carrier: Carrier = {
        call: () => {
          if (isOnce) ended.abort();
          return error === undefined ? Promise.resolve(null) : Promise.reject(new CallFailed("function", error));
        },
        sendFailure: () => Promise.resolve(),
      };
      return log.consumers.deliver({ group, topic: `of-${topicPart(group)}`, partition }, carrier, { signal: ended.signal });
    },
    stop: () => server.close(),
  };
}

/** A group as far as a topic may be called so. */
function topicPart(group: string): string {
  return group.replaceAll(/[^a-z0-9.]/g, "-");
}
