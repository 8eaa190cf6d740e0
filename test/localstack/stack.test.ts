/**
 * The stack as its users meet it: `cdk deploy` to an empty account, requests signed with SigV4 through both front doors to functions that run, a change, a
 * rotation, a rollback, and its end.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startLocalstack } from "../../scripts/emulators/localstack.ts";
import type { Emulator } from "../../scripts/emulators/emulator.ts";
import { httpCases } from "../../lib/testing/conformance/http.ts";
import { Api } from "../../lib/testing/conformance/http/target.ts";
import { inOnePiece, type KnownCases, queryOpened } from "../e2e/known-cases.ts";
import { Cdk, type Outputs } from "./cdk.ts";
import { type Door, functionUrlDoor, loopbackFetch, restDoor, signed, target } from "./doors.ts";

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
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
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
  "a query with broken percent-encoding is refused": "the signer refuses it first",
};

for (const [name, doorOf, known] of [
  ["the function URL", () => url, emulated],
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

test("the clerk may write to orders, and nothing else", async () => {
  const credentials = { accessKeyId: outputs.ClerkKeyId, secretAccessKey: outputs.ClerkSecret };
  for (const door of [url, rest]) {
    const api = new Api(target(door, signed(door, credentials)));
    await api.produce("orders", [{ value: "by the clerk" }]);
    await api.refused(403, "forbidden", "/topics/orders/partitions/0/records");
    await api.refused(403, "forbidden", "/topics/orders", { method: "DELETE" });
  }
});

test("destroy", () => cdk.destroy());
