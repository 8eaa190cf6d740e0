import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { createLog } from "../../lib/log/create-log.ts";
import type { Log } from "../../lib/log/log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { hostRule } from "../../lib/server/hosts.ts";
import { startServer } from "../../lib/server/index.ts";

const json = { "content-type": "application/json" };

function memoryLog(): Log {
  return createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
}

describe("starting and closing", () => {
  test("nothing but loopback is listened on", async () => {
    for (const host of ["0.0.0.0", "::", "192.168.0.1", "example.com"]) {
      await assert.rejects(startServer({ log: memoryLog(), host, port: 0 }), (error: Error) => /loopback|credentials/.test(error.message));
    }
  });

  test("a port that is taken is told", async () => {
    const server = await startServer({ log: memoryLog(), port: 0 });
    await assert.rejects(startServer({ log: memoryLog(), port: server.port }), { code: "unavailable" });
    await server.close();
  });

  test("closing ends waits and streams, answers what runs, and closes the log; twice is harmless", async () => {
    const log = memoryLog();
    let closed = 0;
    let waiting = (): void => undefined;
    const waits = new Promise<void>((resolve) => (waiting = resolve));
    const server = await startServer({
      log: {
        ...log,
        fetch: (topic, partition, request) => {
          if ((request.waitMs ?? 0) > 0) waiting();
          return log.fetch(topic, partition, request);
        },
        close: () => {
          closed++;
          return log.close();
        },
      },
      port: 0,
    });
    await fetch(`${server.url}/v1/topics`, { method: "POST", headers: json, body: '{"name":"t"}' });
    const poll = fetch(`${server.url}/v1/topics/t/partitions/0/records?wait=30000`);
    const stream = await fetch(`${server.url}/v1/topics/t/records`, { headers: { accept: "text/event-stream" } });
    const streamed = stream.text();
    await waits;
    await Promise.all([server.close(), server.close()]);
    assert.equal((await poll).status, 200);
    assert.match(await streamed, /^retry: /);
    assert.equal(closed, 1);
    await assert.rejects(fetch(`${server.url}/health`));
  });

  test("either an engine or a log is served", async () => {
    await assert.rejects(startServer({ port: 0 }), { code: "invalid_request" });
  });

  test("a host rule knows loopback names by their port alone", () => {
    const rule = hostRule(() => 80, ["other"], false);
    assert.ok(rule("localhost"));
    assert.ok(rule("[::1]:80"));
    assert.ok(!rule("localhost:8080"));
    assert.ok(rule("other:5"));
    assert.ok(!rule("::1"));
    assert.ok(!rule(""));
    assert.ok(!rule("10.1.2.3"));
  });

  test("where others reach it, an address with its port is a host too, and a name is not", () => {
    const rule = hostRule(() => 7070, ["log.example.com"], true);
    for (const host of ["10.1.2.3:7070", "[2001:db8::1]:7070", "localhost:7070", "log.example.com", "log.example.com:443"])
      assert.ok(rule(host));
    for (const host of ["10.1.2.3", "10.1.2.3:7071", "evil.example:7070", "10.1.2.3.evil.example:7070", "1.2.3:7070"])
      assert.ok(!rule(host));
  });
});
