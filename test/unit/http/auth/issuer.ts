import { once } from "node:events";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JwtSettings } from "../../../../lib/config/security-settings.ts";

export type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

export interface Issuer {
  readonly settings: JwtSettings;
  /** The status that its keys are answered with. Set it to make it fail. */
  status: number;
  /** How often its keys were asked for. */
  asked: number;
  /** A JWT that is fine, but for what is said. */
  sign(
    claims?: Readonly<Record<string, unknown>>,
    more?: { readonly key?: KeyPair["privateKey"]; readonly alg?: string; readonly kid?: string },
  ): Promise<string>;
  /** From then on it signs with another key. */
  rotate(): Promise<void>;
  close(): void;
}

/** An issuer of JWTs on this machine, whose keys are served over HTTP. */
export async function startIssuer(nowMs: () => number): Promise<Issuer> {
  let count = 0;
  let keys = await generateKeyPair("ES256");
  const makeKeyId = (): string => `key-${++count}`;
  let keyId = makeKeyId();
  const server = createServer((_, response) => {
    issuer.asked++;
    exportJWK(keys.publicKey)
      .then((jwk) => response.writeHead(issuer.status).end(JSON.stringify({ keys: [{ ...jwk, kid: keyId, alg: "ES256", use: "sig" }] })))
      .catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const issuer: Issuer = {
    settings: { issuer: `${url}/`, audience: ["stratalog"], algorithms: ["ES256"], jwksUrl: `${url}/.well-known/jwks.json`, claim: "sub" },
    status: 200,
    asked: 0,
    async sign(claims = {}, { key = keys.privateKey, alg = "ES256", kid = keyId } = {}) {
      const nowSeconds = Math.floor(nowMs() / 1_000);
      const payload = { iss: `${url}/`, aud: "stratalog", sub: "ada", exp: nowSeconds + 300, ...claims };
      return await new SignJWT(Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined)))
        .setProtectedHeader({ alg, kid })
        .sign(key);
    },
    async rotate() {
      keys = await generateKeyPair("ES256");
      keyId = makeKeyId();
    },
    close: () => server.close(),
  };
  return issuer;
}
