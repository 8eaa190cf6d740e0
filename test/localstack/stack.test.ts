/**
 * The stack as its users meet it: `cdk deploy` to an empty account, requests signed with SigV4 through both front doors to functions that run, a change, a
 * rotation, a rollback, and its end.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { signedFetch } from "../../lib/aws/signed-fetch.ts";
import { connect, type Fetch } from "../../lib/client/index.ts";
import type { TopicBody } from "../../lib/http/wire.ts";
import { startLocalstack } from "../../scripts/emulators/localstack.ts";
import type { Emulator } from "../../scripts/emulators/emulator.ts";
import { httpCases } from "../../lib/testing/conformance/http.ts";
import { Api } from "../../lib/testing/conformance/http/target.ts";
import { inOnePiece, type KnownCases, queryOpened } from "../e2e/known-cases.ts";
import { Cdk, type Outputs } from "./cdk.ts";
import { checkDataset } from "./dataset.ts";
import { type Door, functionUrlDoor, loopbackFetch, restDoor, root, signed, target } from "./doors.ts";
import { buildPrevious } from "./previous-build.ts";
import { describeTable, invoke } from "./services.ts";

let localstack: Emulator;
let cdk: Cdk;
let outputs: Outputs;
let url: Door;
let rest: Door;

const use = (deployed: Outputs): void => {
  outputs = deployed;
  url = functionUrlDoor(deployed.FunctionUrl);
  rest = restDoor(deployed.RestUrl, localstack.endpoint);
};

before(async () => {
  localstack = await startLocalstack();
  cdk = new Cdk(localstack.endpoint);
  await timed("bootstrap", () => cdk.bootstrap());
  use(await timed("deploy", () => cdk.deploy()));
});
after(() => localstack.stop());

/** Says how long a step took: the suite's figures. */
async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  process.stdout.write(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return result;
}

test("a declared topic is there", async () => {
  const topic = await new Api(target(url)).json<{ partitions: number }>("/topics/orders");
  assert.equal(topic.partitions, 2);
});

test("what nobody signed is refused at the door", async () => {
  for (const door of [url, rest]) {
    const response = await loopbackFetch(`${door.url}/v1/topics`, { method: "GET" });
    assert.equal(response.status, 403);
    assert.doesNotMatch(await response.text(), /orders/);
  }
});

/** Beside what a front door cannot do: LocalStack. */
const emulated: KnownCases = {
  ...inOnePiece,
  "an escaped slash is part of a name, and broken escapes are refused": "LocalStack opens the path's escapes",
  "a form is refused": "LocalStack reads forms itself",
  "a compressed body is refused": "LocalStack opens it itself",
  "a query with broken percent-encoding is refused": "the signer refuses it first",
};

for (const [name, doorOf, known] of [
  [
    "the function URL",
    () => url,
    { ...emulated, "ids may have the characters that part a path, escaped": "LocalStack opens the path's escapes" },
  ],
  ["the REST API", () => rest, { ...emulated, ...queryOpened }],
] as const) {
  describe(`the HTTP cases through ${name}`, () => {
    for (const { name: caseName, run } of httpCases) {
      const reason = (known as KnownCases)[caseName];
      if (reason === undefined) test(caseName, () => run(target(doorOf())));
      else test(`${caseName}: not here, ${reason}`, () => assert.rejects(run(target(doorOf()))));
    }
  });
}

test("what a newcomer does first: curl signs, produces and fetches", async () => {
  const { host, hostname, port } = new URL(url.url);
  const sign = ["--silent", "--show-error", "--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", "test:test"];
  const curl = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)("curl", [...sign, "--resolve", `${hostname}:${port}:127.0.0.1`, ...args])).stdout;
  const body = '{"records":[{"key":"alice","value":"one book"}]}';
  const produced = await curl(`http://${host}/v1/topics/orders/records`, "--json", body);
  assert.match(produced, /^\{"offsets":\[\{"partition":\d,"offset":0\}\]\}$/);
  const { partition } = (JSON.parse(produced) as { offsets: [{ partition: number }] }).offsets[0];
  assert.match(await curl(`http://${host}/v1/topics/orders/partitions/${partition}/records?offset=0`), /"value":"one book"/);
});

test("20,000 real records through the function URL, byte for byte", async () => {
  await checkDataset(connect({ url: url.url, fetch: signed(url) }));
});

const clerkTo = (door: Door): Api =>
  new Api(target(door, signed(door, { accessKeyId: outputs.ClerkKeyId, secretAccessKey: outputs.ClerkSecret })));

test("the clerk may write to orders, and nothing else", async () => {
  for (const door of [url, rest]) {
    const api = clerkTo(door);
    await api.produce("orders", [{ value: "by the clerk" }]);
    await api.refused(403, "forbidden", "/topics/orders/partitions/0/records");
    await api.refused(403, "forbidden", "/topics/orders", { method: "DELETE" });
    await api.refused(403, "forbidden", "/topics/no-such-topic/partitions/0/records");
    await api.refused(403, "forbidden", "/acls");
  }
});

test("a signature over another body, for another service or by nobody's key is refused", async () => {
  const path = `${url.url}/v1/topics/orders/records`;
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"records":[{"value":"x"}]}' };
  const before = await new Api(target(url)).highWatermarks("orders");
  const tampering: Fetch = (address, sent) => loopbackFetch(address, { ...sent, body: init.body.replace("x", "y") });
  const senders = [
    signedFetch({ service: "lambda", region: "us-east-1", credentials: root, fetch: tampering }),
    signed({ ...url, service: "execute-api" }),
    signed(url, { accessKeyId: "AKIANOBODY", secretAccessKey: "test" }),
    signed(url, { accessKeyId: "test", secretAccessKey: "guess" }),
  ];
  for (const send of senders) assert.equal((await send(path, init)).status, 403);
  assert.deepEqual(await new Api(target(url)).highWatermarks("orders"), before);
});

/** All records of a topic, by place. */
async function contents(topic: string): Promise<readonly string[]> {
  const api = new Api(target(url));
  const marks = await api.highWatermarks(topic);
  const pages = await Promise.all(marks.map((_, partition) => api.read(topic, "?limit=10000", partition)));
  return pages.flatMap(({ records }, partition) => records.map(({ offset, value }) => `${partition}/${offset}=${String(value)}`));
}

test("a changed stack is deployed over existing data: topics grow, appear, and keep their records", async () => {
  const before = await contents("orders");
  use(await timed("deploy a change", () => cdk.deploy({ changed: "true" })));
  const orders = await new Api(target(url)).json<TopicBody>("/topics/orders");
  assert.equal(orders.partitions, 4);
  assert.equal(orders.config["retention.ms"], "-1");
  assert.deepEqual(await new Api(target(url)).highWatermarks("returns"), [0]);
  assert.deepEqual(await contents("orders"), before);
});

test("the clerk's key is rotated: the new one is let in, the old one no more", async () => {
  const old = clerkTo(url);
  await old.produce("orders", [{ value: "old key" }]);
  use(await timed("rotate", () => cdk.deploy({ changed: "true", key: "2" })));
  assert.equal((await old.send("/topics/orders")).status, 403);
  await clerkTo(url).produce("orders", [{ value: "new key" }]);
});

test("the previous build reads what this one wrote, and this one what it wrote", async () => {
  const before = await contents("orders");
  const previous = await timed("build the previous functions", () => buildPrevious());
  try {
    use(await timed("roll back", () => cdk.deploy({ changed: "true", key: "2", functions: previous.folder })));
    assert.deepEqual(await contents("orders"), before);
    await new Api(target(url)).produce("orders", [{ value: "by the previous build", partition: 3 }]);
    use(await timed("roll forward", () => cdk.deploy({ changed: "true", key: "2" })));
    const after = await contents("orders");
    assert.deepEqual(after.slice(0, before.length), before);
    assert.match(after.slice(before.length).join(), /^3\/\d+=by the previous build$/);
  } finally {
    await previous.remove();
  }
});

test("the janitor runs", async () => {
  const report = await invoke(localstack.endpoint, outputs.JanitorFunctionName);
  assert.equal(report["isComplete"], true);
  assert.equal(report["failures"], 0);
});

test("a declaration that is taken back deletes its topic only if it was told to", async () => {
  use(await timed("deploy the first state again", () => cdk.deploy({ key: "2" })));
  const api = new Api(target(url));
  await api.refused(404, "unknown_topic_or_partition", "/topics/returns");
  assert.equal((await api.json<TopicBody>("/topics/orders")).partitions, 4, "it never shrinks");
});

test("destroy", async () => {
  await timed("destroy", () => cdk.destroy());
  await assert.rejects(
    describeTable(localstack.endpoint, outputs.TableName),
    (error: unknown) => error instanceof Error && error.name === "ResourceNotFoundException",
  );
});
