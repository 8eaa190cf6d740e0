import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { serverTelemetry, startServer } from "../../../lib/server/index.ts";
import { samplesOf } from "./samples.ts";

const json = { "content-type": "application/json" };
const batch = "application/vnd.stratalog.record-batch";

interface Tools {
  readonly url: string;
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
  readonly samples: () => Promise<ReadonlyMap<string, number>>;
}

async function withServer(work: (tools: Tools) => Promise<void>) {
  const telemetry = serverTelemetry({
    metrics: true,
    level: "error",
    format: "json",
    clock: nodeClock,
    random: nodeRandom,
    write: () => undefined,
  });
  const server = await startServer({ engine: createMemoryEngine(), port: 0, telemetry });
  const ask = (path: string, init?: RequestInit) => fetch(`${server.url}/v1${path}`, init);
  try {
    await work({ url: server.url, ask, samples: async () => samplesOf(await (await ask("/metrics")).text()) });
  } finally {
    await server.close();
  }
}

const post = (body: string) => ({ method: "POST", headers: json, body });

describe("GET /metrics tells", () => {
  test("requests, errors, records and bytes, as they were", () =>
    withServer(async ({ ask, samples }) => {
      await ask("/topics", post('{"name":"orders"}'));
      await ask("/topics/orders/records", post('{"records":[{"value":1},{"value":2},{"value":3}]}'));
      const retried = { ...post('{"records":[{"value":4}]}'), headers: { ...json, "producer-id": "7", "producer-seq": "1" } };
      assert.equal((await ask("/topics/orders/records", retried)).status, 200);
      assert.equal((await ask("/topics/orders/records", retried)).status, 200);
      const read = await ask("/topics/orders/partitions/0/records", { headers: { accept: batch } });
      const stored = (await read.arrayBuffer()).byteLength;
      assert.equal((await ask("/topics/none/partitions/0/records")).status, 404);
      assert.equal((await ask("/topics/orders/partitions/0/records?offset=99")).status, 416);
      assert.equal((await ask("/topics/orders", { method: "PUT" })).status, 405);
      assert.equal((await ask("/topics", { ...post("{}"), headers: { ...json, origin: "http://elsewhere" } })).status, 403);
      const told = await samples();
      const expected: Readonly<Record<string, number>> = {
        'stratalog_requests_total{operation="createTopic",status="2xx"}': 1,
        'stratalog_requests_total{operation="produce",status="2xx"}': 3,
        'stratalog_requests_total{operation="fetch",status="2xx"}': 1,
        'stratalog_requests_total{operation="fetch",status="4xx"}': 2,
        'stratalog_requests_total{operation="none",status="4xx"}': 2,
        'stratalog_request_seconds_count{operation="produce"}': 3,
        'stratalog_errors_total{code="unknown_topic_or_partition"}': 1,
        'stratalog_errors_total{code="offset_out_of_range"}': 1,
        'stratalog_errors_total{code="method_not_allowed"}': 1,
        'stratalog_errors_total{code="forbidden"}': 1,
        'stratalog_auth_refusals_total{code="forbidden"}': 1,
        stratalog_produce_records_total: 4,
        stratalog_produce_bytes_total: stored,
        stratalog_fetch_records_total: 4,
        stratalog_fetch_bytes_total: stored,
        stratalog_commit_seconds_count: 3,
        stratalog_server_errors_total: 0,
      };
      for (const [sample, value] of Object.entries(expected)) assert.equal(told.get(sample), value, sample);
    }));

  test("open connections and streams", () =>
    withServer(async ({ ask, samples, url }) => {
      await ask("/topics", post('{"name":"orders"}'));
      const stream = get(`${url}/v1/topics/orders/records`, { headers: { accept: "text/event-stream" } });
      const [response] = (await once(stream, "response")) as [IncomingMessage];
      await once(response, "data");
      const told = await samples();
      assert.equal(told.get("stratalog_open_streams"), 1);
      assert.ok((told.get("stratalog_open_connections") ?? 0) >= 2, "the stream's and this one");
      stream.destroy();
      for (let turn = 0; (await samples()).get("stratalog_open_streams") !== 0; turn++) assert.ok(turn < 200, "the stream ends");
    }));

  test("nothing where no metrics are kept, and then requests have no trace id", async () => {
    const telemetry = serverTelemetry({
      metrics: false,
      level: "info",
      format: "json",
      clock: nodeClock,
      random: nodeRandom,
      write: () => undefined,
    });
    const server = await startServer({ engine: createMemoryEngine(), port: 0, telemetry });
    const response = await fetch(`${server.url}/metrics`);
    assert.equal(response.status, 404);
    assert.match(await response.text(), /start it with --metrics on/);
    assert.equal(response.headers.get("x-request-id"), null);
    await server.close();
  });
});
