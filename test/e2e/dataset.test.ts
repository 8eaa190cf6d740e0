/**
 * Real data end to end: 20,000 flights (vega-datasets), keyed by their airport, through the command, the SDK and plain HTTP, into six
 * partitions each; out again byte for byte and in order per key; and once more after `kill -9` and a restart.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "../../lib/client/index.ts";
import type { ProduceAnswer } from "../../lib/http/wire.ts";
import { runCommand } from "./run-command.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";

const partitions = 6;
const dataset = new URL("../../node_modules/vega-datasets/data/flights-20k.json", import.meta.url);
const flights = JSON.parse(readFileSync(dataset, "utf8")) as { origin: string }[];
/** One record a line, as it has to come out. */
const lines = flights.map((flight) => ({ key: flight.origin, value: JSON.stringify(flight) }));

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

interface Read {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: string;
}

function byKey(records: Iterable<{ readonly key: string; readonly value: string }>): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const { key, value } of records) {
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return new Map([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const expected = byKey(lines);

function check(records: readonly Read[], how: string): void {
  assert.equal(records.length, lines.length, how);
  assert.deepEqual(byKey(records), expected, how);
  const partitionOf = new Map<string, number>();
  const next = new Map<number, number>();
  for (const { key, partition, offset } of records) {
    assert.equal(partitionOf.get(key) ?? partition, partition, `${how}: ${key} is in one partition`);
    partitionOf.set(key, partition);
    assert.equal(offset, next.get(partition) ?? 0, `${how}: offsets of partition ${partition} are dense and in order`);
    next.set(partition, offset + 1);
  }
  assert.equal(next.size, partitions, `${how}: every partition is used`);
}

async function readBySdk(topic: string): Promise<Read[]> {
  const records: Read[] = [];
  for await (const { partition, offset, key, value } of connect({ url: server.url }).consume({ topic, from: "earliest", until: "end" })) {
    records.push({ partition, offset, key: String(key), value: String(value) });
  }
  return records;
}

async function readByCommand(topic: string): Promise<Read[]> {
  const { code, stdout, stderr } = await runCommand(["consume", topic, "--format", "json"], { url: server.url });
  assert.equal(code, 0, stderr);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Read);
}

async function checkAll(when: string): Promise<void> {
  for (const topic of ["by-command", "by-sdk", "by-http"]) {
    check(await readBySdk(topic), `${topic}, read by the SDK ${when}`);
    check(await readByCommand(topic), `${topic}, read by the command ${when}`);
  }
}

test("the data set has at least 10,000 records", () => {
  assert.ok(lines.length >= 10_000);
  assert.ok(expected.size > 50, "and many keys");
});

test("20,000 flights go in by the command, by the SDK and by HTTP", { timeout: 300_000 }, async () => {
  const log = connect({ url: server.url });
  for (const name of ["by-command", "by-sdk", "by-http"]) await log.topics.create({ name, partitions });

  const file = join(folder.path, "flights.ndjson");
  await writeFile(file, `${lines.map(({ value }) => value).join("\n")}\n`);
  const { code, stderr } = await runCommand(["produce", "by-command", "--file", file, "--key-field", "origin"], { url: server.url });
  assert.deepEqual([code, stderr], [0, "20,000 records durable in by-command.\n"]);

  const producer = log.producer({ topic: "by-sdk" });
  const sends = lines.map((line) => producer.send(line));
  await Promise.all(sends);
  await producer.close();

  const response = await fetch(`${server.url}/v1/topics/by-http/records`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  });
  assert.equal(response.status, 200);
  assert.equal(((await response.json()) as ProduceAnswer).offsets.length, lines.length);
});

test("they come out byte for byte, in order per key", { timeout: 300_000 }, async () => {
  await checkAll("at once");
});

test("and after kill -9 and a restart they still do", { timeout: 300_000 }, async () => {
  const { data, port } = server;
  assert.equal(await server.stop("SIGKILL"), "SIGKILL");
  server = await startServerProcess({ data, port });
  await checkAll("after kill -9");
});
