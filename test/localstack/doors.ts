import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { type AwsCredentials, signedFetch } from "../../lib/aws/signed-fetch.ts";
import type { Fetch } from "../../lib/client/index.ts";
import type { HttpTarget } from "../../lib/testing/conformance/http/target.ts";

/** A front door of the deployed stack. Its host name is LocalStack's and resolves nowhere: requests go to 127.0.0.1 under that name. */
export interface Door {
  readonly url: string;
  readonly service: "lambda" | "execute-api";
}

export const root: AwsCredentials = { accessKeyId: "test", secretAccessKey: "test" };

export function functionUrlDoor(output: string): Door {
  return { url: output.replace(/\/$/, ""), service: "lambda" };
}

/** @param output such as `https://ID.execute-api.us-east-1.amazonaws.com/prod/`, whose id and stage LocalStack serves */
export function restDoor(output: string, endpoint: string): Door {
  const { hostname, pathname } = new URL(output);
  const id = hostname.split(".")[0] ?? "";
  return {
    url: `http://${id}.execute-api.localhost.localstack.cloud:${new URL(endpoint).port}${pathname.replace(/\/$/, "")}`,
    service: "execute-api",
  };
}

/** `fetch` to this machine, whatever the host name. */
export const loopbackFetch: Fetch = async (address, init) => {
  const url = new URL(address);
  const headers = { ...Object.fromEntries(new Headers(init.headers)), host: url.host };
  const request = httpRequest({
    host: "127.0.0.1",
    port: url.port,
    method: init.method ?? "GET",
    path: url.pathname + url.search,
    headers,
    ...(init.signal === null || init.signal === undefined ? {} : { signal: init.signal }),
  });
  request.end(init.body instanceof ArrayBuffer ? new Uint8Array(init.body) : (init.body ?? undefined));
  const [incoming] = (await once(request, "response")) as [IncomingMessage];
  const status = incoming.statusCode ?? 0;
  const empty = status === 204 || status === 304 || init.method === "HEAD";
  if (empty) incoming.resume();
  const pairs = Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  );
  return new Response(empty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>), { status, headers: pairs });
};

/** Signs for a door. */
export function signed({ service }: Door, credentials: AwsCredentials = root): Fetch {
  return signedFetch({ service, region: "us-east-1", credentials, fetch: loopbackFetch });
}

/** The door as what HTTP cases run against. */
export function target(door: Door, send: Fetch = signed(door)): HttpTarget {
  return {
    baseUrl: door.url,
    async fetch(request) {
      const body = await request.arrayBuffer();
      const { method, headers, signal, url } = request;
      return await send(url, { method, headers, signal, ...(body.byteLength === 0 ? {} : { body }) });
    },
  };
}
