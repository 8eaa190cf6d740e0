import {
  InternalServerError,
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";
import { S3ServiceException } from "@aws-sdk/client-s3";
import type { SentRequest } from "./requests.ts";

/** What the SDK throws, made up. */

export function connectionReset(): Error {
  return Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
}

export function connectionRefused(): Error {
  return Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
}

export function timedOut(): Error {
  return Object.assign(new Error("the request timed out"), { name: "TimeoutError" });
}

export function throttled({ isS3 }: SentRequest): Error {
  return isS3
    ? s3Error("SlowDown", 503)
    : new ProvisionedThroughputExceededException({ message: "made up", $metadata: { httpStatusCode: 400 } });
}

export function serverFailed({ isS3 }: SentRequest): Error {
  return isS3 ? s3Error("InternalError", 500) : new InternalServerError({ message: "made up", $metadata: { httpStatusCode: 500 } });
}

/** @param met which write of a transaction */
export function conflicting({ operation, writes }: SentRequest, met: number): Error {
  const own = { message: "made up", $metadata: { httpStatusCode: 400 } };
  if (operation === "PutObject") return s3Error("ConditionalRequestConflict", 409);
  if (operation !== "TransactWriteItems") return new TransactionConflictException(own);
  const reasons = Array.from({ length: writes }, (_, nth) => ({ Code: nth === met ? "TransactionConflict" : "None" }));
  return new TransactionCanceledException({ ...own, CancellationReasons: reasons });
}

function s3Error(name: string, httpStatusCode: number): Error {
  return new S3ServiceException({
    name,
    $fault: httpStatusCode < 500 ? "client" : "server",
    message: "made up",
    $metadata: { httpStatusCode },
  });
}
