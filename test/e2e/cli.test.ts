/** The command as users run it: processes, pipes, signals, exit codes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type RunOptions, runCommand } from "./run-command.ts";
import { environment, program, type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";

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

const run = (args: readonly string[], options: RunOptions = {}) => runCommand(args, { url: server.url, ...options });

/** The output of a command that must end well. */
async function ok(args: readonly string[], input = ""): Promise<string> {
  const { code, stdout, stderr } = await run(args, { input });
  assert.equal(code, 0, stderr);
  return stdout;
}

test("a topic from its making to its end", async () => {
  assert.equal(
    await ok(["topics", "create", "life", "--partitions", "2", "--config", "retention.ms=1000"]),
    "Created topic life with 2 partitions.\n",
  );
  assert.match(await ok(["topics", "list"]), /^TOPIC +PARTITIONS +CONFIG +CREATED\n(.*\n)*life +2 +retention\.ms=1000 /);
  assert.equal((JSON.parse(await ok(["topics", "list", "--prefix", "li", "--json"])) as { topics: unknown[] }).topics.length, 1);
  await ok(["topics", "alter", "life", "--partitions", "3", "--delete-config", "retention.ms"]);
  assert.match(
    await ok(["topics", "describe", "life"]),
    /Partitions +3 \(4 a shard\)[\s\S]*all defaults[\s\S]*PARTITION +START +END +OFFSETS\n +0 +0 +0 +0\n/,
  );
  assert.equal((await run(["topics", "create", "life"])).code, 1);
  await ok(["topics", "create", "life", "--if-not-exists"]);
  assert.equal(await ok(["topics", "delete", "life"]), "Deleted topic life.\n");
  const gone = await run(["topics", "describe", "life", "--json"]);
  assert.equal(gone.code, 1);
  assert.equal((JSON.parse(gone.stderr) as { error: { code: string } }).error.code, "unknown_topic_or_partition");
});

test("lines go in and come out, with keys, headers, nulls and bytes that are no text", async () => {
  await ok(["topics", "create", "lines"]);
  await ok(["produce", "lines", "--key-separator", ":", "--header", "from=test"], "a:1\nb:2:3\n:\n");
  await ok(["produce", "lines", "--key-separator", "\\t", "--null-marker", "NULL"], "a\tNULL\n");
  await runCommand(["produce", "lines"], { url: server.url, input: Uint8Array.of(0xff, 0x0a, 0x0a, 0x78, 0x0d, 0x0a, 0x79) });
  assert.equal(
    await ok(["consume", "lines", "--show-key", "--show-offset", "--max", "4"]),
    "Offset:0\ta\t1\nOffset:1\tb\t2:3\nOffset:2\t\t\nOffset:3\ta\tnull\n",
  );
  assert.equal(await ok(["consume", "lines", "--offset", "4", "--format", "base64"]), "/w==\n\neA==\neQ==\n");
  const first = JSON.parse(await ok(["consume", "lines", "--json", "--max", "1"])) as Record<string, unknown>;
  assert.deepEqual(
    { ...first, timestamp: 0 },
    { topic: "lines", partition: 0, offset: 0, timestamp: 0, key: "a", value: "1", headers: { from: "test" } },
  );
  assert.equal(await ok(["consume", "lines", "--offset", "latest"]), "");
  assert.match(await ok(["offsets", "lines"]), / +0 +0 +8 +8\n$/);
  assert.match(await ok(["offsets", "lines", "--at", "1h"]), / +0 +0 +\d{4}-/);
  assert.equal((await ok(["consume", "lines", "--at", "1h"])).split("\n").length, 9);
});

test("NDJSON by a field, and a bad line is told with its number; what came before it is there", async () => {
  await ok(["topics", "create", "fields", "--partitions", "3"]);
  const file = join(folder.path, "fields.ndjson");
  await writeFile(file, '{"id":1,"v":"a"}\n\n{"id":12345678901234567890}\n{"id":"x"}\n{"no":"id"}\n');
  const result = await run(["produce", "fields", "--file", file, "--key-field", "id"]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /3 records durable in fields\.\nstratalog: Line 5 has no "id"/);
  const keys = (await ok(["consume", "fields", "--json"]))
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { key: string }).key);
  assert.deepEqual(keys.sort(), ["1", "12345678901234567890", "x"]);
  assert.equal((await run(["produce", "fields", "--file", "not-there"])).code, 2);
});

test("--follow prints what comes, until Ctrl-C: then how many there were, and 130", async () => {
  await ok(["topics", "create", "tail", "--partitions", "2"]);
  const following = run(["consume", "tail", "--follow", "--from-beginning"], { interruptAt: "second" });
  await ok(["produce", "tail"], "first\n");
  await ok(["produce", "tail"], "second\n");
  const { code, stdout, stderr } = await following;
  assert.deepEqual([code, stdout.split("\n").sort().join(" ").trim(), stderr], [130, "first second", "2 records printed.\n"]);
});

test("a reader that leaves, as head does, is no error", async () => {
  await ok(["topics", "create", "pipe"]);
  await ok(["produce", "pipe"], "a line of some length\n".repeat(50_000));
  const child = spawn(process.execPath, [program, "consume", "pipe"], { env: environment({ STRATALOG_URL: server.url }) });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child.stdout, "data");
  child.stdout.destroy();
  await once(child, "close");
  assert.deepEqual([child.exitCode, stderr], [0, ""]);
});

test("a wrong command line is 2, with what was meant; a server that is not there is 1", async () => {
  const wrong = async (...args: string[]) => {
    const { code, stderr } = await run(args);
    assert.equal(code, 2, args.join(" "));
    return stderr;
  };
  assert.match(await wrong("topic", "list"), /Did you mean "topics"\?/);
  assert.match(await wrong("topics", "lst"), /Did you mean "topics list"\?/);
  assert.match(await wrong("produce", "t", "--key-seperator", ":"), /Did you mean "--key-separator"\?/);
  assert.match(await wrong("produce"), /TOPIC is missing/);
  assert.match(await wrong("consume", "t", "--max", "-1"), /--max must be a whole number/);
  assert.match(await wrong("serve", "--port", "70000"), /--port must be a port/);
  const away = await run(["topics", "list", "--url", "http://127.0.0.1:9"]);
  assert.equal(away.code, 1);
});

test("a port or a folder that is taken is told, and no harm is done", async () => {
  const other = join(folder.path, "other");
  const taken = await run(["serve", "--port", String(server.port), "--data", other]);
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /Cannot listen on http:\/\/127\.0\.0\.1:\d+.*(take|Take) another port/);
  const locked = await run(["serve", "--port", "0", "--data", server.data]);
  assert.equal(locked.code, 1);
  assert.match(locked.stderr, new RegExp(`Process ${server.pid} has the data folder`));
  assert.equal((await run(["serve", "--port", "0", "--host", "0.0.0.0", "--engine", "memory"])).code, 1);
  await ok(["topics", "list"]);
});

test("the server says where it is, keeps its process id in the folder, and ends gracefully", async () => {
  const data = join(folder.path, "graceful");
  const mine = await startServerProcess({ data });
  assert.match(
    mine.printed(),
    /^Stratalog listens on http:\/\/127\.0\.0\.1:\d+\nData folder: .*graceful\n\nThree lines to try.*\n(.*stratalog.*\n){3}/,
  );
  assert.ok(existsSync(join(data, "pid")));
  assert.equal((await runCommand(["topics", "create", "kept"], { url: mine.url })).code, 0);
  assert.equal(await mine.stop("SIGTERM"), 0);
  assert.ok(!existsSync(join(data, "pid")));
  const again = await startServerProcess({ data });
  assert.match((await runCommand(["topics", "list"], { url: again.url })).stdout, /^kept /m);
  assert.equal(await again.stop("SIGINT"), 0);
});

test("perf measures writing and reading", async () => {
  await ok(["topics", "create", "load", "--partitions", "6"]);
  const names = (text: string) => (JSON.parse(text) as { metrics: { name: string; value: number }[] }).metrics;
  const written = names(await ok(["perf", "produce", "load", "--records", "2000", "--record-size", "50", "--keys", "10", "--json"]));
  assert.equal(written.find(({ name }) => name === "records")?.value, 2_000);
  assert.ok(written.every(({ value }) => value > 0));
  const read = names(await ok(["perf", "consume", "load", "--json"]));
  assert.equal(read.find(({ name }) => name === "records")?.value, 2_000);
  assert.match(await ok(["perf", "produce", "load", "--records", "10"]), /^10 records sent, .* ms 99\.9th\.\n$/);
});

test("conformance runs the cases of the HTTP API and counts them", async () => {
  const report = JSON.parse(await ok(["conformance", server.url, "--filter", "topic", "--json"])) as { passed: number; failed: number };
  assert.ok(report.passed > 3);
  assert.equal(report.failed, 0);
  const { code, stdout } = await run(["conformance", "http://127.0.0.1:9", "--filter", "topic"]);
  assert.equal(code, 1);
  assert.match(stdout, /^FAIL {2}/);
});
