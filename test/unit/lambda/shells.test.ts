import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { limits } from "../../../lib/core/limits.ts";
import type { App } from "../../../lib/http/app.ts";
import type { AppRequest, AppResponse } from "../../../lib/http/message.ts";
import { bufferedHandler } from "../../../lib/lambda/buffered.ts";
import type { DoorEvent } from "../../../lib/lambda/lambda-request.ts";
import { type StreamingHandler, streamingHandler, type StreamingRuntime } from "../../../lib/lambda/streaming.ts";

const context = (leftMs = 60_000) => ({ getRemainingTimeInMillis: () => leftMs });
const urlEvent = (more: object = {}): DoorEvent =>
  ({
    rawPath: "/v1/topics",
    rawQueryString: "limit=1",
    headers: { "X-Mixed": "1" },
    requestContext: { http: { method: "GET" } },
    ...more,
  }) as unknown as DoorEvent;
const restEvent = (more: object = {}): DoorEvent =>
  ({
    path: "/v1/topics",
    httpMethod: "GET",
    multiValueQueryStringParameters: { prefix: ["a b&c"], limit: ["1", "2"] },
    multiValueHeaders: { "X-Mixed": ["1", "2"] },
    requestContext: { identity: { userArn: null } },
    body: null,
    ...more,
  }) as unknown as DoorEvent;

const never = (): Promise<never> => Promise.reject(new Error("not asked for"));
const appOf = (handle: (request: AppRequest) => Promise<AppResponse>): App => ({ handle, fetch: never });

/** What an app sees of an event. */
async function seen<T>(event: DoorEvent, look: (request: AppRequest) => T | Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  const app = appOf(async (request) => {
    result = { value: await look(request) };
    return { status: 204, headers: {} };
  });
  await bufferedHandler({ app, settle: () => Promise.resolve() })(event, context());
  return result!.value;
}

describe("an event as a request", () => {
  test("of a function URL", async () => {
    const look = (request: AppRequest) => [request.method, request.url, request.header("x-mixed"), request.identity];
    assert.deepEqual(await seen(urlEvent(), look), ["GET", "/v1/topics?limit=1", "1", undefined]);
    assert.equal(await seen(urlEvent({ rawQueryString: "" }), ({ url }) => url), "/v1/topics");
  });

  test("of a REST API: queries are closed again, values of one header joined", async () => {
    const look = (request: AppRequest) => [request.method, request.url, request.header("x-mixed"), request.identity];
    assert.deepEqual(await seen(restEvent(), look), ["GET", "/v1/topics?prefix=a%20b%26c&limit=1&limit=2", "1, 2", undefined]);
  });

  test("who signed is what the door says, and never a header", async () => {
    const arn = "arn:aws:iam::123456789012:user/ada";
    const http = { method: "GET" };
    assert.equal(
      await seen(urlEvent({ requestContext: { http, authorizer: { iam: { userArn: arn } } } }), ({ identity }) => identity),
      arn,
    );
    assert.equal(await seen(restEvent({ requestContext: { identity: { userArn: arn } } }), ({ identity }) => identity), arn);
    const forged = { "x-amzn-iam-user-arn": arn, requestcontext: JSON.stringify({ authorizer: { iam: { userArn: arn } } }) };
    assert.equal(await seen(urlEvent({ headers: forged }), ({ identity }) => identity), undefined);
  });

  test("its body is bytes, whichever way it comes, and bounded", async () => {
    const read = async (request: AppRequest) => Buffer.from(await request.readBytes(5)).toString("latin1");
    assert.equal(await seen(urlEvent({ body: "aé", isBase64Encoded: false }), read), "a\u00c3\u00a9");
    assert.equal(await seen(urlEvent({ body: Buffer.from([0, 255]).toString("base64"), isBase64Encoded: true }), read), "\u0000\u00ff");
    assert.equal(await seen(urlEvent(), read), "");
    await assert.rejects(seen(urlEvent({ body: "123456", isBase64Encoded: false }), read), { code: "request_too_large" });
  });

  test("it ends before the function's time does", async () => {
    const app = appOf(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      return { status: 200, headers: {}, body: "ended" };
    });
    const answer = await bufferedHandler({ app, settle: () => Promise.resolve() })(urlEvent(), context(limits.lambdaEndMarginMs + 20));
    assert.equal(answer.body, "ended");
  });
});

describe("an answer in one piece", () => {
  const answer = (response: AppResponse) =>
    bufferedHandler({ app: appOf(() => Promise.resolve(response)), settle: () => Promise.resolve() })(urlEvent(), context());

  test("short text as it is, long text and bytes as base64", async () => {
    assert.deepEqual(await answer({ status: 201, headers: { a: "b" }, body: '{"ü":1}' }), {
      statusCode: 201,
      headers: { a: "b" },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
    const bytes = await answer({ status: 200, headers: {}, body: Uint8Array.of(255, 0) });
    assert.deepEqual([bytes.body, bytes.isBase64Encoded], ["/wA=", true]);
    const long = await answer({ status: 200, headers: {}, body: '"'.repeat(3_000_000) });
    assert.equal(long.isBase64Encoded, true);
    assert.ok(JSON.stringify(long).length < 6_000_000, "as Lambda bounds an invocation's result");
  });

  test("one that would not fit is refused", async () => {
    const { statusCode, body } = await answer({ status: 200, headers: {}, body: new Uint8Array(limits.lambdaAnswerBytesMax + 1) });
    assert.equal(statusCode, 413);
    assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, "message_too_large");
  });

  test("an event stream is refused, and ended", async () => {
    let ended = false;
    const stream = {
      [Symbol.asyncIterator]: () => ({
        next: never,
        return: () => {
          ended = true;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
    const { statusCode } = await answer({ status: 200, headers: { "content-type": "text/event-stream" }, body: stream });
    assert.deepEqual([statusCode, ended], [406, true]);
  });
});

test("an answer is released, and what runs in the background is over before the invocation is, also when it fails", async () => {
  const order: string[] = [];
  const settle = (): Promise<void> => {
    order.push("settled");
    return Promise.resolve();
  };
  const good: AppResponse = { status: 200, headers: {}, body: "x", release: () => order.push("released") };
  await bufferedHandler({ app: appOf(() => Promise.resolve(good)), settle })(urlEvent(), context());
  assert.deepEqual(order, ["released", "settled"]);
  const broken = { ...good, body: brokenBody() };
  await assert.rejects(bufferedHandler({ app: appOf(() => Promise.resolve(broken)), settle })(urlEvent(), context()));
  assert.deepEqual(order, ["released", "settled", "released", "settled"]);
});

async function* brokenBody(): AsyncGenerator<string> {
  yield "first";
  await Promise.resolve();
  throw new Error("broken");
}

describe("an answer that streams", () => {
  async function stream(response: AppResponse, settle: () => Promise<void> = () => Promise.resolve()) {
    const heads: unknown[] = [];
    const writes: string[] = [];
    const out = new PassThrough();
    const runtime: StreamingRuntime = {
      streamifyResponse: (handler) => handler,
      HttpResponseStream: {
        from(target, head) {
          heads.push(head);
          const write = target.write.bind(target) as (chunk: unknown) => boolean;
          return Object.assign(target, {
            write: (chunk: string | Uint8Array) => {
              writes.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
              return write(chunk);
            },
          });
        },
      },
    };
    const handler = streamingHandler({ app: appOf(() => Promise.resolve(response)), settle }, runtime) as StreamingHandler;
    const [body] = await Promise.all([text(out), handler(urlEvent(), out, context())]);
    return { heads, writes, body };
  }

  test("its head, then each piece", async () => {
    const pieces = (async function* () {
      yield "a";
      await Promise.resolve();
      yield Uint8Array.of(98);
    })();
    const { heads, writes, body } = await stream({ status: 207, headers: { x: "y" }, body: pieces });
    assert.deepEqual(heads, [{ statusCode: 207, headers: { x: "y" } }]);
    assert.deepEqual([writes, body], [["a", "b"], "ab"]);
  });

  test("without a body it is written all the same: the head goes out with the first write", async () => {
    assert.deepEqual((await stream({ status: 204, headers: {} })).writes, [""]);
  });

  test("it ends only when nothing runs in the background any more", async () => {
    const order: string[] = [];
    const body = (async function* () {
      yield "a";
      await Promise.resolve();
      order.push("sent");
    })();
    await stream({ status: 200, headers: {}, body }, () => {
      order.push("settled");
      return Promise.resolve();
    });
    assert.deepEqual(order.slice(0, 2), ["sent", "settled"]);
  });
});
