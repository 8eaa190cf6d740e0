import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { LogError, signedFetch, type SignedFetchOptions } from "../../../lib/aws/index.ts";
import { isAmazonUrl, signedHostOf } from "../../../lib/aws/signed-fetch-host.ts";
import { connect, type Fetch } from "../../../lib/client/index.ts";
import { type ReceivedRequest, sha256, signatureOf, signedPartsOf } from "./verify-signature.ts";

/** Of AWS's published examples. */
const suite = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const documented = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const nothing = new Uint8Array();

test("this test's own reading of SigV4 has the signatures that AWS has published", () => {
  const scope = "20150830/us-east-1/service/aws4_request";
  const plain = { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z" };
  const signed = (request: Partial<ReceivedRequest>, signedHeaders = ["host", "x-amz-date"], of = scope) =>
    signatureOf({ method: "GET", url: "/", headers: plain, body: nothing, ...request }, suite.secretAccessKey, {
      scope: of,
      signedHeaders,
    });
  assert.equal(signed({}), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  assert.equal(signed({ method: "POST" }), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  assert.equal(signed({ url: "/?Param2=value2&Param1=value1" }), "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  assert.equal(signed({ url: "/ሴ" }), "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  const iam = {
    url: "/?Action=ListUsers&Version=2010-05-08",
    headers: {
      host: "iam.amazonaws.com",
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      "x-amz-date": "20150830T123600Z",
    },
  };
  assert.equal(
    signed(iam, ["content-type", "host", "x-amz-date"], "20150830/us-east-1/iam/aws4_request"),
    "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  );
});

/** A `fetch` that keeps what it was given. */
function capturing(): { readonly requests: ReceivedRequest[]; readonly fetch: Fetch } {
  const requests: ReceivedRequest[] = [];
  const fetch: Fetch = async (address, init) => {
    const url = new URL(address);
    const body = new Uint8Array(await new Response(init.body ?? null).arrayBuffer());
    const headers = { ...Object.fromEntries(new Headers(init.headers)), host: url.host };
    requests.push({ method: init.method ?? "GET", url: address.slice(url.origin.length), headers, body });
    return Response.json({ topics: [] });
  };
  return { requests, fetch };
}

function assertSigned(request: ReceivedRequest, secret: string, scopeEnd: string): void {
  const parts = signedPartsOf(request);
  assert.ok(parts.scope.endsWith(scopeEnd), parts.scope);
  assert.equal(parts.signature, signatureOf(request, secret, parts), request.url);
  assert.equal(request.headers["x-amz-content-sha256"], sha256(request.body));
  for (const name of ["host", "x-amz-date", "x-amz-content-sha256"]) assert.ok(parts.signedHeaders.includes(name), name);
}

test("AWS's documented request with a body's hash gets its documented signature", async () => {
  const { requests, fetch } = capturing();
  const options = { region: "us-east-1", service: "s3", credentials: documented, now: () => new Date("2013-05-24T00:00:00Z"), fetch };
  await signedFetch(options)("https://examplebucket.s3.amazonaws.com/test.txt", { method: "GET", headers: { Range: "bytes=0-9" } });
  assert.equal(
    requests[0]!.headers["authorization"],
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, " +
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
});

const functionUrl = "https://abcdefghij0123456789.lambda-url.eu-west-1.on.aws";

test("what the SDK sends is signed as a server would check it: bodies, paths, times and cursors in queries", async () => {
  const { requests, fetch } = capturing();
  const credentials = { ...suite, sessionToken: "of+a/session==" };
  const log = connect({ url: functionUrl, fetch: signedFetch({ credentials, fetch }) });
  await log.topics.list({ prefix: "a.b_c-", cursor: "QUJD+/8=" });
  await log.topics.create({ name: "orders", config: { "retention.ms": 1 } });
  await log.topics.get("a/b ü!'()*").catch(() => undefined);
  await log.offsets("orders", new Date("2026-01-01T00:00:00Z")).catch(() => undefined);
  assert.equal(requests.length, 4);
  for (const request of requests) {
    assertSigned(request, suite.secretAccessKey, "/eu-west-1/lambda/aws4_request");
    assert.equal(request.headers["x-amz-security-token"], "of+a/session==");
    assert.ok(signedPartsOf(request).signedHeaders.includes("x-amz-security-token"));
  }
  assert.equal(requests[0]!.url, "/v1/topics?prefix=a.b_c-&cursor=QUJD%2B%2F8%3D");
  assert.equal(requests[2]!.url, "/v1/topics/a%2Fb%20%C3%BC%21%27%28%29%2A");
  const other = { ...requests[1]!, body: new TextEncoder().encode('{"name":"others"}') };
  const parts = signedPartsOf(other);
  assert.notEqual(parts.signature, signatureOf(other, suite.secretAccessKey, parts));
});

test("encodings of a URL that say the same are sent in one way, and a plus sign stays one", async () => {
  const { requests, fetch } = capturing();
  const signed = signedFetch({ credentials: suite, fetch });
  for (const query of ["offset=@2026-01-01T00:00:00+01:00&b&a=2&a=1", "offset=%402026-01-01T00%3A00%3A00%2B01%3A00&b=&a=2&a=1"]) {
    await signed(`${functionUrl}/v1/topics/t/records?${query}`, { method: "GET" });
  }
  for (const request of requests) {
    assertSigned(request, suite.secretAccessKey, "/eu-west-1/lambda/aws4_request");
    assert.equal(request.url, "/v1/topics/t/records?offset=%402026-01-01T00%3A00%3A00%2B01%3A00&b=&a=2&a=1");
  }
});

test("over a real connection: the server gets the host that was signed for, with its port", async () => {
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      received.push({ method: request.method!, url: request.url!, headers, body: Buffer.concat(chunks) });
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stage`;
    const log = connect({ url, fetch: signedFetch({ region: "us-east-1", service: "execute-api", credentials: async () => suite }) });
    await log.topics.create({ name: "orders" });
    await log.topics.list({ prefix: "a*" });
  } finally {
    server.close();
  }
  assert.deepEqual(
    received.map(({ method, url }) => `${method} ${url}`),
    ["POST /stage/v1/topics", "GET /stage/v1/topics?prefix=a%2A"],
  );
  for (const request of received) assertSigned(request, suite.secretAccessKey, "/us-east-1/execute-api/aws4_request");
});

test("service and region are what the host tells, unless they are given", async () => {
  assert.deepEqual(signedHostOf("X.lambda-url.us-gov-west-1.on.aws"), { service: "lambda", region: "us-gov-west-1" });
  assert.deepEqual(signedHostOf("x.execute-api.cn-north-1.amazonaws.com.cn"), { service: "execute-api", region: "cn-north-1" });
  assert.deepEqual(signedHostOf("x.lambda-url.us-east-1.localhost.localstack.cloud"), { service: "lambda", region: "us-east-1" });
  assert.deepEqual(signedHostOf("x.execute-api.localhost.localstack.cloud"), { service: "execute-api", region: undefined });
  assert.equal(signedHostOf("log.example.com"), undefined);
  const { requests, fetch } = capturing();
  const through = async (url: string, options: SignedFetchOptions) =>
    await signedFetch({ credentials: suite, fetch, ...options })(url, { method: "GET" });
  await through(functionUrl, { region: "us-west-2", service: "execute-api" });
  assertSigned(requests[0]!, suite.secretAccessKey, "/us-west-2/execute-api/aws4_request");
});

test("only Amazon's own addresses over TLS are signed for unasked", () => {
  for (const url of [functionUrl, `${functionUrl}/`, "https://x1.execute-api.eu-west-1.amazonaws.com/prod"])
    assert.ok(isAmazonUrl(url), url);
  for (const url of [
    "http://x.lambda-url.eu-west-1.on.aws",
    "https://x.lambda-url.eu-west-1.on.aws.example.com",
    "https://lambda-url.eu-west-1.on.aws",
    "https://x.execute-api.eu-west-1.amazonaws.com.evil.example",
    "https://example.com/x.lambda-url.eu-west-1.on.aws",
    "not a URL",
  ]) {
    assert.equal(isAmazonUrl(url), false, url);
  }
});

test("what cannot be signed is told before anything is sent", async () => {
  const { requests, fetch } = capturing();
  const rejected = async (code: string, url: string, options: SignedFetchOptions, init: RequestInit = {}) => {
    await assert.rejects(signedFetch({ credentials: suite, fetch, ...options })(url, init), (error: unknown) => {
      assert.ok(error instanceof LogError);
      assert.equal(error.code, code, error.message);
      return true;
    });
  };
  await rejected("invalid_request", functionUrl, {}, { headers: { Authorization: "Bearer x" } });
  await rejected("invalid_request", functionUrl, {}, { method: "POST", body: new FormData() });
  await rejected("invalid_request", `${functionUrl}/%ff`, {});
  await rejected("unauthenticated", functionUrl, { credentials: () => Promise.reject(new Error("no profile")) });
  const { AWS_REGION: region, AWS_DEFAULT_REGION: other } = process.env;
  delete process.env["AWS_REGION"];
  delete process.env["AWS_DEFAULT_REGION"];
  try {
    await rejected("invalid_config", "https://log.example.com", {});
    process.env["AWS_REGION"] = "sa-east-1";
    await signedFetch({ credentials: suite, fetch })("https://log.example.com/", {});
  } finally {
    if (region === undefined) delete process.env["AWS_REGION"];
    else process.env["AWS_REGION"] = region;
    if (other !== undefined) process.env["AWS_DEFAULT_REGION"] = other;
  }
  assert.equal(requests.length, 1);
  assertSigned(requests[0]!, suite.secretAccessKey, "/sa-east-1/lambda/aws4_request");
});
