/** SigV4 from AWS's description of it, for a request as a server has received it: shares nothing with what signs. */
import { createHash, createHmac } from "node:crypto";

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query as in the request line. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface SignedParts {
  readonly accessKeyId: string;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** What the request's `authorization` says. */
export function signedPartsOf({ headers }: ReceivedRequest): SignedParts {
  const found = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    headers["authorization"] ?? "",
  );
  if (found === null) throw new Error(`no signature: ${headers["authorization"] ?? ""}`);
  const [, accessKeyId = "", scope = "", names = "", signature = ""] = found;
  return { accessKeyId, scope, signedHeaders: names.split(";"), signature };
}

/** The signature that the request should have. */
export function signatureOf(request: ReceivedRequest, secret: string, parts: Pick<SignedParts, "scope" | "signedHeaders">): string {
  const { scope, signedHeaders } = parts;
  const [path = "", search = ""] = request.url.split("?");
  const [day = "", region = "", service = "", end = ""] = scope.split("/");
  const canonical = [
    request.method,
    service === "s3" ? path : path.split("/").map(encoded).join("/"),
    search.split("&").filter(Boolean).map(canonicalPair).sort().join("&"),
    ...signedHeaders.map((name) => `${name}:${(request.headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    signedHeaders.join(";"),
    sha256(request.body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"] ?? "", scope, sha256(Buffer.from(canonical))].join("\n");
  const key = [day, region, service, end].reduce((step: Buffer | string, word) => hmac(step, word), `AWS4${secret}`);
  return hmac(key, toSign).toString("hex");
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function canonicalPair(pair: string): string {
  const split = pair.indexOf("=");
  const [name, value] = split < 0 ? [pair, ""] : [pair.slice(0, split), pair.slice(split + 1)];
  return `${encoded(decodeURIComponent(name))}=${encoded(decodeURIComponent(value))}`;
}

function encoded(text: string): string {
  const bytes = [...Buffer.from(text)];
  return bytes
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
