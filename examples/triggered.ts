/** A function that a topic's records trigger. Run by `npx cdk synth --app "node examples/triggered.ts"`. */
import { App, Duration, Stack } from "aws-cdk-lib";
import { Code, FilterCriteria, Function, Runtime, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { EventLog, StratalogEventSource } from "../infra/constructs/index.ts";

const stack = new Stack(new App(), "Shop");
const log = new EventLog(stack, "Log", {});

const billing = new Function(stack, "Billing", {
  runtime: Runtime.NODEJS_24_X,
  handler: "index.handler",
  code: Code.fromInline("exports.handler = async ({ records }) => console.log(Object.keys(records))"),
  timeout: Duration.seconds(30),
});
billing.addEventSource(
  new StratalogEventSource(log, {
    topic: log.topic("orders", { partitions: 8 }),
    consumerGroupId: "billing",
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 500,
    filters: [FilterCriteria.filter({ value: { status: ["paid"] } })],
    retryAttempts: 3,
    bisectBatchOnError: true,
    onFailure: new SqsDlq(new Queue(stack, "Failed")),
  }),
);
