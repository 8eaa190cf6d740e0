import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../lib/core/limits.ts";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import type { TopicDetailBody } from "../../lib/http/wire.ts";
import { createLog } from "../../lib/log/create-log.ts";
import type { Log } from "../../lib/log/log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { type RunningServer, startServer } from "../../lib/server/index.ts";
import { mutateBytes } from "../../scripts/fuzz/mutate.ts";
import { SeededRandom } from "../../scripts/fuzz/random.ts";

const json = { "content-type": "application/json" };

function memoryLog(): Log {
  return createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
}

/** Sends bytes as they are and gives all that comes back until the server ends the connection. */
async function talk(port: number, text: string, whileOpen?: (socket: Socket) => void): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  let answer = "";
  socket.on("data", (piece) => (answer += String(piece)));
  socket.write(text);
  whileOpen?.(socket);
  await once(socket, "close");
  return answer;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 1_000; turn++) {
    if (condition()) return;
    await delay(5);
  }
  assert.fail(`never came: ${what}`);
}

describe("a server on sockets", () => {
  let server: RunningServer;
  let waiting = 0;
  before(async () => {
    const log = memoryLog();
    const counted: Log = {
      ...log,
      async fetch(topic, partition, request) {
        const waits = (request.waitMs ?? 0) > 0;
        if (waits) waiting++;
        try {
          return await log.fetch(topic, partition, request);
        } finally {
          if (waits) waiting--;
        }
      },
    };
    server = await startServer({ log: counted, port: 0, allowedHosts: ["Stratalog.test", "proxy:81"] });
    await fetch(`${server.url}/v1/topics`, { method: "POST", headers: json, body: '{"name":"t"}' });
  });
  after(() => server.close());

  const head = (path: string, headers: string, method = "GET"): string => `${method} ${path} HTTP/1.1\r\n${headers}\r\n\r\n`;

  test("only its own host names are served", async () => {
    const hosts: Readonly<Record<string, number>> = {
      [`127.0.0.1:${server.port}`]: 200,
      [`LOCALHOST:${server.port}`]: 200,
      [`[::1]:${server.port}`]: 200,
      "stratalog.test": 200,
      "stratalog.test:9": 200,
      "proxy:81": 200,
      "proxy:82": 403,
      localhost: 403,
      "localhost:1": 403,
      "evil.example": 403,
      [`evil.example:${server.port}`]: 403,
      [`127.0.0.1.evil.example:${server.port}`]: 403,
      [`localhost:${server.port}:1`]: 403,
      "": 403,
    };
    for (const [host, status] of Object.entries(hosts)) {
      const answer = await talk(server.port, head("/health", `host: ${host}\r\nconnection: close`));
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), host);
      if (status === 403) assert.match(answer, /"code":"forbidden"/);
    }
    assert.match(await talk(server.port, "GET /health HTTP/1.0\r\n\r\n"), /^HTTP\/1.1 403 /);
  });

  test("a page that the server serves itself may use it, one of another port may not", async () => {
    const get = (origin: string) =>
      talk(server.port, head("/health", `host: localhost:${server.port}\r\norigin: ${origin}\r\nconnection: close`));
    assert.match(await get(`http://localhost:${server.port}`), /^HTTP\/1.1 200 /);
    assert.match(await get("http://localhost:1"), /^HTTP\/1.1 403 /);
    assert.match(await get(`http://127.0.0.1:${server.port}`), /^HTTP\/1.1 403 /);
  });

  test("a body that is announced too large is refused before it is sent", async () => {
    const headers = `host: localhost:${server.port}\r\ncontent-type: application/json\r\ncontent-length: ${limits.requestBytesMax + 1}`;
    const answer = await talk(server.port, head("/v1/topics/t/records", headers, "POST"), (socket) => {
      socket.once("data", () => socket.end());
    });
    assert.match(answer, /^HTTP\/1.1 413 /);
    const expecting = await talk(server.port, head("/v1/topics/t/records", `${headers}\r\nexpect: 100-continue`, "POST"), (socket) => {
      socket.once("data", () => socket.end());
    });
    assert.match(expecting, /^HTTP\/1.1 413 [^]*connection: close/i, "no 100 Continue before it, and no request after it");
  });

  test("a client that asks before it sends is told to go on", async () => {
    const body = '{"records":[{"value":"continued"}]}';
    const headers = `host: localhost:${server.port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\nconnection: close`;
    const answer = await talk(server.port, head("/v1/topics/t/records", headers, "POST"), (socket) => {
      socket.once("data", () => socket.write(body));
    });
    assert.match(answer, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  });

  test("a body without a length is cut off at the limit", async () => {
    const answer = await new Promise<{ readonly status: number | undefined; readonly sent: number }>((resolve, reject) => {
      let sent = 0;
      let answered = false;
      const request = httpRequest(`${server.url}/v1/topics/t/records`, { method: "POST", headers: json }, (response) => {
        answered = true;
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode, sent }));
      });
      request.on("error", reject);
      const piece = Buffer.alloc(1024 * 1024, 0x20);
      const push = (): void => {
        if (answered || sent > 10 * limits.requestBytesMax) {
          request.end();
          return;
        }
        sent += piece.length;
        request.write(piece, () => setImmediate(push));
      };
      push();
    });
    assert.equal(answer.status, 413);
    assert.ok(answer.sent < 4 * limits.requestBytesMax);
  });

  test("a bad line is told while the rest of its request is still being sent", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(
        `${server.url}/v1/topics/t/records`,
        { method: "POST", headers: { "content-type": "application/x-ndjson" } },
        (response) => {
          let text = `${response.statusCode} `;
          response.on("data", (piece) => (text += String(piece)));
          response.on("end", () => resolve(text));
        },
      );
      request.on("error", reject);
      request.write('{"valeu":1}\n');
      for (let nth = 0; nth < 20; nth++) request.write(`{"value":"${"x".repeat(1_000_000)}"}\n`);
      request.end();
    });
    assert.match(answer, /^400 [^]*"line":1/);
  });

  test("whatever bytes come, the server goes on", async () => {
    const random = new SeededRandom(11);
    const body = '{"records":[{"value":"x"}]}';
    const good = [
      head("/health", `host: localhost:${server.port}`),
      `${head("/v1/topics/t/records", `host: localhost:${server.port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`, "POST")}${body}`,
      `${head("/v1/topics/t/records", `host: localhost:${server.port}\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked`, "POST")}d\r\n{"value":"x"}\r\n0\r\n\r\n`,
    ];
    for (let nth = 0; nth < 400; nth++) {
      const bytes = mutateBytes(random, Buffer.from(random.pick(good)));
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      let answer = "";
      socket.on("data", (piece) => (answer += String(piece)));
      socket.end(bytes);
      await once(socket, "close");
      assert.doesNotMatch(answer, /HTTP\/1.1 5/, JSON.stringify(Buffer.from(bytes).toString("latin1")));
    }
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
  });

  test("requests that share a connection are answered in order, also after an error", async () => {
    const one = (path: string, last = false): string => head(path, `host: localhost:${server.port}${last ? "\r\nconnection: close" : ""}`);
    const answer = await talk(server.port, one("/health") + one("/nope") + one("/v1/topics?limit=1", true));
    assert.deepEqual(answer.match(/HTTP\/1.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 200"]);
  });

  test("a connection answers one request at a time, however many it asks for", async () => {
    const poll = head("/v1/topics/t/partitions/0/records?offset=latest&wait=30000", `host: localhost:${server.port}`);
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(poll.repeat(5));
    await until(() => waiting === 1, "a wait");
    await delay(20);
    assert.equal(waiting, 1);
    socket.resetAndDestroy();
    await until(() => waiting === 0, "the end of the wait");
    await delay(20);
    assert.equal(waiting, 0, "nobody waits for the others");
  });

  test("a request that ends in what is no HTTP may be in the log, and is told so", async () => {
    await fetch(`${server.url}/v1/topics`, { method: "POST", headers: json, body: '{"name":"broken"}' });
    const body = '{"records":[{"value":"x"}]}';
    const headers = `host: localhost:${server.port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    const whole = await talk(server.port, `${head("/v1/topics/broken/records", headers, "POST")}${body}\x00\r\n\r\n`);
    assert.match(whole, /^HTTP\/1.1 400 [^]*"outcome":"unknown"/);
    const lines = `{"value":"${"x".repeat(1_000)}"}\n`.repeat(2_000);
    const chunked = `host: localhost:${server.port}\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked`;
    const start = `${head("/v1/topics/broken/records", chunked, "POST")}${lines.length.toString(16)}\r\n${lines}\r\n`;
    const partly = await talk(server.port, start, (socket) => {
      void delay(100).then(() => socket.write("no chunk\r\n"));
    });
    assert.match(partly, /^HTTP\/1.1 400 [^]*"outcome":"unknown"/);
    const found = (await (await fetch(`${server.url}/v1/topics/broken`)).json()) as TopicDetailBody;
    assert.ok((found.partitionDetails[0]?.highWatermark ?? 0) > 1, "a piece of it is there");
  });

  test("nothing is written into an answer that has begun", async () => {
    const headers = `host: localhost:${server.port}\r\naccept: text/event-stream`;
    const answer = await talk(server.port, head("/v1/topics/t/partitions/0/records", headers), (socket) => {
      socket.once("data", () => socket.write("\x00\r\n\r\n"));
    });
    assert.deepEqual(answer.match(/HTTP\/1.1 \d+/g), ["HTTP/1.1 200"]);
  });

  test("what is no HTTP gets an answer that says so", async () => {
    assert.match(await talk(server.port, "\x16\x03\x01 hello\r\n\r\n"), /^HTTP\/1.1 400 [^]*"code":"invalid_request"/);
    const long = head("/health", `host: localhost:${server.port}\r\nx: ${"x".repeat(limits.requestHeadersBytesMax)}`);
    assert.match(await talk(server.port, long), /^HTTP\/1.1 431 [^]*"code":"invalid_request"/);
  });

  test("HEAD has the headers of GET and no body", async () => {
    const answer = await talk(server.port, head("/health", `host: localhost:${server.port}\r\nconnection: close`, "HEAD"));
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
    assert.ok(answer.endsWith("\r\n\r\n"));
  });

  test("a long poll and a stream end when their client goes away", async () => {
    for (const accept of ["application/json", "text/event-stream"]) {
      const leave = new AbortController();
      const query = accept === "application/json" ? "?offset=latest&wait=30000" : "";
      const gone = fetch(`${server.url}/v1/topics/t/partitions/0/records${query}`, { headers: { accept }, signal: leave.signal })
        .then((response) => response.text())
        .then(
          () => "answered",
          () => "left",
        );
      await until(() => waiting === 1, "a wait");
      leave.abort();
      assert.equal(await gone, "left");
      await until(() => waiting === 0, "the end of the wait");
    }
  });

  test("a body that breaks off changes nothing", async () => {
    const headers = `host: localhost:${server.port}\r\ncontent-type: application/json\r\ncontent-length: 1000`;
    const marks = async (): Promise<unknown> => (await fetch(`${server.url}/v1/topics/t`)).json();
    const prior = await marks();
    await talk(server.port, `${head("/v1/topics/t/records", headers, "POST")}{"records":[{"value":"x"}]}`, (socket) => {
      setImmediate(() => socket.resetAndDestroy());
    });
    assert.deepEqual(await marks(), prior);
  });

  test("a client that reads slowly holds back the stream, not the server's memory", async () => {
    await fetch(`${server.url}/v1/topics`, { method: "POST", headers: json, body: '{"name":"big"}' });
    const body = JSON.stringify({ records: [{ value: "x".repeat(900_000) }] });
    for (let nth = 0; nth < 40; nth++) await fetch(`${server.url}/v1/topics/big/records`, { method: "POST", headers: json, body });
    const response = await fetch(`${server.url}/v1/topics/big/partitions/0/records?offset=0`, { headers: { accept: "text/event-stream" } });
    assert.ok(response.body);
    let bytes = 0;
    let ids = 0;
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      bytes += piece.length;
      ids += piece.split("id: ").length - 1;
      if (bytes > 39 * 900_000) break;
      await delay(0);
    }
    assert.ok(ids >= 38);
  });

  test("large answers make room for others once they are read, or their client is gone", async () => {
    const path = "/v1/topics/big/partitions/0/records?maxBytes=16777216&limit=10000";
    const accept = "application/vnd.stratalog.record-batch";
    const headers = `host: localhost:${server.port}\r\naccept: ${accept}`;
    for (let bytes = 0; bytes < 1.1 * limits.answerBytesInFlightMax; ) {
      await talk(server.port, head(path, headers), (socket) => socket.once("data", () => socket.resetAndDestroy()));
      const response = await fetch(`${server.url}${path}`, { headers: { accept } });
      assert.equal(response.status, 200);
      bytes += 2 * (await response.arrayBuffer()).byteLength;
    }
  });
});
