import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createAwsEngine } from "../../../lib/engines/aws/index.ts";
import { LogError } from "../../../lib/core/errors.ts";
import { createApp } from "../../../lib/http/app.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { safeFields } from "../../../lib/telemetry/log-fields.ts";
import { httpCases } from "../../../lib/testing/conformance/http.ts";
import { SimBucket } from "../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../lib/testing/sim/aws/sim-table.ts";
import { telemetryForTests } from "./support.ts";

/** What stands in everything that must not be logged. */
const planted = "PlantedSecret";
const fieldNames = [
  "level",
  "time",
  "event",
  "traceId",
  "operation",
  "topic",
  "shard",
  "status",
  "code",
  "durationMs",
  "seq",
  "entries",
  "records",
  "bytes",
  "traceIds",
];

describe("no payload and no credential gets into a log", () => {
  const { telemetry, written, lines } = telemetryForTests("debug");
  const storage = { table: new SimTable(nodeClock), bucket: new SimBucket(nodeClock), clock: nodeClock, random: nodeRandom };
  const log = createLog(createAwsEngine(storage, { telemetry }), {
    clock: nodeClock,
    random: nodeRandom,
    compression: nodeCompression,
    telemetry,
  });
  const app = createApp(log, { compression: nodeCompression, telemetry });
  after(() => log.close());
  const sent = new Set<string>();

  /** Every request with secrets in its headers; what it holds is remembered. */
  const through = async (request: Request): Promise<Response> => {
    request.headers.set("authorization", `Bearer ${planted}`);
    request.headers.set("cookie", `session=${planted}`);
    request.headers.set("x-amz-security-token", planted);
    if (!request.headers.has("traceparent")) request.headers.set("traceparent", planted);
    for (const [, value] of new URL(request.url).searchParams) sent.add(value);
    return await app.fetch(request);
  };

  describe("of the black-box cases", () => {
    for (const { name, run } of httpCases) test(name, () => run({ baseUrl: "http://in.process", fetch: through }));
  });

  test("of requests that are refused, and of records in each form", async () => {
    const send = (method: string, path: string, body?: string, type = "application/json") =>
      through(
        new Request(`http://in.process/v1${path}`, {
          method,
          headers: { "content-type": type, "producer-id": "1", "producer-seq": "1" },
          ...(body !== undefined && { body }),
        }),
      );
    const statuses: number[] = [];
    const say = async (...request: Parameters<typeof send>) => statuses.push((await send(...request)).status);
    await say("POST", "/topics", '{"name":"secrets"}');
    await say(
      "POST",
      "/topics/secrets/records",
      JSON.stringify({ records: [{ key: planted, value: planted, headers: { [planted]: planted } }] }),
    );
    await say("POST", "/topics/secrets/records", `{"records":[{"value":${planted}}]}`);
    await say("POST", "/topics/secrets/records", `{"value":"${planted}"}\n${planted}\n`, "application/x-ndjson");
    await say("POST", "/topics/secrets/records", planted, "application/vnd.stratalog.record-batch");
    await say("GET", `/topics/secrets/records?token=${planted}`);
    await say("GET", `/topics/${planted}!/partitions/0/records?X-Amz-Signature=${planted}`);
    await say("GET", `/${planted}`);
    await say("PATCH", "/topics/secrets", `{"config":{"${planted}":"${planted}"}}`);
    await say("GET", "/topics/secrets/partitions/0/records");
    assert.deepEqual(statuses, [201, 200, 400, 400, 400, 400, 400, 404, 400, 200]);
  });

  test("looked for in all that was written", () => {
    assert.ok(
      lines("request").length > 300 && lines("commit").length > 50,
      `${lines("request").length} requests, ${lines("commit").length} commits`,
    );
    for (const line of written) {
      assert.ok(!line.toLowerCase().includes(planted.toLowerCase()), line);
      const fields = Object.keys(JSON.parse(line) as object).filter((name) => !fieldNames.includes(name));
      assert.deepEqual(fields, [], line);
    }
    // Topics of the cases may be named, by a prefix too.
    const long = [...sent].filter((value) => value.length > 12 && !value.startsWith("conformance-"));
    assert.ok(long.length > 0);
    for (const value of long) assert.ok(!written.some((line) => line.includes(value)), value);
  });
});

test("a fault is logged by its class and where it was thrown, not by what it says", async () => {
  const { telemetry, lines } = telemetryForTests("info");
  const log = createLog(
    createAwsEngine({ table: new SimTable(nodeClock), bucket: new SimBucket(nodeClock), clock: nodeClock, random: nodeRandom }),
    { clock: nodeClock, random: nodeRandom, compression: nodeCompression },
  );
  const parse = async () => JSON.parse(`{"password":${planted}}`) as never;
  const app = createApp({ ...log, watermarks: parse, topics: { ...log.topics, get: parse } }, { compression: nodeCompression, telemetry });
  const response = await app.fetch(new Request("http://in.process/v1/topics/orders"));
  const { error } = (await response.json()) as { readonly error: Readonly<Record<string, string>> };
  assert.equal(error["code"], "internal");
  assert.equal(error["traceId"], response.headers.get("x-request-id"), "which its client can quote");
  const [line] = lines("fault");
  assert.deepEqual(
    [line?.level, line?.traceId, line?.fault?.code, line?.fault?.class],
    ["error", error["traceId"], "internal", "SyntaxError"],
  );
  assert.ok(line?.fault?.frames.some((frame) => frame.includes("redaction.test.ts")));
  assert.ok(!JSON.stringify(line).includes(planted));
  await log.close();
});

test("damaged bytes are logged with their place", () => {
  const fault = new LogError("corrupt_log", "journal-0.log is damaged at byte 4096");
  assert.deepEqual((safeFields({ fault })["fault"] as { place: string }).place, fault.message);
});

test("a field that does not look as it should is left out, whatever its type says", () => {
  const fields = { topic: "a b", operation: "fetch?x=1", shard: "x", code: "no code", status: Number.NaN, traceIds: ["x"], value: planted };
  assert.deepEqual(safeFields(fields as unknown as Parameters<typeof safeFields>[0]), { traceIds: [] });
});
