/** Where records go that were given up, and what is told of them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { describe, it } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { failureKey } from "../../../../lib/lambda/delivery/failure-key.ts";
import { failureRecord, failureRecords } from "../../../../lib/lambda/delivery/failure-record.ts";
import { isoTime } from "../../../../lib/lambda/delivery/iso-time.ts";
import { lambdaCarrier } from "../../../../lib/lambda/delivery/lambda-carrier.ts";
import type { Failure } from "../../../../lib/log/consumers/consumers.ts";
import { against, consumer, failureOf, type Received, record, type Service, source } from "./aws-service.ts";

const queue = "arn:aws:sqs:eu-west-1:123456789012:dead";
const topic = "arn:aws:sns:eu-west-1:123456789012:dead";
const bucket = "arn:aws:s3:::dead";

const facts = {
  requestContext: { requestId: "request-1", functionArn: consumer.target, condition: "RetryAttemptsExhausted", approximateInvokeCount: 3 },
  responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
  version: "1.0",
  timestamp: "2023-11-14T22:14:20.000Z",
  consumerGroupId: "billing",
  errorMessage: "Error: no",
};

const told = (text: string) => JSON.parse(text) as Record<string, unknown> & { readonly payload?: string };

/** SQS tells the checksum of what it has got, and its client checks that. */
function taken(response: ServerResponse, { headers, body }: Received): void {
  if (headers["x-amz-target"] !== "AmazonSQS.SendMessage") return void response.writeHead(200).end(published);
  const { MessageBody: text } = JSON.parse(body) as { readonly MessageBody: string };
  const answer = { MessageId: "1", MD5OfMessageBody: createHash("md5").update(text).digest("hex") };
  response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(answer));
}

const published = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";

type Refusal = (response: ServerResponse) => void;

const sqsRefusal =
  (name: string, status = 400): Refusal =>
  (response) =>
    void response
      .writeHead(status, { "content-type": "application/x-amz-json-1.0", "x-amzn-query-error": `${name};Sender` })
      .end(JSON.stringify({ __type: `com.amazonaws.sqs#${name}`, message: "Message must be shorter than 262144 bytes." }));

const snsRefusal =
  (code: string): Refusal =>
  (response) =>
    void response
      .writeHead(400, { "content-type": "text/xml" })
      .end(`<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>Message too long</Message></Error></ErrorResponse>`);

/** What a front end answers that reads no further. */
const tooLongRequest: Refusal = (response) => void response.writeHead(413).end("HTTP content length exceeded.");

function messageOf({ headers, body }: Received): string {
  if (headers["x-amz-target"] !== "AmazonSQS.SendMessage") return new URLSearchParams(body).get("Message") ?? "";
  return (JSON.parse(body) as { readonly MessageBody: string }).MessageBody;
}

/** @returns the messages that came to a destination which takes so many bytes */
async function cameTo(destination: string, bytesMax: number, refusal: Refusal, failure: Failure): Promise<readonly string[]> {
  let messages: readonly string[] = [];
  const answer = (response: ServerResponse, got: Received): void =>
    Buffer.byteLength(messageOf(got)) > bytesMax ? refusal(response) : taken(response, got);
  await against(answer, async ({ clients, received }) => {
    await lambdaCarrier(clients, source)
      .sendFailure(destination, failure)
      .finally(() => (messages = received.map(messageOf)));
  });
  return messages;
}

async function sent(destination: string, failure: Failure): Promise<Received> {
  let last: Received | undefined;
  await against(taken, async ({ clients, received }: Service) => {
    await lambdaCarrier(clients, source).sendFailure(destination, failure);
    [last] = received;
  });
  return last ?? assert.fail();
}

describe("a record of a failure", () => {
  it("is in the shape of Lambda's own, with the function's event as text, its group and its error", () => {
    const { payload = "", KafkaBatchInfo: batch, ...rest } = told(failureRecord(failureOf(), source));
    assert.deepEqual(rest, facts);
    assert.deepEqual(batch, {
      batchSize: 2,
      ...source,
      payloadSize: Buffer.byteLength(payload),
      recordsInfo: {
        "orders-3": {
          firstRecordOffset: "7",
          lastRecordOffset: "9",
          firstRecordTimestamp: "2023-11-14T22:13:20.007Z",
          lastRecordTimestamp: "2023-11-14T22:13:20.009Z",
        },
      },
    });
    const { eventSource, records } = told(payload) as { readonly eventSource?: string; readonly records?: Record<string, object[]> };
    assert.deepEqual([eventSource, records?.["orders-3"]?.length], ["aws:kafka", 2]);
  });

  it("has no payload where it does not fit, or is not in the log any more, and says so", () => {
    const whole = failureRecord(failureOf(), source);
    assert.equal(failureRecords(failureOf(), source, Buffer.byteLength(whole))[0], whole);
    for (const text of [
      ...failureRecords(failureOf(), source, Buffer.byteLength(whole)).slice(1),
      ...failureRecords(failureOf(), source, Buffer.byteLength(whole) - 1),
      failureRecord(failureOf({ payload: [], letterOf: { toOffset: 10 } }), source),
    ]) {
      const { payload, payloadOmitted, KafkaBatchInfo: batch } = told(text);
      assert.deepEqual([payload, payloadOmitted], [undefined, true]);
      assert.match(JSON.stringify(batch), /"firstRecordOffset":"7","lastRecordOffset":"9"/);
    }
  });

  it("has no response of a function that was never called, and of one that named a record itself no error", () => {
    const never = failureOf({ letterOf: { condition: "PayloadTooLarge", attempts: 0, functionError: "", error: "" } });
    const { requestContext, responseContext, ...beside } = told(failureRecord(never, source));
    assert.deepEqual([beside["consumerGroupId"], "errorMessage" in beside], ["billing", false]);
    assert.deepEqual([(requestContext as { readonly condition: string }).condition, responseContext], ["MaximumPayloadSizeExceeded", null]);
    const target = `${consumer.target}:live`;
    const named = failureOf({ consumer: { ...consumer, target }, letterOf: { functionError: "" } });
    assert.deepEqual(told(failureRecord(named, source))["responseContext"], { statusCode: 200, executedVersion: "live" });
  });

  it("holds no character that a queue refuses", () => {
    const payload = [
      {
        ...record(7),
        headers: [
          { key: "\uFFFF\uFFFE", value: null },
          { key: "\uFFFF\uFFFE", value: new Uint8Array(1) },
        ],
      },
    ];
    const text = failureRecord(failureOf({ payload, letterOf: { error: "Error: \uFFFF" } }), source);
    assert.ok(!/[\uFFFE\uFFFF]/.test(text));
    assert.equal(told(text)["errorMessage"], "Error: \uFFFF");
    assert.ok((told(text).payload ?? "").includes("\uFFFF\uFFFE"));
  });

  it("tells times that producers made up as the nearest that are dates", () => {
    assert.deepEqual([-1, 8.7e15, 1_700_000_000_000].map(isoTime), [
      "1970-01-01T00:00:00.000Z",
      "9999-12-31T23:59:59.999Z",
      "2023-11-14T22:13:20.000Z",
    ]);
  });
});

describe("what was given up", () => {
  it("goes to a queue as a message", async () => {
    const { headers, body } = await sent(queue, failureOf());
    assert.equal(headers["x-amz-target"], "AmazonSQS.SendMessage");
    const message = JSON.parse(body) as Readonly<Record<string, string>>;
    assert.deepEqual(Object.keys(message).toSorted(), ["MessageBody", "QueueUrl"]);
    assert.equal(message["QueueUrl"], "https://sqs.eu-west-1.amazonaws.com/123456789012/dead");
    assert.equal(message["MessageBody"], failureRecord(failureOf(), source));
  });

  it("goes to a topic as a message", async () => {
    const form = new URLSearchParams((await sent(topic, failureOf())).body);
    assert.deepEqual([form.get("Action"), form.get("TopicArn")], ["Publish", topic]);
    assert.equal(form.get("Message"), failureRecord(failureOf(), source));
  });

  it("goes to a bucket as an object, whatever its size", async () => {
    const big = failureOf({ payload: [record(7, "x".repeat(2_000_000))] });
    const { method, url, body, headers } = await sent(bucket, big);
    assert.equal(method, "PUT");
    assert.equal(new URL(url, "http://s3").pathname, `/dead/${failureKey(big)}`);
    assert.equal(headers["content-type"], "application/json");
    assert.ok(body.includes(failureRecord(big, source)));
  });

  it("is without its payload where a message cannot hold it", async () => {
    const payloadOf = async (destination: string, valueBytes: number): Promise<boolean> => {
      const { body } = await sent(destination, failureOf({ payload: [record(7, "x".repeat(valueBytes))] }));
      const message =
        destination === queue ? (JSON.parse(body) as { MessageBody: string }).MessageBody : new URLSearchParams(body).get("Message");
      assert.ok(Buffer.byteLength(message ?? "") <= (destination === queue ? 1_048_576 : 262_144));
      return told(message ?? "").payload !== undefined;
    };
    assert.deepEqual(
      await Promise.all([payloadOf(queue, 700_000), payloadOf(queue, 900_000), payloadOf(topic, 150_000), payloadOf(topic, 250_000)]),
      [true, false, true, false],
    );
  });

  it("is sent without its payload where it is refused with it", async () => {
    const refusals: readonly (readonly [string, Refusal])[] = [
      ...["InvalidParameterValue", "InvalidMessageContents", "MessageTooLong", "BatchRequestTooLong", "ValidationException"].map(
        (name) => [queue, sqsRefusal(name)] as const,
      ),
      [`${queue}.fifo`, sqsRefusal("InvalidParameterValue")],
      [queue, tooLongRequest],
      ...["InvalidParameter", "ParameterValueInvalid", "ValidationError"].map((code) => [topic, snsRefusal(code)] as const),
      [topic, tooLongRequest],
    ];
    const big = failureOf({ payload: [record(7, "x".repeat(20_000))] });
    for (const [destination, refusal] of refusals) {
      const messages = await cameTo(destination, 16_384, refusal, big);
      const shown = messages.map((text) => [told(text).payload !== undefined, told(text)["payloadOmitted"]]);
      assert.deepEqual(shown, [
        [true, undefined],
        [false, true],
      ]);
    }
  });

  it("is told to the smallest queue, too, without its error where that is too long", async () => {
    const failure = failureOf({ letterOf: { error: "\0".repeat(limits.deadLetterErrorCharsMax) } });
    const messages = await cameTo(queue, 1_024, sqsRefusal("InvalidParameterValue"), failure);
    const shown = messages.map((text) =>
      Object.keys(told(text)).filter((key) => ["payload", "payloadOmitted", "errorMessage"].includes(key)),
    );
    assert.deepEqual(shown, [["errorMessage", "payload"], ["errorMessage", "payloadOmitted"], ["payloadOmitted"]]);
  });

  it("is sent once where its payload is not the matter", async () => {
    const attempts = async (refusal: Refusal, failure: Failure): Promise<number> => {
      let count = 0;
      await against(
        (response) => refusal(response),
        async ({ clients, received }) => {
          await assert.rejects(lambdaCarrier(clients, source).sendFailure(queue, failure));
          count = received.length;
        },
      );
      return count;
    };
    for (const name of ["KMS.DisabledException", "AccessDenied", "AWS.SimpleQueueService.NonExistentQueue"])
      assert.equal(await attempts(sqsRefusal(name), failureOf()), 1);
    const bare = failureOf({ payload: [], letterOf: { error: "" } });
    assert.equal(await attempts(sqsRefusal("InvalidParameterValue"), bare), 1);
    assert.equal(await attempts(sqsRefusal("InvalidParameterValue"), failureOf()), 3, "whole, without the payload, without the error");
  });

  it("stays in order in a FIFO queue, where a second copy is dropped", async () => {
    const ids = async (failure: Failure): Promise<readonly (string | undefined)[]> => {
      const message = JSON.parse((await sent(`${queue}.fifo`, failure)).body) as Readonly<Record<string, string>>;
      return [message["MessageGroupId"], message["MessageDeduplicationId"]];
    };
    const first = await ids(failureOf());
    const again = await ids(failureOf({ letterOf: { givenUpMs: 1_800_000_000_000, attempts: 4 } }));
    const next = await ids(failureOf({ letterOf: { fromOffset: 10, toOffset: 11 } }));
    assert.deepEqual(again, first);
    assert.equal(next[0], first[0]);
    assert.notEqual(next[1], first[1]);
  });

  it("is not safe while its destination does not take it", async () => {
    for (const destination of [queue, topic, bucket]) {
      await against(
        (response) => response.writeHead(403).end(),
        async ({ clients }) => {
          await assert.rejects(lambdaCarrier(clients, source).sendFailure(destination, failureOf()));
        },
      );
    }
    await against(taken, async ({ clients, received }) => {
      const { sendFailure } = lambdaCarrier(clients, source);
      await assert.rejects(sendFailure("arn:aws:lambda:eu-west-1:123456789012:function:f", failureOf()), { code: "invalid_config" });
      assert.deepEqual(received, []);
    });
  });
});

describe("an object's key", () => {
  it("says of what it is, and is the same for a letter that is sent once more", () => {
    const key = failureKey(failureOf());
    assert.equal(key, "aws/lambda/billing/orders-3/2023/11/14/2023-11-14T22.13.20-7-10");
    assert.equal(failureKey(failureOf({ letterOf: { givenUpMs: 1, attempts: 9, error: "another" } })), key);
  });

  it("is another for each letter", () => {
    const letters: readonly Partial<Failure["letter"]>[] = [
      { topic: "orders-3", partition: 3 },
      { partition: 4 },
      { fromOffset: 8 },
      { toOffset: 9 },
      { firstTimestampMs: 1_600_000_000_000 },
    ];
    const groups = ["billing/x", "billing x", ".", "..", "é", "x".repeat(249)];
    const keys = [
      ...letters.map((letterOf) => failureKey(failureOf({ letterOf }))),
      ...groups.map((group) => failureKey(failureOf({ consumer: { ...consumer, group } }))),
      failureKey(failureOf()),
    ];
    assert.equal(new Set(keys).size, keys.length);
    for (const key of keys) {
      assert.ok(Buffer.byteLength(key) <= 1_024);
      assert.match(key, /^aws\/lambda\/[A-Za-z0-9_-][\w.-]*\/orders(-3)?-\d\/\d{4}\//);
    }
  });
});
