/** The stack of the consumers' suite: a log, and two functions that its records trigger. Both answer what they got as records of a topic of their own. */
import { App, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { Code, Function as LambdaFunction, FilterCriteria, Runtime, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { EventLog, StratalogEventSource } from "../../infra/constructs/index.ts";

const partitions = 8;

/** Tells what it got by answering it; marked records make it fail, if it is one that does. */
const handlerCode = (isStrict: boolean): string => `
  exports.handler = async (event) => {
    const records = Object.values(event.records).flat().map((record) => ({ ...record, text: Buffer.from(record.value, "base64").toString() }));
    const bad = ${isStrict} && records.find(({ text }) => text.startsWith("bad"));
    if (bad) throw new Error("cannot take " + bad.text);
    return { records: records.map(({ partition, offset, text }) => ({ partition, value: { offset, text } })) };
  };`;

const app = new App({ analyticsReporting: false });
const stack = new Stack(app, "StratalogConsumers");
const functionsFolder = app.node.tryGetContext("functions") as string | undefined;
const log = new EventLog(stack, "Log", {
  throwaway: true,
  // LocalStack streams no response.
  responseStreaming: false,
  security: { superUsers: ["User:arn:aws:iam::000000000000:root"] },
  ...(functionsFolder === undefined ? {} : { functionsFolder }),
});
const orders = log.topic("orders", { partitions });

function addFunction(id: string, isStrict: boolean): LambdaFunction {
  return new LambdaFunction(stack, id, {
    runtime: Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: Code.fromInline(handlerCode(isStrict)),
    timeout: Duration.seconds(30),
  });
}

const lenient = addFunction("Lenient", false);
lenient.addEventSource(
  new StratalogEventSource(log, {
    topic: orders,
    consumerGroupId: "lenient",
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 500,
    outputTopics: [log.topic("seen-by-lenient", { partitions })],
  }),
);

const queue = new Queue(stack, "Dead");
const strict = addFunction("Strict", true);
strict.addEventSource(
  new StratalogEventSource(log, {
    topic: orders,
    consumerGroupId: "strict",
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 100,
    retryAttempts: 1,
    bisectBatchOnError: true,
    onFailure: new SqsDlq(queue),
    filters: [FilterCriteria.filter({ headers: { kind: [{ "anything-but": "noise" }] } })],
    outputTopics: [log.topic("seen-by-strict", { partitions })],
  }),
);

const outputs = {
  FunctionUrl: log.functionUrl?.url ?? "",
  TableName: log.table.tableName,
  BucketName: log.bucket.bucketName,
  QueueUrl: queue.queueUrl,
};
for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
