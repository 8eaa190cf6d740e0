import { connect, type LogClient } from "../../lib/client/index.ts";
import { type CheckedCommand, checkedCommand } from "./checked-command.ts";
import { runCommand } from "./run-command.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";

/** `stratalog groups` on a server with the topic `orders`: partition 0 has the offsets 2 to 4, partition 1 has 0 to 2, partition 2 has no records. */
export interface GroupsServer extends CheckedCommand {
  readonly server: ServerProcess;
  readonly client: LogClient;
  readonly stop: () => Promise<void>;
}

export async function startGroupsServer(): Promise<GroupsServer> {
  const folder = await temporaryFolder();
  const server = await startServerProcess({ data: folder.path });
  const client = connect({ url: server.url });
  await topicOf(client, "orders", [5, 3, 0]);
  await client.topics.deleteRecords("orders", 0, 2);
  return {
    server,
    client,
    ...checkedCommand((...args) => runCommand(["groups", ...args], { url: server.url })),
    stop: async () => {
      await server.stop();
      await folder.remove();
    },
  };
}

/** @param records how many by partition, the first of each of second 1 of 1970, the next of second 2 */
export async function topicOf(client: LogClient, name: string, records: readonly number[]): Promise<void> {
  await client.topics.create({ name, partitions: records.length, config: { "retention.ms": "-1" } });
  const producer = client.producer({ topic: name });
  for (const [partition, many] of records.entries()) {
    for (let at = 0; at < many; at++) void producer.send({ value: String(at), partition, timestampMs: 1_000 * (at + 1) });
  }
  await producer.close();
}
