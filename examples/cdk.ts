/** A log of one's own in a CDK app: a topic, and a function that may write to it. Run by `npx cdk synth --app "node examples/cdk.ts"`. */
import { App, Stack } from "aws-cdk-lib";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { EventLog } from "../infra/constructs/index.ts";

const stack = new Stack(new App(), "Shop");
const log = new EventLog(stack, "Log", {});
const orders = log.topic("orders", { partitions: 8, config: { "retention.ms": "604800000" } });

const checkout = new Function(stack, "Checkout", {
  runtime: Runtime.NODEJS_24_X,
  handler: "index.handler",
  code: Code.fromInline("exports.handler = async () => {}"),
  environment: { STRATALOG_URL: log.functionUrl?.url ?? "" },
});
orders.grantProduce(checkout);
