import assert from "node:assert/strict";
import { connect, type LogClient } from "../../lib/client/index.ts";
import { type CommandResult, runCommand } from "./run-command.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";

/** A server with the topic `orders`: partition 0 has the offsets 2 to 4, partition 1 has 0 to 2, partition 2 has no records. */
export interface GroupsServer {
  readonly server: ServerProcess;
  readonly client: LogClient;
  /** Runs `stratalog groups`. */
  readonly run: (...args: string[]) => Promise<CommandResult>;
  /** What a command that must end well prints. */
  readonly ok: (...args: string[]) => Promise<string>;
  /** What a command says that must fail and print nothing. */
  readonly fails: (code: 1 | 2, ...args: string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
}

export async function startGroupsServer(): Promise<GroupsServer> {
  const folder = await temporaryFolder();
  const server = await startServerProcess({ data: folder.path });
  const client = connect({ url: server.url });
  await topicOf(client, "orders", [5, 3, 0]);
  await client.topics.deleteRecords("orders", 0, 2);
  const run = (...args: string[]) => runCommand(["groups", ...args], { url: server.url });
  return {
    server,
    client,
    run,
    ok: async (...args) => {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, 0, stderr);
      return stdout;
    },
    fails: async (code, ...args) => {
      const result = await run(...args);
      assert.deepEqual([result.code, result.stdout], [code, ""], args.join(" "));
      return result.stderr;
    },
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
