/**
 * Functions that are triggered, deployed: 10,000 records over 8 partitions to two functions, one of which fails on some, by way of the table's stream, the router, the
 * deliver function and the functions themselves; then without the stream, by the sweep alone.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type EventSourceMappingConfiguration,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type AwsLogClient, connect as connectDirectly } from "../../lib/aws/index.ts";
import { connect } from "../../lib/client/index.ts";
import { startLocalstack } from "../../scripts/emulators/localstack.ts";
import type { Emulator } from "../../scripts/emulators/emulator.ts";
import { Cdk } from "./cdk.ts";
import { functionUrlDoor, root, signed } from "./doors.ts";

const region = "us-east-1";
const partitions = 8;
const records = 10_000;
/** Every so manieth record is one that the strict function fails on. */
const badEvery = 500;
const patienceMs = 240_000;

interface Outputs {
  readonly FunctionUrl: string;
  readonly TableName: string;
  readonly BucketName: string;
  readonly QueueUrl: string;
}

let localstack: Emulator;
let outputs: Outputs;
let log: AwsLogClient;
let lambda: LambdaClient;
let sqs: SQSClient;

before(async () => {
  localstack = await startLocalstack();
  const cdk = new Cdk(localstack.endpoint, "test/localstack/consumers-app.ts");
  await cdk.bootstrap();
  outputs = (await cdk.deploy()) as unknown as Outputs;
  const { endpoint } = localstack;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: root.accessKeyId, AWS_SECRET_ACCESS_KEY: root.secretAccessKey });
  log = connectDirectly({
    table: outputs.TableName,
    bucket: outputs.BucketName,
    region,
    endpoints: { dynamodb: endpoint, s3: endpoint },
  });
  lambda = new LambdaClient({ endpoint, region, credentials: root });
  sqs = new SQSClient({ endpoint, region, credentials: root });
});
after(async () => {
  await log.close();
  lambda.destroy();
  sqs.destroy();
  await localstack.stop();
});

/** What a function has answered for one record. */
interface Seen {
  readonly partition: number;
  readonly offset: number;
  readonly text: string;
}

/** In the order in which the function answered. */
async function seenBy(group: string): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for await (const { partition, value } of log.consume({ topic: `seen-by-${group}`, from: "earliest", until: "end", format: "json" })) {
    seen.push({ partition, ...(value as { readonly offset: number; readonly text: string }) });
  }
  return seen;
}

async function waitFor<T>(what: string, look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
  const untilMs = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (isThere(found)) return found;
    if (Date.now() > untilMs) throw new Error(`${what}: not within ${patienceMs / 1_000} s, but ${JSON.stringify(found).slice(0, 2_000)}`);
    await sleep(1_000);
  }
}

async function produce(texts: readonly string[]): Promise<void> {
  const producer = log.producer({ topic: "orders" });
  await Promise.all(
    texts.map((text, nth) =>
      producer.send({ partition: nth % partitions, value: text, headers: { kind: text.startsWith("noise") ? "noise" : "order" } }),
    ),
  );
  await producer.close();
}

/** Records that are there and not delivered. A group's lag leaves out partitions of which nothing is committed yet. */
const lagOf = (group: string) => async (): Promise<number> =>
  (await log.consumers.status(group)).partitions.reduce((sum, { lag }) => sum + lag, 0);

/** By partition in the order given: each offset is above the one before it. */
function checkOrder(seen: readonly Seen[]): void {
  const last = new Map<number, number>();
  for (const { partition, offset } of seen) {
    assert.ok(offset > (last.get(partition) ?? -1), `partition ${partition}: ${offset} after ${last.get(partition)}`);
    last.set(partition, offset);
  }
}

test("10,000 records reach both functions in order; what one cannot take is in its dead-letter queue, and holds nothing up", async () => {
  const isBad = (nth: number): boolean => nth % badEvery === 7;
  const isNoise = (nth: number): boolean => nth % 1_000 === 13;
  const texts = Array.from({ length: records }, (_, nth) => `${isBad(nth) ? "bad" : isNoise(nth) ? "noise" : "good"}-${nth}`);
  const startedMs = Date.now();
  await produce(texts);
  await waitFor("lenient", lagOf("lenient"), (lag) => lag === 0);
  const lenientMs = Date.now() - startedMs;
  await waitFor("strict", lagOf("strict"), (lag) => lag === 0);
  process.stdout.write(`${records} records: lenient after ${lenientMs} ms, strict after ${Date.now() - startedMs} ms\n`);

  const lenient = await seenBy("lenient");
  checkOrder(lenient);
  assert.deepEqual(lenient.map(({ text }) => text).sort(), [...texts].sort(), "each record once");

  const strict = await seenBy("strict");
  checkOrder(strict);
  const good = texts.filter((text) => text.startsWith("good"));
  assert.deepEqual(strict.map(({ text }) => text).sort(), [...good].sort(), "each good record once, and none that was filtered");

  const bad = texts.filter((text) => text.startsWith("bad"));
  const dead = await received(bad.length);
  assert.deepEqual(dead.map(({ text }) => text).sort(), [...bad].sort());
  for (const { condition } of dead) assert.equal(condition, "RetryAttemptsExhausted");
  const status = await connect({ url: outputs.FunctionUrl, fetch: signed(functionUrlDoor(outputs.FunctionUrl)) }).consumers.status(
    "strict",
  );
  assert.equal(status.deadLetters, bad.length);
});

test("with every hint dropped, the sweep delivers all", async () => {
  const [mapping] = await streamMappings();
  assert.ok(mapping?.UUID !== undefined, "the router reads the table's stream");
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping.UUID, Enabled: false }));
  await waitFor("the stream's mapping", streamMappings, ([found]) => found?.State === "Disabled");
  const before = (await seenBy("lenient")).length;
  const texts = Array.from({ length: 400 }, (_, nth) => `good-late-${nth}`);
  const startedMs = Date.now();
  await produce(texts);
  await waitFor("lenient", lagOf("lenient"), (lag) => lag === 0);
  await waitFor("strict", lagOf("strict"), (lag) => lag === 0);
  process.stdout.write(`400 records without hints: ${Date.now() - startedMs} ms\n`);
  const seen = await seenBy("lenient");
  checkOrder(seen);
  assert.deepEqual(seen.slice(before).length, texts.length);
  assert.deepEqual(
    seen
      .map(({ text }) => text)
      .filter((text) => text.startsWith("good-late"))
      .sort(),
    [...texts].sort(),
  );
});

async function streamMappings(): Promise<readonly EventSourceMappingConfiguration[]> {
  const { EventSourceMappings: found = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  return found.filter(({ EventSourceArn: arn = "" }) => arn.includes(":dynamodb:") && arn.includes(outputs.TableName));
}

interface DeadRecord {
  readonly condition: string;
  readonly text: string;
}

/** The records that are in the queue's messages, once there are so many. */
async function received(count: number): Promise<readonly DeadRecord[]> {
  const found: DeadRecord[] = [];
  const take = async (): Promise<readonly DeadRecord[]> => {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: outputs.QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    for (const { Body: body = "" } of messages) found.push(...deadRecords(JSON.parse(body) as FailureMessage));
    if (messages.length > 0) {
      const entries = messages.map(({ MessageId: id, ReceiptHandle: handle }) => ({ Id: id, ReceiptHandle: handle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: outputs.QueueUrl, Entries: entries }));
    }
    return found;
  };
  await waitFor("the dead-letter queue", take, () => found.length >= count);
  return found;
}

interface FailureMessage {
  readonly requestContext: { readonly condition: string };
  /** The event that the function got, as JSON. */
  readonly payload: string;
}

function deadRecords({ requestContext: { condition }, payload }: FailureMessage): readonly DeadRecord[] {
  const { records } = JSON.parse(payload) as { readonly records: Readonly<Record<string, readonly { readonly value: string }[]>> };
  return Object.values(records)
    .flat()
    .map(({ value }) => ({ condition, text: Buffer.from(value, "base64").toString() }));
}
