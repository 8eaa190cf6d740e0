/** Requests of callers with every right but bad intent, or of their browsers: refused, with nothing changed, and served again right after. */
import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { after, before, describe, test } from "node:test";
import { limits } from "../../lib/core/limits.ts";
import { rawBatch } from "../unit/core/codec/raw-batch.ts";
import { admin, type Attack, get, json, post, raw } from "./attack.ts";
import { consumerAttacks } from "./consumer-attacks.ts";
import { adminToken, allowedPage, secrets, sendRaw, type Target, targets } from "./targets.ts";

const records = "/v1/topics/own/records";
const beats = "/v1/groups/evil/members/eve";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const zeros = new Uint8Array(limits.batchDecompressedBytesMax + 1);
const bomb = (attributes: number, packed: Uint8Array): Uint8Array => rawBatch({ attributes, records: Uint8Array.from(packed) });
/** Says in its first bytes that it opens to 4 GiB. */
const snappyBomb = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0x00);
const nested = (depth: number): string => `{"records":[{"value":${"[".repeat(depth)}${"]".repeat(depth)}}]}`;

const attacks: readonly Attack[] = [
  ...[
    "..",
    ".",
    "../../etc/passwd",
    "..%2f..",
    "%2e%2e",
    "a/../own",
    "own\u0000",
    "own\r\nx: y",
    "C:\\own",
    "~root",
    "$(id)",
    "'; DROP",
    "o\u0301wn",
  ].map((name) => post(`a topic named ${JSON.stringify(name)}`, "/v1/topics", JSON.stringify({ name }), 400)),
  get("dots in the path", "/v1/topics/%2e%2e/hidden-orders", [400, 404]),
  get("an escaped slash in the path", "/v1/topics/..%2fhidden-orders", [400, 404]),
  get("a null character in the path", "/v1/topics/own%00", [400, 404]),
  get("a line break in the path", "/v1/topics/own%0d%0aset-cookie:%20a=b", [400, 404]),
  get("a path without the version", "/topics/own", 404),
  get("two slashes", "//v1/topics", 404),
  get("a partition below zero", "/v1/topics/own/partitions/-1/records", 400),
  get("a partition of 20 digits", "/v1/topics/own/partitions/99999999999999999999/records", 400),
  get("a partition with an exponent", "/v1/topics/own/partitions/1e9/records", 400),
  { ...get("a token's id that climbs", "/v1/tokens/..%2f..%2facls", [400, 404]), method: "DELETE" },
  get("an offset beyond every number", "/v1/topics/own/partitions/0/records?offset=99999999999999999999", 400),
  get("a limit that is no number", "/v1/topics/own/partitions/0/records?limit=NaN", 400),
  get("a wait of a day", "/v1/topics/own/partitions/0/records?wait=86400000", 400),
  get("a parameter twice", "/v1/topics/own/partitions/0/records?offset=0&offset=1", 400),
  post("a prototype in a topic", "/v1/topics", '{"name":"evil","__proto__":{"partitions":9}}', 400),
  post("a prototype in a topic's config", "/v1/topics", '{"name":"evil","config":{"__proto__":"1"}}', 400),
  post("a constructor in a topic's config", "/v1/topics", '{"name":"evil","config":{"constructor":"1"}}', 400),
  post("a prototype in a record", records, '{"records":[{"value":1,"__proto__":{"partition":0}}]}', 400),
  post("a prototype in an ACL", "/v1/acls", '{"acls":[{"__proto__":{"principal":"User:eve"}}]}', 400),
  post("a prototype in a token", "/v1/tokens", '{"principal":"User:eve","__proto__":{"scopes":[]}}', 400),
  post("a token for an AWS identity", "/v1/tokens", '{"principal":"User:arn:aws:iam::123456789012:role/Admin"}', 400),
  post(
    "an ACL with a line break in its principal",
    "/v1/acls",
    '{"acls":[{"resourceType":"TOPIC","resourceName":"own","principal":"User:a\\nb","operation":"READ","permission":"ALLOW"}]}',
    400,
  ),
  get("a group that climbs", "/v1/groups/..%2f..%2facls", [400, 404]),
  get("a null character in a group", "/v1/groups/hidden%00", 400),
  get("a line break in a group", "/v1/groups/own%0d%0aset-cookie:%20a=b/lag", 400),
  post("a line break in a member", "/v1/groups/evil/members/eve%0d%0aset-cookie:%20a=b", '{"topics":["own"]}', 400),
  get("a generation beyond every number", "/v1/groups/hidden-readers/offsets?member=vault-1&generation=99999999999999999999", 400),
  post("a prototype in a beat", beats, '{"topics":["own"],"__proto__":{"session":"x"}}', 400),
  post("a prototype in what a beat holds", beats, '{"topics":["own"],"held":{"__proto__":{"length":1}}}', 400),
  post("a session that never ends", beats, '{"topics":["own"],"sessionTimeoutMs":9007199254740991}', 400),
  post(
    "a member of more topics than one may read",
    beats,
    JSON.stringify({ topics: Array.from({ length: 1_001 }, (_, nth) => `t${nth}`) }),
    400,
  ),
  post(
    "a prototype in a commit",
    "/v1/groups/evil/offsets",
    '{"offsets":[{"topic":"own","partition":0,"offset":0,"__proto__":{"metadata":"x"}}]}',
    400,
  ),
  post(
    "a commit for a topic named as a prototype",
    "/v1/groups/evil/offsets",
    '{"offsets":[{"topic":"__proto__","partition":0,"offset":0}]}',
    404,
  ),
  post(
    "a commit for a partition beyond every number",
    "/v1/groups/evil/offsets",
    '{"offsets":[{"topic":"own","partition":1e300,"offset":0}]}',
    400,
  ),
  post(
    "a prototype in a transaction's record",
    `${beats}/transactions`,
    '{"generation":1,"offsets":[{"topic":"own","partition":0,"offset":1}],"records":[{"topic":"own","value":1,"__proto__":{"partition":0}}]}',
    400,
  ),
  post(
    "a transaction whose record is for a topic named as a prototype",
    `${beats}/transactions`,
    '{"generation":1,"offsets":[{"topic":"own","partition":0,"offset":1}],"records":[{"topic":"__proto__","value":1}]}',
    404,
  ),
  post(
    "a transaction with a line break in its id",
    `${beats}/transactions`,
    '{"id":"x\\r\\ny","generation":1,"offsets":[{"topic":"own","partition":0,"offset":1}]}',
    400,
  ),
  post(
    "a commit of nobody for a group with members",
    "/v1/groups/hidden-readers/offsets",
    '{"offsets":[{"topic":"own","partition":0,"offset":0}]}',
    409,
  ),
  ...consumerAttacks,
  post("values nested deep", records, nested(limits.jsonDepthMax + 1), 400),
  post("values nested 100,000 deep", records, nested(100_000), 400),
  post("a body that is 200,000 brackets", records, "[".repeat(200_000), 400),
  post("a number of 100,000 digits in place of a partition", records, `{"records":[{"value":1,"partition":${"9".repeat(100_000)}}]}`, 400),
  post("a body over the limit", records, new Uint8Array(limits.requestBytesMax + 1), 413),
  post("more records than a request takes", records, `{"records":[${'{"value":1},'.repeat(limits.requestRecordsMax)}{"value":1}]}`, 413),
  post("a gzip bomb", `${records}?partition=0`, bomb(1, gzipSync(zeros)), 400, raw),
  post("a zstd bomb", `${records}?partition=0`, bomb(4, zstdCompressSync(zeros)), 400, raw),
  post("a snappy bomb", `${records}?partition=0`, bomb(2, snappyBomb), 400, raw),
  post("an lz4 frame that is none", `${records}?partition=0`, bomb(3, bytes("\u0004\u0022\u004d\u0018xxxxxxxx")), 400, raw),
  post("a bomb within a bomb", `${records}?partition=0`, bomb(1, gzipSync(gzipSync(zeros))), 400, raw),
  post(
    "a batch that says it is 2 GB long",
    `${records}?partition=0`,
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff),
    400,
    raw,
  ),
  post("a form", records, "records=evil", 415, { ...admin, "content-type": "application/x-www-form-urlencoded" }),
  post("JSON said to be text, as a page may send it", records, '{"records":[{"value":"x"}]}', 415, {
    ...admin,
    "content-type": "text/plain",
  }),
  post("a producer's id that is none", records, '{"records":[{"value":"x"}]}', 400, {
    ...json,
    "producer-id": "1 OR 1=1",
    "producer-seq": "0",
  }),
  ...[
    "https://evil.example.com",
    "null",
    `${allowedPage}.evil.com`,
    allowedPage.replace("https", "http"),
    `${allowedPage}:8443`,
    allowedPage.slice(0, -1),
  ].map((origin) => get(`a page on ${origin}`, "/v1/topics", 403, { ...admin, origin })),
  get("a page of another site", "/v1/topics", 403, { ...admin, "sec-fetch-site": "cross-site" }),
  get("a page of a sibling site", "/v1/topics", 403, { ...admin, "sec-fetch-site": "same-site" }),
  {
    ...get("the question of a page on another origin whether it may", "/v1/topics", [401, 403], {
      origin: "https://evil.example.com",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    }),
    method: "OPTIONS",
  },
];

for (const [way, open] of Object.entries(targets)) {
  describe(`through ${way}`, () => {
    let target: Target;
    before(async () => {
      target = await open();
    });
    after(() => target.close());

    for (const { name, status, path, method = "GET", headers = {}, body } of attacks) {
      test(`${name} is refused`, async () => {
        const before = await target.snapshot();
        const response = await fetch(target.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
        const text = await response.text();
        const allowed = typeof status === "number" ? [status] : status;
        assert.ok(allowed.includes(response.status), `${response.status} ${text.slice(0, 300)}`);
        assert.equal(response.headers.get("access-control-allow-origin"), null);
        assert.equal(response.headers.get("set-cookie"), null);
        assert.ok(!text.includes("classified") && !text.includes(adminToken));
        assert.doesNotMatch(text, /\n\s+at |node_modules|\/lib\//, "no stack, no path");
        assert.deepEqual(await target.snapshot(), before, "nothing changed");
        const again = await fetch(`${target.url}/v1/topics`, { headers: admin });
        assert.equal(again.status, 200, "it serves on");
        assert.equal(({} as { partitions?: unknown }).partitions, undefined, "no object has got new fields");
        await again.arrayBuffer();
      });
    }
  });
}

describe("bytes that no HTTP client sends, to a server", () => {
  let target: Target;
  let port = "";
  before(async () => {
    const open = targets["a server"];
    assert.ok(open);
    target = await open();
    ({ port } = new URL(target.url));
  });
  after(() => target.close());

  const auth = `authorization: Bearer ${adminToken}`;
  const request = (lines: readonly string[]): string => `${lines.join("\r\n")}\r\nconnection: close\r\n\r\n`;
  const cases: Readonly<Record<string, () => string>> = {
    "another host's name": () => request(["GET /v1/topics HTTP/1.1", "host: evil.example.com", auth]),
    "a name that only ends like this machine's": () => request(["GET /v1/topics HTTP/1.1", `host: localhost.evil.com:${port}`, auth]),
    "a name that only begins like this machine's": () => request(["GET /v1/topics HTTP/1.1", `host: 127.0.0.1.evil.com:${port}`, auth]),
    "this machine's name with another port": () => request(["GET /v1/topics HTTP/1.1", "host: localhost:1", auth]),
    "a host with a user in it": () => request(["GET /v1/topics HTTP/1.1", `host: localhost:${port}@evil.com`, auth]),
    "an empty host": () => request(["GET /v1/topics HTTP/1.1", "host: ", auth]),
    "no host": () => request(["GET /v1/topics HTTP/1.1", auth]),
    "two hosts": () => request(["GET /v1/topics HTTP/1.1", `host: localhost:${port}`, "host: evil.example.com", auth]),
    "another host, and this one as the forwarded": () =>
      request(["GET /v1/topics HTTP/1.1", "host: evil.example.com", `x-forwarded-host: localhost:${port}`, auth]),
    "the whole URL of another host": () =>
      request(["GET http://evil.example.com/v1/topics/hidden-orders HTTP/1.1", "host: evil.example.com", auth]),
    "two authorizations": () => request(["GET /v1/topics HTTP/1.1", `host: localhost:${port}`, auth, "authorization: Bearer x"]),
    "a line break within a header": () => request(["GET /v1/topics HTTP/1.1", `host: localhost:${port}`, "x: a\rb", auth]),
    "a null character in a header": () => request(["GET /v1/topics HTTP/1.1", `host: localhost:${port}`, "x: a\u0000b", auth]),
    "two lengths": () =>
      request([`POST ${records} HTTP/1.1`, `host: localhost:${port}`, auth, "content-length: 5", "content-length: 6"]) + "hello",
    "a length and chunks": () =>
      request([`POST ${records} HTTP/1.1`, `host: localhost:${port}`, auth, "content-length: 5", "transfer-encoding: chunked"]) +
      "0\r\n\r\n",
    "headers of 100 KB": () => request(["GET /v1/topics HTTP/1.1", `host: localhost:${port}`, auth, `x: ${"a".repeat(100_000)}`]),
    "5,000 headers": () =>
      request(["GET /v1/topics HTTP/1.1", `host: localhost:${port}`, auth, ...Array.from({ length: 5_000 }, (_, at) => `x${at}: y`)]),
    "another protocol": () => "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n",
  };
  for (const [name, make] of Object.entries(cases)) {
    test(`${name}: refused`, async () => {
      const before = await target.snapshot();
      const { status, text } = await sendRaw(target.url, make());
      assert.ok(status >= 400 && status < 500, `${status}: ${text.slice(0, 300)}`);
      for (const secret of secrets) assert.ok(!text.includes(secret) || secret === "hidden-orders", name);
      assert.deepEqual(await target.snapshot(), before);
      assert.equal((await fetch(`${target.url}/v1/topics`, { headers: admin })).status, 200);
    });
  }

  test("what a caller sends as its trace id does not become a header", async () => {
    const text = request([
      "GET /v1/topics HTTP/1.1",
      `host: localhost:${port}`,
      auth,
      "traceparent: 00-evil\tset-cookie",
      "x-request-id: evil",
    ]);
    const answer = await sendRaw(target.url, text);
    assert.equal(answer.status, 200);
    assert.doesNotMatch(answer.text.split("\r\n\r\n")[0] ?? "", /evil/);
  });
});
