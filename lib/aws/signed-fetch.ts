import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Fetch } from "../client/index.ts";
import { LogError } from "../core/errors.ts";
import { signedHostOf } from "./signed-fetch-host.ts";
import { pathOf, queryOf, searchOf } from "./signed-fetch-url.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

export interface SignedFetchOptions {
  /** Default: what the host name tells, else `AWS_REGION`, else `AWS_DEFAULT_REGION`. */
  readonly region?: string;
  /** `lambda` for a Function URL, `execute-api` for API Gateway. Default: what the host name tells, else `lambda`. */
  readonly service?: string;
  /** Asked for each request when it is a function. Default: as the AWS SDK finds them (environment, profile, SSO, role), renewed in time. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Sends the signed request. Default the platform's. */
  readonly fetch?: Fetch;
  /** When a request is signed; AWS takes it for five minutes. Default the machine's clock. */
  readonly now?: () => Date;
}

/**
 * A `fetch` that signs each request with SigV4, headers and body included, for `connect({ url, fetch: signedFetch() })` against a Function URL or an API
 * Gateway. Takes bodies of text or bytes. A retry is signed anew.
 * @throws LogError invalid_config without a region; unauthenticated without credentials; invalid_request when the request has an `authorization` already
 */
export function signedFetch(options: SignedFetchOptions = {}): Fetch {
  const {
    credentials = defaultProvider(),
    fetch: send = (url: string, init: RequestInit) => globalThis.fetch(url, init),
    now = () => new Date(),
  } = options;
  const provide = typeof credentials === "function" ? credentials : () => Promise.resolve(credentials);
  return async (address, init) => {
    const url = new URL(address);
    const headers = plainHeaders(init.headers);
    const { service, region } = scopeOf(url, options);
    const signer = new SignatureV4({ service, region, sha256: Sha256, credentials: () => found(provide) });
    const query = queryOf(url.search);
    const unsigned = {
      method: (init.method ?? "GET").toUpperCase(),
      protocol: url.protocol,
      hostname: url.hostname,
      path: pathOf(url.pathname),
      query,
      headers: { ...headers, host: url.host },
      ...bodyOf(init.body),
    };
    const signed = await signer.sign(unsigned, { signingDate: now() });
    // The platform sets it, to the same.
    const { host: _host, ...sent } = signed.headers;
    return await send(`${url.origin}${unsigned.path}${searchOf(query)}`, { ...init, headers: sent });
  };
}

function plainHeaders(headers: RequestInit["headers"]): Record<string, string> {
  const plain = Object.fromEntries(new Headers(headers));
  if (plain["authorization"] === undefined) return plain;
  throw new LogError("invalid_request", "A signed request has its signature in `authorization`: leave the token out, or do not sign.");
}

function scopeOf({ hostname }: URL, options: SignedFetchOptions): { readonly service: string; readonly region: string } {
  const told = signedHostOf(hostname);
  const region = options.region ?? told?.region ?? process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"] ?? "";
  if (region !== "") return { service: options.service ?? told?.service ?? "lambda", region };
  throw new LogError("invalid_config", `There is no AWS region to sign for, and ${hostname} names none: give one (region, AWS_REGION).`);
}

async function found(provide: () => Promise<AwsCredentials>): Promise<AwsCredentials> {
  try {
    return await provide();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LogError("unauthenticated", `There are no AWS credentials to sign with: ${reason}`, { cause });
  }
}

function bodyOf(body: RequestInit["body"]): { readonly body?: string | ArrayBuffer | ArrayBufferView } {
  if (body === undefined || body === null) return {};
  if (typeof body === "string" || body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { body };
  throw new LogError("invalid_request", "Only a body of text or bytes can be signed.");
}
