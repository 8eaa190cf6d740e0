import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type DeliveryClients, deliveryClients, startingClient } from "../../../../lib/lambda/delivery/aws-clients.ts";
import type { Failure } from "../../../../lib/log/consumers/consumers.ts";
import { checkedConsumer } from "../../../../lib/log/consumers/settings.ts";

/** A request as a service of AWS gets it. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Service {
  readonly clients: DeliveryClients;
  readonly starting: ReturnType<typeof startingClient>;
  readonly received: readonly Received[];
}

/** Runs the test against a service that answers so. */
export async function against(
  answer: (response: ServerResponse, received: Received) => void,
  test: (service: Service) => Promise<void>,
): Promise<void> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const got = { method, url, headers, body: Buffer.concat(pieces).toString("utf8") };
      received.push(got);
      answer(response, got);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { endpoint, region: "eu-west-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } };
  const clients = deliveryClients(options);
  const starting = startingClient(options);
  try {
    await test({ clients, starting, received });
  } finally {
    for (const client of [clients.functions, clients.sqs, clients.sns, clients.s3, starting]) client.destroy();
    server.closeAllConnections();
    server.close();
  }
}

export const source = { eventSourceArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/log", bootstrapServers: "log.example.com:443" };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const record = (offset: number, value = `v${offset}`) => ({
  offset,
  timestampMs: 1_700_000_000_000 + offset,
  key: bytes("k"),
  value: bytes(value),
  headers: [],
});

export const consumer = {
  ...checkedConsumer({ group: "billing", topic: "orders", target: "arn:aws:lambda:eu-west-1:123456789012:function:billing" }),
  version: 1,
  createdMs: 0,
};

/** What is given up of two records. */
export function failureOf(change: Partial<Failure> & { readonly letterOf?: Partial<Failure["letter"]> } = {}): Failure {
  const { letterOf = {}, ...rest } = change;
  const letter: Failure["letter"] = {
    id: "orders/3/7",
    topic: "orders",
    partition: 3,
    fromOffset: 7,
    toOffset: 10,
    records: 2,
    condition: "RetryAttemptsExhausted",
    attempts: 3,
    functionError: "Unhandled",
    error: "Error: no",
    firstTimestampMs: 1_700_000_000_007,
    lastTimestampMs: 1_700_000_000_009,
    givenUpMs: 1_700_000_060_000,
    isRedriving: false,
    ...letterOf,
  };
  return { consumer, letter, requestId: "request-1", timestampType: "CREATE_TIME", payload: [record(7), record(9)], ...rest };
}
