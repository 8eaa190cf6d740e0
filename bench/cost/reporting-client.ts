import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { awsClients } from "../../lib/engines/aws/sdk-clients.ts";
import { emulatorCredentials, emulatorRegion } from "../../scripts/emulators/aws-store.ts";

const requestTimeoutMs = 30_000;

/** What DynamoDB Local says that requests consumed. */
export interface Reported {
  /** Capacity units of single-item writes. */
  writes: number;
  /** Capacity units of gets and queries. */
  reads: number;
}

/** A client of its own, whose every request asks for what it consumed. What fails does not say so. Transactions are left out: DynamoDB Local rounds their sum, AWS each item. */
export function reportingClient(endpoint: string): { readonly client: DynamoDBClient; readonly reported: Reported } {
  const { dynamodb: client } = awsClients({
    region: emulatorRegion,
    endpoint: { dynamodb: endpoint },
    credentials: emulatorCredentials,
    requestTimeoutMs,
  });
  const reported: Reported = { writes: 0, reads: 0 };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const asked = { ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } as typeof args.input };
      const result = await next(asked);
      const { ConsumedCapacity: consumed } = result.output as { readonly ConsumedCapacity?: { readonly CapacityUnits?: number } };
      const command = String(context["commandName"]);
      const units = consumed?.CapacityUnits ?? 0;
      if (/^(Put|Update|Delete)Item/.test(command)) reported.writes += units;
      else if (/^(GetItem|Query)/.test(command)) reported.reads += units;
      return result;
    },
    { step: "initialize", name: "returnConsumedCapacity" },
  );
  return { client, reported };
}
