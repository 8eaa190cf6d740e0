import { connect, type Socket } from "node:net";

export interface RequestParts {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly body?: Uint8Array;
}

/** A request as bytes, built once and sent again and again: the client should cost little beside the server. */
export function httpRequest(port: number, { method = "POST", path, contentType, accept, body = new Uint8Array(0) }: RequestParts): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
    ...(accept === undefined ? [] : [`Accept: ${accept}`]),
    ...(method === "GET" ? [] : [`Content-Length: ${body.byteLength}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}

export interface LoadResult {
  readonly requests: number;
  readonly elapsedMs: number;
  /** Of each request, in the order of completion. */
  readonly latenciesMs: readonly number[];
  readonly responseBytes: number;
}

/** Sends `count` requests over `connections` kept-alive connections, one at a time on each. Any status but 2xx is an error. */
export async function runLoad(port: number, connections: number, count: number, request: (nth: number) => Uint8Array): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  let responseBytes = 0;
  const begun = performance.now();
  const worker = async (): Promise<void> => {
    const connection = await Connection.open(port);
    try {
      while (next < count) {
        const sent = performance.now();
        const received = await connection.send(request(next++));
        responseBytes += received;
        latenciesMs.push(performance.now() - sent);
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return { requests: count, elapsedMs: performance.now() - begun, latenciesMs, responseBytes };
}

/** One HTTP/1.1 connection that counts response bytes and keeps none of them. */
export class Connection {
  readonly #socket: Socket;
  #head: Buffer = Buffer.alloc(0);
  #bodyLeft = -1;
  #bodyBytes = 0;
  #settle: { resolve(bytes: number): void; reject(reason: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: "127.0.0.1" });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Connection(socket);
  }

  /** @returns the bytes of the response's body */
  send(request: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#bodyLeft >= 0) return this.#countBody(chunk.byteLength);
    this.#head = this.#head.byteLength === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#head.toString("latin1", 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (!head.startsWith("HTTP/1.1 2") || length === undefined) {
      return this.#fail(new Error(`unexpected response: ${this.#head.toString("utf8", 0, 500)}`));
    }
    const rest = this.#head.byteLength - end - 4;
    this.#head = Buffer.alloc(0);
    this.#bodyBytes = Number(length);
    this.#bodyLeft = this.#bodyBytes;
    this.#countBody(rest);
  }

  #countBody(bytes: number): void {
    this.#bodyLeft -= bytes;
    if (this.#bodyLeft > 0) return;
    this.#bodyLeft = -1;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve(this.#bodyBytes);
  }

  #fail(error: Error): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.reject(error);
  }
}
