/** What starts deliveries: a batch of the table's stream those of its shards, the schedule all that are due. */
import { startingClient } from "../lib/lambda/delivery/aws-clients.ts";
import { routerHandler } from "../lib/lambda/delivery/router-handler.ts";
import { startDelivery } from "../lib/lambda/delivery/start-delivery.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";

const { log, settle } = openFunctionLog(process.env);
const { STRATALOG_DELIVER_FUNCTION: functionName = "" } = process.env;

export const handler = routerHandler({ consumers: log.consumers, start: startDelivery(startingClient({}), functionName), settle });
