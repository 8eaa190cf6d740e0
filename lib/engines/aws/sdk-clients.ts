import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";

export interface AwsClientOptions {
  /** Default: as the SDK finds it in the environment. */
  readonly region?: string;
  /** Of services that are not Amazon's own. */
  readonly endpoint?: { readonly dynamodb?: string; readonly s3?: string };
  /** Default: as the SDK finds them in the environment. */
  readonly credentials?: NonNullable<DynamoDBClientConfig["credentials"]>;
  readonly requestTimeoutMs: number;
  /** Of S3, whose requests carry up to 32 MiB. Default six times the other. */
  readonly objectTimeoutMs?: number;
  /** For tests only, which show that the log breaks when the SDK repeats what it cannot know to be harmless. Default 1. */
  readonly maxAttempts?: number;
}

export interface AwsClients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
}

const connectMsMax = 3_000;
const sockets = { keepAlive: true, maxSockets: 256 };

/** Both clients as this engine needs them: every request is sent once, and ends in time. */
export function awsClients(options: AwsClientOptions): AwsClients {
  const { region, endpoint = {}, credentials, requestTimeoutMs, objectTimeoutMs = 6 * requestTimeoutMs, maxAttempts = 1 } = options;
  const common = {
    maxAttempts,
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  return {
    dynamodb: new DynamoDBClient({
      ...common,
      requestHandler: handlerOptions(requestTimeoutMs),
      ...(endpoint.dynamodb === undefined ? {} : { endpoint: endpoint.dynamodb }),
    }),
    s3: new S3Client({
      ...common,
      requestHandler: handlerOptions(objectTimeoutMs),
      ...(endpoint.s3 === undefined ? {} : { endpoint: endpoint.s3, forcePathStyle: true }),
      // What is stored carries checksums of its own, which are checked wherever it is read.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      // It would open a connection for each large object.
      expectContinueHeader: false,
    }),
  };
}

function handlerOptions(timeoutMs: number) {
  return {
    connectionTimeout: Math.min(connectMsMax, timeoutMs),
    requestTimeout: timeoutMs,
    // Else it would only warn.
    throwOnRequestTimeout: true,
    // The request's own ends with the response's head.
    socketTimeout: timeoutMs,
    httpAgent: sockets,
    httpsAgent: sockets,
  };
}
