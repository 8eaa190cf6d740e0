import type { APIGatewayProxyEvent, APIGatewayProxyEventV2WithIAMAuthorizer } from "aws-lambda";
import { tooLarge } from "../http/body-budget.ts";
import type { AppRequest } from "../http/message.ts";

/** What the two front doors send: a Lambda function URL (payload format 2.0) and API Gateway's REST API (1.0). */
export type DoorEvent = APIGatewayProxyEventV2WithIAMAuthorizer | APIGatewayProxyEvent;

/** A front door's event as the app takes it. */
export class LambdaRequest implements AppRequest {
  readonly method: string;
  readonly url: string;
  readonly identity?: string;
  readonly signal: AbortSignal;
  readonly #headers: ReadonlyMap<string, string>;
  readonly #event: DoorEvent;

  constructor(event: DoorEvent, signal: AbortSignal) {
    const { method, url, identity, headers } = "rawPath" in event ? fromUrl(event) : fromRest(event);
    this.method = method;
    this.url = url;
    if (identity !== undefined) this.identity = identity;
    this.signal = signal;
    this.#headers = headers;
    this.#event = event;
  }

  header(name: string): string | undefined {
    return this.#headers.get(name);
  }

  async readBytes(bytesMax: number): Promise<Uint8Array> {
    const { body, isBase64Encoded } = this.#event;
    const buffer = Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8");
    if (buffer.byteLength > bytesMax) throw tooLarge(bytesMax);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const bytes = await this.readBytes(Number.POSITIVE_INFINITY);
    if (bytes.byteLength > 0) yield bytes;
  }
}

interface Parts {
  readonly method: string;
  readonly url: string;
  readonly identity: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
}

function fromUrl(event: APIGatewayProxyEventV2WithIAMAuthorizer): Parts {
  const { rawPath, rawQueryString, requestContext } = event;
  // The types have it always; a URL that checks no signature has none.
  const { iam } = (requestContext.authorizer ?? {}) as { readonly iam?: { readonly userArn?: string | null } };
  return {
    method: requestContext.http.method,
    url: rawQueryString === "" ? rawPath : `${rawPath}?${rawQueryString}`,
    identity: iam?.userArn ?? undefined,
    headers: new Map(Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value ?? ""])),
  };
}

/** API Gateway has opened the query's percent-encoding, and says each header's values apart. */
function fromRest(event: APIGatewayProxyEvent): Parts {
  const { path, httpMethod, multiValueQueryStringParameters, multiValueHeaders, requestContext } = event;
  const query = Object.entries(multiValueQueryStringParameters ?? {})
    .flatMap(([name, values]) => (values ?? []).map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`))
    .join("&");
  return {
    method: httpMethod,
    url: query === "" ? path : `${path}?${query}`,
    identity: requestContext.identity.userArn ?? undefined,
    headers: new Map(Object.entries(multiValueHeaders).map(([name, values]) => [name.toLowerCase(), (values ?? []).join(", ")])),
  };
}
