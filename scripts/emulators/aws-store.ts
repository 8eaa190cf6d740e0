import { randomUUID } from "node:crypto";
import { CreateTableCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { tableSchema } from "../../lib/engines/aws/schema.ts";
import { type AwsClients, awsClients } from "../../lib/engines/aws/sdk-clients.ts";
import { type DynamoDbLocalOptions, startDynamoDbLocal } from "./dynamodb-local.ts";
import { startS3 } from "./s3.ts";

/** Emulators with clients for them. */
export interface EmulatedAws {
  readonly endpoints: { readonly dynamodb: string; readonly s3: string };
  readonly clients: AwsClients;
  /** Makes an empty table and bucket. */
  createStore(): Promise<EmulatedStore>;
  stop(): Promise<void>;
}

export interface EmulatedStore {
  readonly table: string;
  readonly bucket: string;
}

const requestTimeoutMs = 30_000;
/** What emulators take: any. */
export const emulatorCredentials = { accessKeyId: "test", secretAccessKey: "test" } as const;
export const emulatorRegion = "us-east-1";

/** A DynamoDB Local of its own and S3. */
export async function startEmulatedAws(options: DynamoDbLocalOptions = {}): Promise<EmulatedAws> {
  const [dynamodb, s3] = await Promise.all([startDynamoDbLocal(options), startS3()]);
  const endpoints = { dynamodb: dynamodb.endpoint, s3: s3.endpoint };
  const clients = awsClients({ region: emulatorRegion, endpoint: endpoints, credentials: emulatorCredentials, requestTimeoutMs });
  return {
    endpoints,
    clients,
    createStore: () => createStore(clients),
    async stop() {
      clients.dynamodb.destroy();
      clients.s3.destroy();
      await Promise.all([dynamodb.stop(), s3.stop()]);
    },
  };
}

async function createStore({ dynamodb, s3 }: AwsClients): Promise<EmulatedStore> {
  const name = `stratalog-${randomUUID()}`;
  const { partitionKey, sortKey, billingMode, timeToLive } = tableSchema;
  const table = new CreateTableCommand({
    TableName: name,
    BillingMode: billingMode,
    KeySchema: [
      { AttributeName: partitionKey, KeyType: "HASH" },
      { AttributeName: sortKey, KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: partitionKey, AttributeType: "S" },
      { AttributeName: sortKey, AttributeType: "S" },
    ],
  });
  await Promise.all([dynamodb.send(table), s3.send(new CreateBucketCommand({ Bucket: name }))]);
  const expiry = { AttributeName: timeToLive, Enabled: true };
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: expiry }));
  return { table: name, bucket: name };
}
