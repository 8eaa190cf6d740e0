import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { signedFetch } from "../../lib/aws/signed-fetch.ts";
import { root } from "./doors.ts";

const region = "us-east-1";

/** Invokes a function as its schedule does. @returns what it answered @throws Error when it failed */
export async function invoke(endpoint: string, functionName: string): Promise<Readonly<Record<string, unknown>>> {
  const send = signedFetch({ service: "lambda", region, credentials: root });
  const response = await send(`${endpoint}/2015-03-31/functions/${functionName}/invocations`, { method: "POST", body: "{}" });
  const text = await response.text();
  if (!response.ok || response.headers.has("x-amz-function-error")) throw new Error(`${functionName} failed: ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

export async function describeTable(endpoint: string, table: string): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region, credentials: root });
  try {
    await client.send(new DescribeTableCommand({ TableName: table }));
  } finally {
    client.destroy();
  }
}
