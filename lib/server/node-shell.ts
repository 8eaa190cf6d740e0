import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { App } from "../http/app.ts";
import { type AppResponse, isStream } from "../http/message.ts";
import { errorResponse } from "../http/responses.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { Level } from "./level.ts";
import { NodeRequest } from "./node-request.ts";

/**
 * An app as a node:http server, not yet listening.
 * @param closing when it aborts, long polls and streams end
 * @param telemetry hears how many connections and event streams are open
 */
export function createNodeServer(app: App, closing: AbortSignal, telemetry?: Telemetry): Server {
  const server = createServer({
    keepAlive: true,
    noDelay: true,
    // Node would drop all but the first of some: a second Host or Authorization is to be seen.
    joinDuplicateHeaders: true,
    maxHeaderSize: limits.requestHeadersBytesMax,
    headersTimeout: limits.requestHeadersReceiveMsMax,
    requestTimeout: limits.requestReceiveMsMax,
    keepAliveTimeout: limits.connectionKeepAliveMs,
    connectionsCheckingInterval: limits.requestHeadersReceiveMsMax,
  });
  server.maxConnections = limits.connectionsMax;
  server.timeout = limits.connectionIdleMsMax;
  if (telemetry !== undefined) watchConnections(server, telemetry);
  const openStreams = new Level((count) => telemetry?.gauge("OpenStreams", count));
  const turns = new WeakMap<Duplex, Turn>();
  const serve = (incoming: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    // A connection that breaks while it is written to is no fault of the server's.
    response.on("error", ignore);
    const start = (): void => {
      turn.running = response;
      const request = new NodeRequest(incoming, response, closing, expectsContinue);
      answer(app, request, incoming, response, openStreams)
        .then(() => {
          if (closing.aborted) closeWhenIdle(server, response);
        })
        .catch(() => response.destroy());
    };
    const turn = turns.get(incoming.socket) ?? { running: response, last: undefined };
    const before = turn.last;
    turn.last = response;
    turns.set(incoming.socket, turn);
    // One answer of a connection at a time: a client that asks for many at once and reads none would fill the memory with them.
    if (before === undefined || before.closed) start();
    else before.once("close", start);
  };
  server.on("request", (incoming, response) => serve(incoming, response, false));
  server.on("checkContinue", (incoming: IncomingMessage, response: ServerResponse) => serve(incoming, response, true));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuseConnection(error, socket, turns.get(socket)?.running));
  return server;
}

/** A connection's requests, which may come before the one before them is answered. */
interface Turn {
  /** The answer that is being made, or was made last. */
  running: ServerResponse;
  last: ServerResponse | undefined;
}

async function answer(
  app: App,
  request: NodeRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
  openStreams: Level,
): Promise<void> {
  const { status, headers, body, release } = await app.handle(request);
  if (release !== undefined && !response.closed) response.once("close", release);
  else release?.();
  if (response.destroyed) {
    if (isStream(body)) await body[Symbol.asyncIterator]().return?.();
    return;
  }
  const isLeft = !incoming.complete;
  const head: Record<string, string | number> = { ...headers };
  if (isLeft && (request.isHeldBack || Number(incoming.headers["content-length"] ?? 0) > limits.refusedBodyBytesMax))
    head["connection"] = "close";
  if (isStream(body)) {
    response.writeHead(status, head);
    await openStreams.during(pump(body, response));
  } else if (body === undefined) {
    if (request.method !== "HEAD" && status !== 204) head["content-length"] = 0;
    response.writeHead(status, head).end();
  } else {
    const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    head["content-length"] = bytes;
    // ASCII, as most answers are, is written faster so, and in one piece with the headers.
    response.writeHead(status, head).end(body, bytes === body.length ? "latin1" : "utf8");
  }
  if (isLeft) dropRest(incoming);
}

function watchConnections(server: Server, telemetry: Telemetry): void {
  const open = new Level((count) => telemetry.gauge("OpenConnections", count));
  server.on("connection", (socket) => void open.during(new Promise<void>((resolve) => socket.once("close", () => resolve()))));
}

/** Writes as fast as the client reads. */
async function pump(body: Exclude<AppResponse["body"], string | Uint8Array | undefined>, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  for await (const piece of body) {
    if (!response.write(piece)) await once(response, "drain", { signal: gone.signal }).catch(ignore);
    if (response.destroyed) return;
  }
  response.end();
}

/** A connection that outlives its last answer would hold up a server that closes. */
function closeWhenIdle(server: Server, response: ServerResponse): void {
  if (response.closed) server.closeIdleConnections();
  else response.once("close", () => server.closeIdleConnections());
}

/** Reads and drops what is left of a body that was refused: a sender that is cut off while sending does not get to see the answer. */
function dropRest(incoming: IncomingMessage): void {
  let left: number = limits.refusedBodyBytesMax;
  incoming.on("error", ignore);
  incoming.on("data", (piece: Buffer) => {
    left -= piece.length;
    if (left < 0) incoming.destroy();
  });
  incoming.resume();
}

/**
 * Bytes that are no HTTP request, or none in time.
 * @param running the connection's newest answer: when it is not done, the client takes this one for it
 */
function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex, running: ServerResponse | undefined): void {
  const isRunning = running !== undefined && !running.closed;
  if (error.code === "ECONNRESET" || !socket.writable || (isRunning && running.headersSent)) {
    socket.destroy();
    return;
  }
  // What runs may have appended already, or will.
  const options = isRunning ? ({ outcome: "unknown" } as const) : {};
  const reason =
    error.code === "HPE_HEADER_OVERFLOW"
      ? new LogError("invalid_request", `The request line and headers are at most ${limits.requestHeadersBytesMax} bytes.`, options)
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? new LogError("timeout", "The request did not come in time.", options)
        : new LogError("invalid_request", "This is no HTTP/1.1 request.", options);
  const { body } = errorResponse(reason);
  const status =
    reason.code === "timeout"
      ? "408 Request Timeout"
      : error.code === "HPE_HEADER_OVERFLOW"
        ? "431 Request Header Fields Too Large"
        : "400 Bad Request";
  const text = typeof body === "string" ? body : "";
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function ignore(): void {
  // Said by the connection's end.
}
