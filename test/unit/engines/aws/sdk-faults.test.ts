import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  TransactionCanceledException,
  TransactionInProgressException,
} from "@aws-sdk/client-dynamodb";
import { storeFault } from "../../../../lib/engines/aws/sdk-faults.ts";
import { StoreFault } from "../../../../lib/engines/aws/table.ts";
import type { FaultKind } from "../../../../lib/engines/aws/table.ts";

const message = "What it says is nobody's business: ConditionalCheckFailed, throttled, timeout.";
const item = { pk: { S: "p" }, sk: { S: "s" } };

/** An answer of the service. */
function answered(name: string, status: number, metadata: object = {}) {
  const $metadata = { httpStatusCode: status, ...metadata };
  return new DynamoDBServiceException({ name, message, $fault: status < 500 ? "client" : "server", $metadata });
}

/** What Node or the SDK itself throws. */
function failed(name: string, code?: string) {
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}

const kinds: readonly (readonly [FaultKind, unknown])[] = [
  ["conflict", answered("TransactionConflictException", 400)],
  ["conflict", answered("ConditionalRequestConflict", 409)],
  ["conflict", answered("ReplicatedWriteConflictException", 400)],
  ["unknown", new TransactionInProgressException({ message, $metadata: { httpStatusCode: 400 } })],
  ["refused", answered("IdempotentParameterMismatchException", 400)],
  ["throttled", answered("ProvisionedThroughputExceededException", 400)],
  ["throttled", answered("ThrottlingException", 400)],
  ["throttled", answered("RequestLimitExceeded", 400)],
  ["throttled", answered("SlowDown", 503)],
  ["throttled", answered("AnyName", 429)],
  ["throttled", answered("RequestTimeTooSkewed", 403, { clockSkewCorrected: true })],
  ["refused", answered("ValidationException", 400)],
  ["refused", answered("ResourceNotFoundException", 400)],
  ["refused", answered("AccessDeniedException", 400)],
  ["refused", answered("NoSuchBucket", 404)],
  ["unknown", answered("RequestTimeout", 408)],
  ["unknown", answered("InternalServerError", 500)],
  ["unknown", answered("ServiceUnavailable", 503)],
  ["unknown", answered("SyntaxError", 200)],
  ["unknown", failed("TimeoutError", "ETIMEDOUT")],
  ["unknown", failed("TimeoutError")],
  ["unknown", failed("TimeoutError", "ECONNRESET")],
  ["unknown", failed("Error", "EPIPE")],
  ["unknown", failed("Error", "EHOSTUNREACH")],
  ["unknown", failed("AbortError")],
  ["unknown", "thrown text"],
  ["unknown", undefined],
  ["unreachable", failed("Error", "ECONNREFUSED")],
  ["unreachable", Object.assign(new AggregateError([failed("Error", "ECONNREFUSED")]), { code: "ECONNREFUSED" })],
  ["unreachable", failed("Error", "ENOTFOUND")],
  ["unreachable", failed("Error", "EAI_AGAIN")],
  ["unreachable", failed("CredentialsProviderError")],
];

describe("an error of the AWS SDK", () => {
  for (const [kind, reason] of kinds) {
    const { name, code } = (typeof reason === "object" ? reason : {}) as { name?: string; code?: string };
    it(`${name ?? String(reason)} ${code ?? ""} is ${kind}`, () => {
      const fault = storeFault(reason);
      assert.deepEqual([fault.kind, fault.item, fault.writes], [kind, undefined, []]);
      assert.equal(fault.cause, reason);
    });
  }

  it("of a condition tells the item that was met, if there is one", () => {
    const $metadata = { httpStatusCode: 400 };
    assert.deepEqual(storeFault(new ConditionalCheckFailedException({ message, $metadata, Item: item })).item, item);
    const none = storeFault(new ConditionalCheckFailedException({ message, $metadata }));
    assert.deepEqual([none.kind, none.item], ["condition", undefined]);
  });

  const cancellations: readonly (readonly [kind: FaultKind, codes: readonly string[], kinds: readonly string[]])[] = [
    ["condition", ["None", "ConditionalCheckFailed"], ["none", "condition"]],
    ["conflict", ["TransactionConflict", "ThrottlingError"], ["conflict", "throttled"]],
    ["condition", ["TransactionConflict", "ConditionalCheckFailed"], ["conflict", "condition"]],
    ["refused", ["ValidationError", "ConditionalCheckFailed"], ["refused", "condition"]],
    ["refused", ["ItemCollectionSizeLimitExceeded"], ["refused"]],
    ["throttled", ["None", "ProvisionedThroughputExceeded"], ["none", "throttled"]],
    ["throttled", ["RequestLimitExceeded"], ["throttled"]],
    ["refused", ["SomethingNew"], ["refused"]],
    ["refused", [], []],
  ];
  for (const [kind, codes, expected] of cancellations) {
    it(`of a transaction cancelled for [${codes.join()}] is ${kind}`, () => {
      const CancellationReasons = codes.map((Code) => ({ Code, Item: Code === "ConditionalCheckFailed" ? item : undefined }));
      const fault = storeFault(new TransactionCanceledException({ message, $metadata: { httpStatusCode: 400 }, CancellationReasons }));
      assert.equal(fault.kind, kind);
      assert.deepEqual(
        fault.writes,
        expected.map((each) => (each === "condition" ? { kind: each, item } : { kind: each })),
      );
    });
  }

  it("stays the fault that it is already", () => {
    const fault = new StoreFault("refused", "no");
    assert.equal(storeFault(fault), fault);
  });
});
