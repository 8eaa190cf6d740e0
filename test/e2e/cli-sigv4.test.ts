/** `--sigv4`: what the command sends is signed as AWS's description of SigV4 has it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { type ReceivedRequest, signatureOf, signedPartsOf } from "../unit/aws/verify-signature.ts";
import { runCommand } from "./run-command.ts";

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const aws = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: secret,
  AWS_REGION: "eu-central-1",
  AWS_EC2_METADATA_DISABLED: "true",
};
const received: ReceivedRequest[] = [];
let server: Server;
let url: string;

before(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      received.push({ method: request.method!, url: request.url!, headers, body: Buffer.concat(chunks) });
      response.setHeader("content-type", "application/json").end('{"topics":[],"acls":[]}');
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.close();
});

async function sent(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ReceivedRequest> {
  const before = received.length;
  const { code, stderr } = await runCommand(args, { url, env });
  assert.equal(code, 0, stderr);
  assert.equal(received.length, before + 1);
  return received.at(-1)!;
}

test("requests are signed with the credentials of the environment, bodies too", async () => {
  for (const request of [
    await sent(["topics", "list", "--prefix", "a.b", "--sigv4", "on"], aws),
    await sent(["acls", "add", "--principal", "User:ci", "--producer", "--topic", "orders"], { ...aws, STRATALOG_SIGV4: "on" }),
  ]) {
    const parts = signedPartsOf(request);
    assert.equal(parts.accessKeyId, "AKIDEXAMPLE");
    assert.match(parts.scope, /^\d{8}\/eu-central-1\/lambda\/aws4_request$/);
    assert.equal(parts.signature, signatureOf(request, secret, parts));
  }
});

test("a server that is not Amazon's gets no signature unasked, and a token is sent as it is", async () => {
  assert.equal((await sent(["topics", "list"], aws)).headers["authorization"], undefined);
  assert.equal((await sent(["topics", "list"], { ...aws, STRATALOG_TOKEN: "slt_x" })).headers["authorization"], "Bearer slt_x");
});

test("without credentials, or without a region, nothing is sent and what is missing is said", async () => {
  const none = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_SHARED_CREDENTIALS_FILE: "/nowhere", AWS_CONFIG_FILE: "/nowhere" };
  const count = received.length;
  const unsigned = await runCommand(["topics", "list", "--sigv4", "on"], { url, env: { ...aws, ...none } });
  assert.equal(unsigned.code, 1);
  assert.match(unsigned.stderr, /no AWS credentials to sign with.*\(unauthenticated\)/s);
  const nowhere = await runCommand(["topics", "list", "--sigv4", "on"], { url, env: { ...aws, AWS_REGION: "" } });
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /no AWS region to sign for/);
  assert.equal(received.length, count);
});
