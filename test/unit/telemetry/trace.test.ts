import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createAwsEngine } from "../../../lib/engines/aws/index.ts";
import { StoreFault } from "../../../lib/engines/aws/table.ts";
import { createNodeServer } from "../../../lib/server/node-shell.ts";
import { createApp } from "../../../lib/http/app.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { SimBucket } from "../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../lib/testing/sim/aws/sim-table.ts";
import { type Between, tableBehind } from "../engines/aws/support.ts";
import { telemetryForTests } from "./support.ts";

const json = { "content-type": "application/json" };
const hex = "4bf92f3577b34da6a3ce929d0e0e4736";

async function withServer(
  work: (url: string, told: ReturnType<typeof telemetryForTests>) => Promise<void>,
  { between = (_, run) => run(), lingerMs = 0 }: { readonly between?: Between; readonly lingerMs?: number } = {},
) {
  const told = telemetryForTests();
  const { telemetry } = told;
  const table = tableBehind(between, new SimTable(nodeClock));
  const engine = createAwsEngine(
    { table, bucket: new SimBucket(nodeClock), clock: nodeClock, random: nodeRandom },
    { telemetry, lingerMs },
  );
  const log = createLog(engine, { clock: nodeClock, random: nodeRandom, compression: nodeCompression, telemetry });
  const closing = new AbortController();
  const server = createNodeServer(createApp(log, { compression: nodeCompression, telemetry }), closing.signal);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  try {
    await work(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/v1`, told);
  } finally {
    server.closeAllConnections();
    server.close();
    await log.close();
  }
}

async function produce(url: string, headers: Readonly<Record<string, string>> = {}, query = ""): Promise<Response> {
  const records = [{ key: "a", value: 1, partition: 0 }, ...(query === "" ? [] : [{ key: "b", value: 2, partition: 1 }])];
  const response = await fetch(`${url}/topics/orders/records${query}`, {
    method: "POST",
    headers: { ...json, ...headers },
    body: JSON.stringify({ records }),
  });
  assert.equal(response.status, 200, await response.text());
  return response;
}

const createOrders = (url: string) =>
  fetch(`${url}/topics`, { method: "POST", headers: json, body: '{"name":"orders","partitions":2,"partitionsPerShard":1}' });

describe("a trace id goes from the request to the commit", () => {
  test("of a W3C traceparent, to the answer and to the line of the commit that carried it", () =>
    withServer(async (url, { lines }) => {
      await createOrders(url);
      const response = await produce(url, { traceparent: `00-${hex}-00f067aa0ba902b7-01` });
      assert.equal(response.headers.get("x-request-id"), hex);
      const commit = lines("commit").find(({ traceIds }) => traceIds?.includes(hex));
      assert.ok(commit);
      assert.match(commit.shard ?? "", /^[^/]+\/0$/);
      assert.deepEqual([commit.level, commit.seq, commit.entries, commit.traceId], ["debug", 0, 1, undefined]);
      assert.ok((commit.bytes ?? 0) > 60 && (commit.durationMs ?? -1) >= 0);
      const append = lines("append").find(({ traceId }) => traceId === hex);
      assert.deepEqual([append?.shard, append?.seq, append?.records], [commit.shard, commit.seq, 1]);
      const request = lines("request").find(({ traceId }) => traceId === hex);
      assert.deepEqual([request?.operation, request?.topic, request?.status], ["produce", "orders", 200]);
    }));

  test("of each request that shares a commit", () =>
    withServer(
      async (url, { lines }) => {
        await createOrders(url);
        await produce(url);
        const ids = (await Promise.all([1, 2, 3, 4].map(() => produce(url)))).map((response) => response.headers.get("x-request-id"));
        assert.equal(new Set(ids).size, 4);
        const carried = lines("commit").flatMap(({ traceIds = [] }) => traceIds);
        assert.equal(new Set(carried).size, carried.length, "each in one commit");
        for (const id of ids) assert.ok(carried.includes(id ?? ""), `${id} was carried`);
        const shared = lines("commit").some(({ entries = 0, traceIds }) => entries > 1 && entries === traceIds?.length);
        assert.ok(shared, "a commit was shared");
      },
      { lingerMs: 250 },
    ));

  test("of an atomic request, to the commit of each shard", () =>
    withServer(async (url, { lines }) => {
      await createOrders(url);
      const id = (await produce(url, {}, "?atomic=true")).headers.get("x-request-id") ?? "";
      const shards = lines("commit").flatMap(({ shard = "", traceIds }) => (traceIds?.includes(id) ? [shard.split("/")[1]] : []));
      assert.deepEqual(shards.toSorted(), ["0", "1"]);
    }));

  test("of AWS's X-Amzn-Trace-Id where there is no valid traceparent, else a new one", () =>
    withServer(async (url) => {
      const ask = async (headers: Record<string, string>) => (await fetch(`${url}/health`, { headers })).headers.get("x-request-id");
      const aws = { "x-amzn-trace-id": "Self=1-67891234-12456789abcdef012345678a;Root=1-67891233-abcdef012345678912345678;Sampled=1" };
      assert.equal(await ask(aws), "67891233abcdef012345678912345678");
      const invalid = [
        `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
        `00-${hex}-${"0".repeat(16)}-01`,
        `ff-${hex}-00f067aa0ba902b7-01`,
        `00-${hex.toUpperCase()}-00f067aa0ba902b7-01`,
        `00-${hex}`,
        "secret",
      ];
      for (const traceparent of invalid) {
        assert.equal(await ask({ traceparent, ...aws }), "67891233abcdef012345678912345678", traceparent);
        const made = await ask({ traceparent });
        assert.match(made ?? "", /^[0-9a-f]{32}$/);
        assert.notEqual(made, hex);
      }
      assert.notEqual(await ask({}), await ask({}));
    }));

  test("a commit that got no clear answer is counted and logged", () => {
    let isLost = false;
    const between: Between = async (call, run) => {
      const isCommit = isLost && call.op === "update" && call.change?.update.includes("tail") === true;
      if (!isCommit) return run();
      isLost = false;
      await run();
      throw new StoreFault("unknown", "the answer was lost");
    };
    return withServer(
      async (url, { lines, sum }) => {
        await createOrders(url);
        await produce(url);
        isLost = true;
        const id = (await produce(url)).headers.get("x-request-id") ?? "";
        assert.deepEqual([sum("AmbiguousCommits"), sum("CommitRetries")], [1, 0]);
        assert.deepEqual(
          lines("commit-ambiguous").map(({ level, entries }) => [level, entries]),
          [["warn", 1]],
        );
        assert.ok(lines("commit").some(({ traceIds }) => traceIds?.includes(id)));
      },
      { between },
    );
  });
});
