/** From a changed head to the function and, where that fails, to the queue: the two handlers over a log, with Lambda and SQS as a server. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { headKey } from "../../../../lib/engines/aws/keys.ts";
import { createMemoryEngine } from "../../../../lib/engines/memory/index.ts";
import { deliverHandler } from "../../../../lib/lambda/delivery/deliver-handler.ts";
import { lambdaCarrier } from "../../../../lib/lambda/delivery/lambda-carrier.ts";
import { type RouterEvent, routerHandler } from "../../../../lib/lambda/delivery/router-handler.ts";
import type { Delivery } from "../../../../lib/log/consumers/consumers.ts";
import { createLog } from "../../../../lib/log/create-log.ts";
import type { Log } from "../../../../lib/log/log.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import { against, type Received, type Service, source } from "./aws-service.ts";

const target = "arn:aws:lambda:eu-west-1:123456789012:function:billing";
const onFailure = "arn:aws:sqs:eu-west-1:123456789012:dead";
const settle = (): Promise<void> => Promise.resolve();

/** Offsets and texts of an event's records. */
function recordsOf(body: string): readonly string[] {
  const { records } = JSON.parse(body) as { readonly records: Record<string, { readonly offset: number; readonly value: string }[]> };
  return Object.entries(records).flatMap(([partition, list]) =>
    list.map(({ offset, value }) => `${partition}@${offset} ${Buffer.from(value, "base64").toString()}`),
  );
}

/** A function that fails with a record that says "bad", and a queue. */
function answer(response: ServerResponse, { headers, body }: Received): void {
  if (headers["x-amz-target"] === "AmazonSQS.SendMessage") {
    const { MessageBody: text } = JSON.parse(body) as { readonly MessageBody: string };
    response.end(JSON.stringify({ MessageId: "1", MD5OfMessageBody: createHash("md5").update(text).digest("hex") }));
  } else if (recordsOf(body).some((text) => text.endsWith("bad"))) {
    response.writeHead(200, { "x-amz-function-error": "Unhandled" }).end('{"errorType":"Error","errorMessage":"cannot take it"}');
  } else {
    response.end("null");
  }
}

/** Runs the router, and all that it starts, until nothing is left. */
async function route(log: Log, { clients }: Service, event: RouterEvent): Promise<number> {
  const waiting: Delivery[] = [];
  const start = (delivery: Delivery): Promise<void> => Promise.resolve(void waiting.push(delivery));
  const deliver = deliverHandler({ consumers: log.consumers, carrier: lambdaCarrier(clients, source), clock: nodeClock, start, settle });
  const { started } = await routerHandler({ consumers: log.consumers, start, settle })(event);
  for (let delivery = waiting.shift(); delivery !== undefined; delivery = waiting.shift()) {
    await deliver(delivery, { getRemainingTimeInMillis: () => 900_000 });
  }
  return started;
}

test("a hint brings records to the function and what it does not take to the queue; the sweep needs no hint", async () => {
  const log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  const { id: topicId } = await log.topics.create({ name: "orders", partitions: 2, partitionsPerShard: 1 });
  const settings = { retryAttempts: 0, bisectBatchOnError: true, startingPosition: "TRIM_HORIZON" } as const;
  await log.consumers.put({ group: "billing", topic: "orders", target, onFailure, ...settings });
  const append = (partition: number, ...texts: readonly string[]) =>
    log.append("orders", { records: texts.map((text) => ({ key: null, value: Buffer.from(text), headers: [], partition })) });
  const hint = (shard: number): RouterEvent => {
    const { pk, sk } = headKey({ topicId, shard });
    return { Records: [{ eventName: "MODIFY", dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } }] };
  };

  await against(answer, async (service) => {
    const calls = (from: number) => service.received.slice(from).flatMap(({ url, body }) => (url === "/" ? [] : [recordsOf(body)]));
    await append(0, "a", "bad", "c");
    await append(1, "d");
    assert.equal(await route(log, service, hint(0)), 1);
    const delivered = calls(0).filter((texts) => !texts.some((text) => text.endsWith("bad")));
    assert.deepEqual(delivered, [["orders-0@0 a"], ["orders-0@2 c"]]);

    const letters = service.received.filter(({ url }) => url === "/");
    assert.equal(letters.length, 1);
    const { MessageBody: text } = JSON.parse(letters[0]?.body ?? "") as { readonly MessageBody: string };
    const { requestContext, payload } = JSON.parse(text) as { readonly requestContext: object; readonly payload: string };
    assert.deepEqual([(requestContext as { readonly functionArn: string }).functionArn, recordsOf(payload)], [target, ["orders-0@1 bad"]]);
    assert.equal((await log.consumers.deadLetters("billing", {})).length, 1);

    const before = service.received.length;
    assert.equal(await route(log, service, {}), 1);
    assert.deepEqual(calls(before), [["orders-1@0 d"]]);
    assert.equal(await route(log, service, {}), 0);
    assert.equal(await route(log, service, hint(1)), 0);
  });
  await log.close();
});
