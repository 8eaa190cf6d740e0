/**
 * The front doors of a Lambda function, in process: a socket server that makes their events of HTTP requests, and HTTP of the function's
 * answers, as a function URL (payload 2.0) and API Gateway's REST API (1.0) do.
 */
import { isUtf8 } from "node:buffer";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Writable } from "node:stream";
import type { BufferedAnswer, BufferedHandler } from "../../lib/lambda/buffered.ts";
import type { DoorEvent } from "../../lib/lambda/lambda-request.ts";
import type { StreamingHandler, StreamingRuntime } from "../../lib/lambda/streaming.ts";

export interface Door {
  readonly url: string;
  close(): Promise<void>;
}

export type MakeEvent = (incoming: IncomingMessage, body: Buffer, identity: string | undefined) => DoorEvent;

const functionMsMax = 60_000;

/** A door whose answers come in one piece. @param identity the ARN that the door found to have signed */
export async function bufferedDoor(handler: BufferedHandler, makeEvent: MakeEvent, identity?: string): Promise<Door> {
  return await serve(async (incoming, response) => {
    const event = makeEvent(incoming, await bodyOf(incoming), identity);
    // Through JSON, as it goes to a function and comes back.
    const answer = JSON.parse(JSON.stringify(await handler(JSON.parse(JSON.stringify(event)) as DoorEvent, context()))) as BufferedAnswer;
    response.writeHead(answer.statusCode, answer.headers);
    response.end(Buffer.from(answer.body, answer.isBase64Encoded ? "base64" : "utf8"));
  });
}

/** A door that streams. @param make the function, given Lambda's streaming runtime */
export async function streamingDoor(make: (runtime: StreamingRuntime) => unknown, makeEvent: MakeEvent, identity?: string): Promise<Door> {
  const heads = new WeakMap<Writable, (head: Head) => void>();
  const runtime: StreamingRuntime = {
    streamifyResponse: (handler) => handler,
    HttpResponseStream: {
      from(stream, head) {
        const begin = heads.get(stream);
        const body = new Writable({
          // The head goes out with the first write.
          write(chunk: Buffer, _encoding, done) {
            begin?.(head as unknown as Head);
            if (stream.write(chunk)) done();
            else stream.once("drain", () => done());
          },
          final(done) {
            stream.end(done);
          },
        });
        stream.once("close", () => body.destroy());
        return body;
      },
    },
  };
  const handler = make(runtime) as StreamingHandler;
  return await serve(async (incoming, response) => {
    const event = makeEvent(incoming, await bodyOf(incoming), identity);
    const stream = new PassThrough();
    heads.set(stream, ({ statusCode, headers }) => {
      if (!response.headersSent) response.writeHead(statusCode, headers);
      response.flushHeaders();
    });
    stream.pipe(response);
    response.once("close", () => stream.destroy());
    await handler(event, stream, context());
  });
}

interface Head {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
}

async function serve(answer: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<Door> {
  const server = createServer((incoming, response) => {
    // What a function throws, its door tells as this.
    answer(incoming, response).catch(() => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function context(): { getRemainingTimeInMillis(): number } {
  const endMs = performance.now() + functionMsMax;
  return { getRemainingTimeInMillis: () => endMs - performance.now() };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

function splitUrl({ url = "/" }: IncomingMessage): { readonly path: string; readonly query: string } {
  const at = url.indexOf("?");
  return at < 0 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

/** A function URL's event. */
export const urlEvent: MakeEvent = (incoming, body, identity) => {
  const { path, query } = splitUrl(incoming);
  const headers = Object.fromEntries(Object.entries(incoming.headersDistinct).map(([name, values]) => [name, (values ?? []).join(",")]));
  const isText = /json|text|xml/.test(headers["content-type"] ?? "") && isUtf8(body);
  const event = {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    headers,
    requestContext: {
      http: { method: incoming.method, path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "" },
      ...(identity === undefined ? {} : { authorizer: { iam: { userArn: identity, accountId: "000000000000" } } }),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
  return event as unknown as DoorEvent;
};

/** A REST API's event, from a proxy resource with every media type binary. */
export const restEvent: MakeEvent = (incoming, body, identity) => {
  const { path, query } = splitUrl(incoming);
  const values: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) (values[name] ??= []).push(value);
  const event = {
    resource: "/{proxy+}",
    path,
    httpMethod: incoming.method,
    headers: {},
    multiValueHeaders: incoming.headersDistinct,
    queryStringParameters: null,
    multiValueQueryStringParameters: query === "" ? null : values,
    requestContext: { identity: { userArn: identity ?? null, sourceIp: "127.0.0.1" } },
    body: body.length === 0 ? null : body.toString("base64"),
    isBase64Encoded: body.length > 0,
  };
  return event as unknown as DoorEvent;
};
