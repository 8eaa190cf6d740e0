/** What `stratalog consume` says on standard error while it waits: that it has joined, who has its partitions, and that the log is away. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "../../lib/client/index.ts";
import { environment, program, type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";
import { until } from "./until.ts";

const timeout = 120_000;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: ServerProcess;

before(async () => {
  folder = await temporaryFolder();
  server = await startServerProcess({ data: join(folder.path, "data") });
});
after(async () => {
  await server.stop();
  await folder.remove();
});

const client = () => connect({ url: server.url });

interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly end: () => Promise<void>;
}

function consuming(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [program, "consume", ...args], { env: environment({ STRATALOG_URL: server.url }) });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk.toString()));
  const end = async (): Promise<void> => {
    const closed = once(child, "close");
    child.kill("SIGINT");
    await closed;
  };
  return { child, stdout: () => stdout.join(""), stderr: () => stderr.join(""), end };
}

async function topicOf(name: string, partitions: number, ...values: string[]): Promise<void> {
  await client().topics.create({ name, partitions });
  await send(name, ...values);
}

async function send(topic: string, ...values: string[]): Promise<void> {
  const producer = client().producer({ topic });
  for (const value of values) void producer.send({ value, partition: 0 });
  await producer.close();
}

test("who joins a group is told what it reads, and from where", { timeout }, async () => {
  await topicOf("joined", 4, "old");
  const joined = async (line: string, ...args: string[]): Promise<void> => {
    const running = consuming("joined", "--group", ...args);
    await until(line, () => running.stderr().includes("\n"));
    await running.end();
    assert.equal(running.stderr().split("\n")[0], line);
  };
  await joined("Joined group new: partitions 0-3 of joined, from what comes now.", "new");
  await joined("Joined group all: partitions 0-3 of joined, from the beginning.", "all", "--from-beginning");
  await client().groups.setOffsets("some", [{ topic: "joined", partition: 1, offset: 0 }]);
  const some = "Joined group some: partitions 0-3 of joined, from where the group has come to, else from the beginning.";
  await joined(some, "some", "--from-beginning");
  await client().groups.setOffsets(
    "known",
    [0, 1, 2, 3].map((partition) => ({ topic: "joined", partition, offset: 0 })),
  );
  await joined("Joined group known: partitions 0-3 of joined, from where the group has come to.", "known");
  const json = consuming("joined", "--group", "silent", "--from-beginning", "--json");
  await until("a record is printed", () => json.stdout().includes("old"));
  await json.end();
  assert.equal(json.stderr(), "");
});

test("a member that gets no partition says who has them", { timeout }, async () => {
  await topicOf("taken", 1);
  await client().groups.beat("taken", "ann", { topics: ["taken"], sessionTimeoutMs: 9_000 });
  const running = consuming("taken", "--group", "taken");
  await until("it is told", () => running.stderr().split("\n").length > 2);
  assert.match(
    running.stderr(),
    /^Joined group taken, and has no partition yet: 1 other member \(ann\) has them\. .*once its session is over\.\n/,
  );
  assert.match(running.stderr(), /\nJoined group taken: partition 0 of taken, from what comes now\.\n/);
  await running.end();
});

test("that the log is away is told once, and once that it is back; records go on", { timeout }, async () => {
  await topicOf("away", 2, "first");
  const both = [consuming("away", "--follow", "--from-beginning"), consuming("away", "--group", "away", "--from-beginning")];
  await until("both have begun", () => both.every(({ stdout }) => stdout() === "first\n"));
  const { data, port, url } = server;
  await server.stop("SIGKILL");
  await until("both tell it", () => both.every(({ stderr }) => stderr().includes("Trying again")));
  server = await startServerProcess({ data, port });
  await send("away", "second");
  await until("both go on", () => both.every(({ stdout, stderr }) => stdout() === "first\nsecond\n" && stderr().includes("answers again")));
  for (const { end } of both) await end();
  const away = `stratalog: Nothing answers at ${url} (ECONNREFUSED): is the server running? Trying again until it answers.`;
  const lines = both.map(({ stderr }) => stderr().split("\n"));
  assert.deepEqual(lines[0], [away, "The log answers again.", "2 records printed.", ""]);
  assert.deepEqual(lines[1]?.slice(1), [away, "The log answers again.", "2 records printed.", ""]);
});
