/** The stack of the suite: everything that a log has and LocalStack knows, and a clerk who may write to one topic. Its context says which state of it. */
import { App, CfnOutput, Stack } from "aws-cdk-lib";
import { CfnAccessKey, User } from "aws-cdk-lib/aws-iam";
import { EventLog } from "../../infra/constructs/index.ts";

const app = new App({ analyticsReporting: false });
const context = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;
const isChanged = context("changed") === "true";
const functionsFolder = context("functions");

const stack = new Stack(app, "StratalogSuite");
const log = new EventLog(stack, "Log", {
  throwaway: true,
  // LocalStack streams no response.
  responseStreaming: false,
  restApi: { auth: "iam" },
  security: { superUsers: ["User:arn:aws:iam::000000000000:root"], tokens: true },
  ...(functionsFolder === undefined ? {} : { functionsFolder }),
});

const orders = log.topic("orders", { partitions: isChanged ? 4 : 2, config: isChanged ? { "retention.ms": "-1" } : {} });
if (isChanged) log.topic("returns", { onDelete: "delete" });

const clerk = new User(stack, "Clerk");
orders.grantProduce(clerk);
const key = new CfnAccessKey(stack, "ClerkKey", { userName: clerk.userName, serial: Number(context("key") ?? "1") });

const outputs = {
  FunctionUrl: log.functionUrl?.url ?? "",
  RestUrl: log.rest?.url ?? "",
  TableName: log.table.tableName,
  BucketName: log.bucket.bucketName,
  ApiFunctionName: log.api.functionName,
  JanitorFunctionName: log.janitor.functionName,
  ClerkKeyId: key.ref,
  ClerkSecret: key.attrSecretAccessKey,
};
for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
