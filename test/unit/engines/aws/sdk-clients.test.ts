import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { sdkBucket } from "../../../../lib/engines/aws/sdk-bucket.ts";
import { awsClients } from "../../../../lib/engines/aws/sdk-clients.ts";
import { sdkTable } from "../../../../lib/engines/aws/sdk-table.ts";

const key = { pk: "p", sk: "s" };

interface Served {
  readonly table: ReturnType<typeof sdkTable>;
  readonly bucket: ReturnType<typeof sdkBucket>;
  readonly requests: () => number;
}

/** Runs the test against a service that does this with every request. */
async function against(serve: RequestListener, test: (served: Served) => Promise<void>, maxAttempts?: number): Promise<void> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    serve(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { dynamodb, s3 } = awsClients({
    region: "local",
    endpoint: { dynamodb: endpoint, s3: endpoint },
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestTimeoutMs: 200,
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  });
  try {
    await test({ table: sdkTable(dynamodb, "t"), bucket: sdkBucket(s3, "b"), requests: () => requests });
  } finally {
    dynamodb.destroy();
    s3.destroy();
    server.closeAllConnections();
    server.close();
  }
}

const unknown = { name: "StoreFault", kind: "unknown" };

describe("the clients of the AWS services", () => {
  it("send once, whatever the answer", async () => {
    await against(
      (_request, response) => response.writeHead(500).end(),
      async ({ table, bucket, requests }) => {
        await assert.rejects(table.update(key, { update: "REMOVE a" }), unknown);
        await assert.rejects(bucket.put("k", new Uint8Array(1), "w"), unknown);
        assert.equal(requests(), 2);
      },
    );
  });

  it("send again only for a test that asks for it", async () => {
    await against(
      (_request, response) => response.writeHead(500).end(),
      async ({ table, requests }) => {
        await assert.rejects(table.update(key, { update: "REMOVE a" }), unknown);
        assert.equal(requests(), 2);
      },
      2,
    );
  });

  it("give up in time when there is no answer, and when it stops in the middle", async () => {
    await against(
      () => undefined,
      async ({ table, bucket, requests }) => {
        const begun = performance.now();
        await Promise.all([
          assert.rejects(table.update(key, { update: "REMOVE a" }), unknown),
          assert.rejects(bucket.put("k", new Uint8Array(1), "w"), unknown),
        ]);
        assert.ok(performance.now() - begun < 5_000);
        assert.equal(requests(), 2);
      },
    );
    await against(
      (_request, response) => response.writeHead(200, { "content-length": "10" }).write("12345"),
      async ({ table, bucket }) => {
        await assert.rejects(bucket.get("k"), unknown);
        await assert.rejects(table.get(key), unknown);
      },
    );
  });

  it("do not know what a reset connection did", async () => {
    await against(
      (request) => request.socket.destroy(),
      async ({ table, bucket, requests }) => {
        await assert.rejects(table.update(key, { update: "REMOVE a" }), unknown);
        await assert.rejects(bucket.put("k", new Uint8Array(1), "w"), unknown);
        assert.equal(requests(), 2);
      },
    );
  });

  it("know that nothing was done when no connection was made", async () => {
    const { dynamodb, s3 } = awsClients({
      region: "local",
      endpoint: { dynamodb: "http://127.0.0.1:1", s3: "http://127.0.0.1:1" },
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      requestTimeoutMs: 5_000,
    });
    await assert.rejects(sdkTable(dynamodb, "t").get(key), { name: "StoreFault", kind: "unreachable" });
    await assert.rejects(sdkBucket(s3, "b").get("k"), { name: "StoreFault", kind: "unreachable" });
  });

  it("know that a refusal without a readable body is one", async () => {
    await against(
      (_request, response) => response.writeHead(403, { "content-type": "text/html" }).end("<html>no</html>"),
      async ({ table, bucket }) => {
        await assert.rejects(table.get(key), { name: "StoreFault", kind: "refused" });
        await assert.rejects(bucket.get("k"), { name: "StoreFault", kind: "refused" });
      },
    );
  });
});
