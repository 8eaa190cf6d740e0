import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { Delivery } from "../../log/consumers/consumers.ts";

/** Starts a delivery in an environment of its own. Resolves once Lambda has taken it, which is before it begins. @throws an SDK's error when Lambda has not */
export type StartDelivery = (delivery: Delivery) => Promise<void>;

/** @param functionName the function that delivers */
export function startDelivery(client: LambdaClient, functionName: string): StartDelivery {
  return async (delivery) => {
    await client.send(new InvokeCommand({ FunctionName: functionName, InvocationType: "Event", Payload: JSON.stringify(delivery) }));
  };
}
