/** Functions are called as Lambda's API says, and what it answers is told apart. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, it } from "node:test";
import { lambdaCarrier } from "../../../../lib/lambda/delivery/lambda-carrier.ts";
import { CallFailed } from "../../../../lib/log/consumers/consumers.ts";
import { against, consumer, record, type Service, source } from "./aws-service.ts";

const batch = { topic: "orders", partition: 3, records: [record(7), record(9)], timestampType: "LOG_APPEND_TIME" } as const;

const call = ({ clients }: Service, signal?: AbortSignal): Promise<unknown> => lambdaCarrier(clients, source).call(consumer, batch, signal);

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
