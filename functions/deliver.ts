/** Delivers one partition of a consumer: calls its function with records, in order, until there are no more. */
import { deliveryClients, startingClient } from "../lib/lambda/delivery/aws-clients.ts";
import { deliverHandler } from "../lib/lambda/delivery/deliver-handler.ts";
import { lambdaCarrier } from "../lib/lambda/delivery/lambda-carrier.ts";
import { startDelivery } from "../lib/lambda/delivery/start-delivery.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";
import { nodeClock } from "../lib/node/clock.ts";

const { log, settle } = openFunctionLog(process.env);
const {
  STRATALOG_EVENT_SOURCE_ARN: eventSourceArn = "",
  STRATALOG_BOOTSTRAP_SERVERS: bootstrapServers = "",
  AWS_LAMBDA_FUNCTION_NAME: functionName = "",
} = process.env;

export const handler = deliverHandler({
  consumers: log.consumers,
  carrier: lambdaCarrier(deliveryClients({}), { eventSourceArn, bootstrapServers }),
  clock: nodeClock,
  start: startDelivery(startingClient({}), functionName),
  settle,
});
