/** The log on DynamoDB and S3 as users run it: `serve --engine aws` as a process, and `stratalog/aws` in a program. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect as connectDirectly } from "../../lib/aws/index.ts";
import { connect, LogError } from "../../lib/client/index.ts";
import { httpCases } from "../../lib/testing/conformance/http.ts";
import {
  type EmulatedAws,
  emulatorCredentials,
  emulatorRegion,
  type EmulatedStore,
  startEmulatedAws,
} from "../../scripts/emulators/aws-store.ts";
import { type ServerProcess, startServerProcess } from "../e2e/start-server.ts";

let aws: EmulatedAws;
let store: EmulatedStore;

before(async () => {
  aws = await startEmulatedAws();
  store = await aws.createStore();
  Object.assign(process.env, variables());
});
after(() => aws.stop());

/** What a process needs to find the emulators as it would find AWS. */
function variables(): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: emulatorCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulatorCredentials.secretAccessKey,
    AWS_REGION: emulatorRegion,
    AWS_ENDPOINT_URL_DYNAMODB: aws.endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: aws.endpoints.s3,
  };
}

function serve(names: EmulatedStore, more: readonly string[] = []): Promise<ServerProcess> {
  const args = ["--engine", "aws", "--table", names.table, "--bucket", names.bucket, ...more];
  return startServerProcess({ data: "unused", args, env: variables() });
}

describe("a server over DynamoDB and S3", () => {
  let server: ServerProcess;
  before(async () => {
    server = await serve(store);
  });
  after(() => server.stop());

  for (const { name, run } of httpCases) test(name, () => run({ baseUrl: server.url }));

  test("says what it runs on", async () => {
    assert.match(server.printed(), new RegExp(`DynamoDB table ${store.table}, S3 bucket ${store.bucket}`));
    assert.equal((await connect({ url: server.url }).health()).engine, "aws");
  });
});

test("two servers and a program without a server share one log: each reads what the others wrote, also while it waits", async () => {
  const names = await aws.createStore();
  const [first, second] = await Promise.all([serve(names), serve(names, ["--linger", "5"])]);
  const direct = connectDirectly(names);
  try {
    const [one, two] = [connect({ url: first.url }), connect({ url: second.url })];
    await one.topics.create({ name: "shared" });
    const waiting = two.fetch({ topic: "shared", partition: 0, from: { offset: 0 }, waitMs: 20_000 });
    const producer = direct.producer({ topic: "shared" });
    assert.deepEqual(await producer.send({ key: "k", value: "from a program" }), { partition: 0, offset: 0 });
    await producer.close();
    assert.deepEqual(
      (await waiting).records.map(({ value }) => value),
      ["from a program"],
    );
    const through = one.producer({ topic: "shared" });
    await through.send({ value: "through a server" });
    await through.close();
    const seen: unknown[] = [];
    for await (const { value } of direct.consume({ topic: "shared", from: "earliest", until: "end" })) seen.push(value);
    assert.deepEqual(seen, ["from a program", "through a server"]);
  } finally {
    await direct.close();
    await Promise.all([first.stop(), second.stop()]);
  }
});

test("two servers serve one group session by turns: each request goes to the other one", async () => {
  const names = await aws.createStore();
  const servers = await Promise.all([serve(names), serve(names)]);
  let turn = 0;
  const log = connect({
    url: servers[0].url,
    fetch: (url, init) => fetch(url.replace(servers[0].url, servers[turn++ % 2]?.url ?? ""), init),
  });
  try {
    await log.topics.create({ name: "turns", partitions: 4 });
    const producer = log.producer({ topic: "turns" });
    await Promise.all(Array.from({ length: 40 }, (_, i) => producer.send({ key: `k${i}`, value: i })));
    await producer.close();
    const options = { group: "by-turns", topics: ["turns"], autoOffsetReset: "earliest", format: "json", enableAutoCommit: false } as const;
    const read = async (count: number): Promise<readonly unknown[]> => {
      const seen: unknown[] = [];
      for await (const { value } of log.consumer(options)) {
        if (seen.push(value) < count) continue;
        break;
      }
      return seen;
    };
    const consumer = log.consumer(options);
    const first: unknown[] = [];
    for await (const { value } of consumer) {
      first.push(value);
      await consumer.commit();
      if (first.length === 25) break;
    }
    assert.deepEqual((await log.groups.get("by-turns")).members, [], "it has left");
    const second = await read(15);
    assert.deepEqual(
      [...first, ...second].map(Number).sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i),
      "each record once: what was committed through one server is known to the other",
    );
    assert.ok(turn > 40, `${turn} requests`);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
});

test("a store that is not there is named at the start, and nothing is served", async () => {
  for (const [names, what] of [
    [{ ...store, table: "no-such-table" }, /The table no-such-table cannot be used/],
    [{ ...store, bucket: "no-such-bucket" }, /The bucket no-such-bucket cannot be used/],
  ] as const) {
    await assert.rejects(serve(names), what);
  }
  await assert.rejects(startServerProcess({ data: "unused", args: ["--engine", "aws"], env: variables() }), /needs --table and --bucket/);
  const elsewhere: Record<string, string> = { ...variables(), AWS_CONFIG_FILE: "none", AWS_SHARED_CREDENTIALS_FILE: "none" };
  delete elsewhere["AWS_REGION"];
  delete process.env["AWS_REGION"];
  const args = ["--engine", "aws", "--table", store.table, "--bucket", store.bucket];
  await assert.rejects(startServerProcess({ data: "unused", args, env: elsewhere }), /There is no AWS region: give one/);
  process.env["AWS_REGION"] = emulatorRegion;
});

test("what a client was told before kill -9 of its server is there afterwards", async () => {
  const names = await aws.createStore();
  let server = await serve(names);
  const log = connect({ url: server.url });
  await log.topics.create({ name: "killed", partitions: 4 });
  const producer = log.producer({ topic: "killed" });
  const sent = await Promise.all(Array.from({ length: 200 }, (_, i) => producer.send({ key: `k${i % 10}`, value: `v${i}` })));
  await server.stop("SIGKILL");
  server = await serve(names);
  try {
    const found = new Map<string, unknown>();
    for await (const record of connect({ url: server.url }).consume({ topic: "killed", from: "earliest", until: "end" })) {
      found.set(`${record.partition}:${record.offset}`, record.value);
    }
    for (const [i, { partition, offset }] of sent.entries()) assert.equal(found.get(`${partition}:${offset}`), `v${i}`);
    assert.equal(found.size, sent.length);
  } finally {
    await server.stop();
  }
  await assert.rejects(log.topics.list(), LogError);
});
