/** Functions are called as Lambda's API says, and what it answers is told apart. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, it } from "node:test";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { limits } from "../../../../lib/core/limits.ts";
import { callFunction } from "../../../../lib/lambda/delivery/call-function.ts";
import { lambdaCarrier } from "../../../../lib/lambda/delivery/lambda-carrier.ts";
import { CallFailed } from "../../../../lib/log/consumers/consumers.ts";
import { against, consumer, record, type Service, source } from "./aws-service.ts";

const batch = { topic: "orders", partition: 3, records: [record(7), record(9)], timestampType: "LOG_APPEND_TIME" } as const;

const call = ({ clients }: Service, signal?: AbortSignal): Promise<unknown> => lambdaCarrier(clients, source).call(consumer, batch, signal);

function timedOut(fault: object, error = new Error("too late")): LambdaClient {
  const client = { send: () => Promise.reject(Object.assign(error, { name: "TimeoutError", ...fault })) };
  return client as unknown as LambdaClient;
}

const answered =
  (body: string, headers: Readonly<Record<string, string>> = {}, status = 200) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { "x-amzn-requestid": "request-1", "content-type": "application/json", ...headers }).end(body);

async function failed(answer: (response: ServerResponse) => void, expected: Partial<CallFailed>): Promise<void> {
  await against(answer, async (service) => {
    await assert.rejects(call(service), (reason) => {
      assert.ok(reason instanceof CallFailed);
      assert.deepEqual({ ...expected }, Object.fromEntries(Object.keys(expected).map((key) => [key, reason[key as keyof CallFailed]])));
      return true;
    });
    assert.equal(service.received.length, 1, "sent once");
  });
}

describe("a call of a function", () => {
  it("is a synchronous invocation with an event of Amazon MSK, and comes to its answer", async () => {
    await against(answered('{"batchItemFailures":[]}'), async (service) => {
      assert.deepEqual(await call(service), { batchItemFailures: [] });
      const [{ method, url, headers, body } = assert.fail()] = service.received;
      assert.equal(method, "POST");
      assert.equal(decodeURIComponent(url), `/2015-03-31/functions/${consumer.target}/invocations`);
      assert.equal(headers["x-amz-invocation-type"], "RequestResponse");
      const event = JSON.parse(body) as { readonly records: Readonly<Record<string, readonly object[]>> };
      const { records, ...from } = event;
      assert.deepEqual(from, { eventSource: "aws:kafka", ...source });
      assert.deepEqual(records["orders-3"]?.[1], {
        topic: "orders",
        partition: 3,
        offset: 9,
        timestamp: 1_700_000_000_009,
        timestampType: "LOG_APPEND_TIME",
        key: "aw==",
        value: "djk=",
        headers: [],
      });
    });
  });

  it("comes to nothing when the function answers nothing", async () => {
    for (const [body, expected] of [
      ["", undefined],
      ["null", null],
    ] as const)
      await against(answered(body), async (service) => assert.equal(await call(service), expected));
  });

  it("that fails says what the function said, and what Lambda calls it", async () => {
    const unhandled = { "x-amz-function-error": "Unhandled" };
    await failed(answered('{"errorType":"TypeError","errorMessage":"x is not a function","trace":[]}', unhandled), {
      kind: "function",
      message: "TypeError: x is not a function",
      functionError: "Unhandled",
      requestId: "request-1",
    });
    await failed(answered('{"errorMessage":"2023-11-14 Task timed out after 3.00 seconds"}', unhandled), {
      kind: "function",
      message: "2023-11-14 Task timed out after 3.00 seconds",
    });
    for (const body of ["", "null", "[]", "no JSON", '{"errorType":7}'])
      await failed(answered(body, unhandled), { kind: "function", message: "The function failed (Unhandled)." });
  });

  it("whose answer is no JSON has failed", async () => {
    await failed(answered("<html>"), { kind: "function", functionError: "" });
  });

  it("that Lambda does not make is unavailable, and not sent again", async () => {
    const refusals = [
      [429, "TooManyRequestsException"],
      [404, "ResourceNotFoundException"],
      [403, "AccessDeniedException"],
      [409, "ResourceConflictException"],
      [500, "ServiceException"],
      [502, "EC2ThrottledException"],
    ] as const;
    for (const [status, name] of refusals) {
      const answer = answered('{"Type":"User","message":"not now"}', { "x-amzn-errortype": name }, status);
      await failed(answer, { kind: "unavailable", message: `${name}: not now`, requestId: "request-1" });
    }
    await failed((response) => void response.socket?.destroy(), { kind: "unavailable" });
  });

  it("that is too big for Lambda counts as an attempt: with fewer records it may fit", async () => {
    await failed(answered('{"Type":"User","message":"too big"}', { "x-amzn-errortype": "RequestTooLargeException" }, 413), {
      kind: "function",
    });
  });

  it("that gets no answer in its time counts as an attempt, and says what to do", async () => {
    await against(
      () => undefined,
      async ({ clients, received }) => {
        // What is waited for beyond the function's own time is a constant.
        const hasty = { ...consumer, targetTimeoutMs: 50 - limits.lambdaCallMarginMs };
        await assert.rejects(lambdaCarrier(clients, source).call(hasty, batch, undefined), {
          name: "CallFailed",
          kind: "function",
          functionError: "Unhandled",
          message: /^The function did not answer within 0\.05 s .*: raise targetTimeoutMs .* or lower /,
        });
        assert.equal(received.length, 1, "sent once");
      },
    );
    const text = await callFunction(timedOut({ code: "ETIMEDOUT" }), { ...consumer, targetTimeoutMs: 870_000 }, {}, undefined).catch(
      String,
    );
    assert.match(String(text), /within 878 s \(targetTimeoutMs 870000 /);
    assert.ok(String(text).length <= limits.deliverErrorCharsMax, "all of it is kept");
  });

  it("that does not get through in time is unavailable", async () => {
    // As the SDK tells of a connection that is not made, and of faults of the network.
    const faults = [
      {},
      { code: "ETIMEDOUT", syscall: "connect" },
      { code: "ETIMEDOUT", syscall: "read" },
      { code: "ECONNRESET" },
      { code: "EPIPE", syscall: "write" },
      { name: "Error", code: "ECONNREFUSED", syscall: "connect" },
    ];
    const clients = [
      ...faults.map((fault) => timedOut(fault)),
      timedOut({ code: "ETIMEDOUT" }, new AggregateError([], "of several addresses")),
    ];
    for (const client of clients)
      await assert.rejects(callFunction(client, consumer, {}, undefined), { name: "CallFailed", kind: "unavailable" });
  });

  it("ends at once when its signal does", async () => {
    const abort = new AbortController();
    await against(
      () => abort.abort(),
      async (service) => {
        await assert.rejects(call(service, abort.signal), { name: "CallFailed", kind: "unavailable" });
      },
    );
  });
});
