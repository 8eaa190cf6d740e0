/** 20,000 flights of a public data set, keyed by airport over 6 partitions, in by command and by HTTP, and out again after `kill -9`. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect } from "../../lib/client/index.ts";

const run = promisify(execFile);
const command = fileURLToPath(new URL("../../bin/stratalog.js", import.meta.url));
const partitions = 6;

interface Flight {
  readonly origin: string;
}
const dataset = new URL("../../node_modules/vega-datasets/data/flights-20k.json", import.meta.url);
const flights = JSON.parse(readFileSync(dataset, "utf8")) as readonly Flight[];
/** One line a flight, as it has to come out. */
const lines = flights.map((flight) => JSON.stringify(flight));

let folder: string;
let server: ChildProcess;
let url: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "stratalog-dataset-"));
  await start();
});

after(async () => {
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

test("a public data set goes in by command and by HTTP and comes out byte for byte, in order per key, also after kill -9", async () => {
  assert.ok(lines.length >= 10_000);
  await byCommand("flights-by-command");
  await byHttp("flights-by-http");
  const first = await Promise.all(["flights-by-command", "flights-by-http"].map(keptBy));
  await kill();
  await start();
  const second = await Promise.all(["flights-by-command", "flights-by-http"].map(keptBy));
  assert.deepEqual(second, first);
});

async function byCommand(topic: string): Promise<void> {
  const file = join(folder, "flights.ndjson");
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  await stratalog("topics", "create", topic, "--partitions", String(partitions));
  const printed = await stratalog("produce", topic, "--file", file, "--key-field", "origin", "--json");
  assert.deepEqual(JSON.parse(printed), { topic, records: lines.length, failed: 0 });
  const consumed = await stratalog("consume", topic, "--from-beginning");
  const byText = (texts: readonly string[]) => [...texts].sort();
  assert.deepEqual(byText(consumed.trimEnd().split("\n")), byText(lines), "the command prints what went in");
}

async function byHttp(topic: string): Promise<void> {
  await connect({ url }).topics.create({ name: topic, partitions });
  const body = flights.map(({ origin }, at) => `{"key":${JSON.stringify(origin)},"value":${lines[at]}}\n`).join("");
  const response = await fetch(`${url}/v1/topics/${topic}/records`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body,
  });
  assert.equal(response.status, 200);
  const { offsets } = (await response.json()) as { readonly offsets: readonly unknown[] };
  assert.equal(offsets.length, lines.length);
}

/** What a topic has, checked: each key in one partition, its values the lines of that key in their order, offsets without a hole. */
async function keptBy(topic: string): Promise<readonly string[]> {
  const kept: string[] = [];
  const next = new Array<number>(partitions).fill(0);
  const byKey = new Map<string, { partition: number; values: string[] }>();
  for await (const { partition, offset, key, value } of connect({ url }).consume({ topic, from: "earliest", until: "end" })) {
    assert.equal(offset, next[partition], "offsets are dense");
    next[partition] = offset + 1;
    assert.ok(typeof key === "string" && typeof value === "string");
    const known = byKey.get(key) ?? { partition, values: [] };
    byKey.set(key, known);
    assert.equal(partition, known.partition, "a key has one partition");
    known.values.push(value);
    kept.push(`${partition}:${offset} ${key} ${value}`);
  }
  const expected = Map.groupBy(lines, (_line, at) => flights[at]?.origin ?? "");
  assert.equal(byKey.size, expected.size);
  for (const [key, { values }] of byKey) assert.deepEqual(values, expected.get(key), `the flights from ${key}`);
  assert.ok(next.filter((count) => count > 0).length > 1, "several partitions are used");
  return kept.sort();
}

async function stratalog(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [command, ...args, "--url", url], { maxBuffer: 64 * 1024 * 1024, timeout: 120_000 });
  return stdout;
}

async function start(): Promise<void> {
  server = spawn(process.execPath, [command, "serve", "--port", "0", "--data", join(folder, "data"), "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.ok(server.stdout !== null);
  const [line] = (await once(createInterface({ input: server.stdout }), "line", { signal: AbortSignal.timeout(30_000) })) as [string];
  ({ url } = JSON.parse(line) as { readonly url: string });
}

async function kill(): Promise<void> {
  const ended = once(server, "exit");
  server.kill("SIGKILL");
  await ended;
}
