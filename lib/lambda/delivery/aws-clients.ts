import { LambdaClient, type LambdaClientConfig } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { limits } from "../../core/limits.ts";

/** How the clients find AWS. Default: as the SDK finds it in the environment. */
export interface ClientOptions {
  readonly region?: string;
  /** Of a service that is not Amazon's own. */
  readonly endpoint?: string;
  readonly credentials?: NonNullable<LambdaClientConfig["credentials"]>;
}

export interface DeliveryClients {
  /** Sends once, and waits as long as a function may run: a call that is sent twice runs twice. */
  readonly functions: LambdaClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly s3: S3Client;
}

export function deliveryClients(options: ClientOptions): DeliveryClients {
  const callMsMax = limits.functionTimeoutMsMax + limits.lambdaCallMarginMs;
  return {
    functions: new LambdaClient({ ...options, maxAttempts: 1, requestHandler: within(callMsMax) }),
    // A queue's URL is made here of its ARN, so it says nothing of where the service is.
    sqs: new SQSClient({ ...options, ...brief, useQueueUrlAsEndpoint: false }),
    sns: new SNSClient({ ...options, ...brief }),
    s3: new S3Client({ ...options, ...brief, ...s3Addressing(options) }),
  };
}

/** For invocations that nobody waits for. It may send twice: of two deliveries of a partition one finds it taken. */
export function startingClient(options: ClientOptions): LambdaClient {
  return new LambdaClient({ ...options, ...brief });
}

function within(timeoutMs: number) {
  return { connectionTimeout: 3_000, requestTimeout: timeoutMs, throwOnRequestTimeout: true, socketTimeout: timeoutMs };
}

const brief = { requestHandler: within(limits.deliverRequestMsMax) };

/** S3 of another make has its buckets in the path, not in the host's name. */
function s3Addressing({ endpoint }: ClientOptions) {
  const { AWS_ENDPOINT_URL_S3: ofS3, AWS_ENDPOINT_URL: ofAll } = process.env;
  return { forcePathStyle: (endpoint ?? ofS3 ?? ofAll) !== undefined };
}
