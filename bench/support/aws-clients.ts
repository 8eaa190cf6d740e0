/** The two AWS clients, as the engine makes them, and nothing else: what `bench/cold-start.ts` compares functions with. */
import { awsClients } from "../../lib/engines/aws/sdk-clients.ts";
import { sdkBucket } from "../../lib/engines/aws/sdk-bucket.ts";
import { sdkTable } from "../../lib/engines/aws/sdk-table.ts";

const { dynamodb, s3 } = awsClients({ requestTimeoutMs: 1_000 });
export const table = sdkTable(dynamodb, "t");
export const bucket = sdkBucket(s3, "b");
