import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { generateKeyPair } from "jose";
import { adminToken, type World } from "./targets.ts";

export interface BadCredential {
  readonly name: string;
  /** 401: nobody that this log knows. 403: somebody, who may not do this. */
  readonly status: 401 | 403;
  readonly headers: (world: World) => Promise<Readonly<Record<string, string>>>;
  /** A caller may be told its own name. */
  readonly principal?: string;
  /** Put behind each path. */
  readonly query?: string;
}

const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
const seconds = (fromNow: number): number => Math.floor(Date.now() / 1_000) + fromNow;
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function fixed(name: string, headers: Readonly<Record<string, string>>): BadCredential {
  return { name, status: 401, headers: () => Promise.resolve(headers) };
}

function jwt(name: string, claims: Readonly<Record<string, unknown>>, status: 401 | 403 = 401): BadCredential {
  return { name, status, headers: async ({ issuer }) => bearer(await issuer.sign(claims)) };
}

/** A JWT with a signature of its own making. */
function forged(name: string, header: object, sign: (signed: string, world: World) => Promise<string> | string): BadCredential {
  return {
    name,
    status: 401,
    headers: async (world) => {
      const { issuer, audience } = world.issuer.settings;
      const signed = `${base64(header)}.${base64({ iss: issuer, aud: audience[0], sub: "treasurer", exp: seconds(300) })}`;
      return bearer(`${signed}.${await sign(signed, world)}`);
    },
  };
}

export const badCredentials: readonly BadCredential[] = [
  fixed("none", {}),
  fixed("an empty bearer", { authorization: "Bearer " }),
  fixed("another scheme", { authorization: `Basic ${Buffer.from(`admin:${adminToken}`).toString("base64")}` }),
  fixed("the admin's token without a scheme", { authorization: adminToken }),
  fixed("the admin's token with a letter less", bearer(adminToken.slice(0, -1))),
  fixed("the admin's token with a letter more", bearer(`${adminToken}x`)),
  fixed("the admin's token twice", { authorization: `Bearer ${adminToken}, Bearer ${adminToken}` }),
  fixed("the admin's token in a header of another name", { "x-api-key": adminToken, "x-authorization": `Bearer ${adminToken}` }),
  { ...fixed("the admin's token in the query", {}), query: `access_token=${adminToken}` },
  fixed("a header that names an AWS identity", {
    "x-amzn-iam-user-arn": "arn:aws:iam::123456789012:root",
    "x-amz-iam-identity": "arn:aws:iam::123456789012:root",
    "x-forwarded-user": "admin",
  }),
  fixed("an AWS signature that no door has checked", {
    authorization: "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00",
  }),
  fixed("a token that nobody made", bearer(`slt_${"0".repeat(16)}_${"0".repeat(64)}`)),
  fixed("half a token", bearer("slt_")),
  fixed("a bearer of 10,000 letters", bearer("a".repeat(10_000))),
  jwt("an expired JWT", { exp: seconds(-3_600) }),
  jwt("a JWT without an end", { exp: undefined }),
  jwt("a JWT of the future", { nbf: seconds(3_600) }),
  jwt("a JWT for another audience", { aud: "billing" }),
  jwt("a JWT for no audience", { aud: undefined }),
  jwt("a JWT of another issuer", { iss: "https://login.example.org/" }),
  jwt("a JWT of nobody", { sub: undefined }),
  jwt("a JWT whose subject poses as an AWS identity", { sub: "arn:aws:iam::123456789012:role/Admin" }),
  jwt("a JWT whose subject is no text", { sub: 7 }),
  {
    name: "a JWT of another tenant's key under this one's key id",
    status: 401,
    headers: async ({ issuer }) => bearer(await issuer.sign({ sub: "treasurer" }, { key: (await generateKeyPair("ES256")).privateKey })),
  },
  {
    name: "a JWT of a key that nobody published",
    status: 401,
    headers: async ({ issuer }) =>
      bearer(await issuer.sign({ sub: "treasurer" }, { key: (await generateKeyPair("ES256")).privateKey, kid: "stranger" })),
  },
  {
    name: "a JWT signed with an algorithm that is not allowed",
    status: 401,
    headers: async ({ issuer }) => bearer(await issuer.sign({}, { key: (await generateKeyPair("RS256")).privateKey, alg: "RS256" })),
  },
  forged("a JWT with alg none", { alg: "none" }, () => ""),
  forged("a JWT with alg None and a signature", { alg: "None", kid: "key-1" }, () => base64("x")),
  forged("a JWT signed with the public key as a shared secret", { alg: "HS256", kid: "key-1" }, async (signed, { issuer }) => {
    const keys = await (await fetch(issuer.settings.jwksUrl)).text();
    return createHmac("sha256", keys).update(signed).digest("base64url");
  }),
  forged("a JWT that brings its own key", { alg: "ES256", jwk: { kty: "EC", crv: "P-256", x: "AA", y: "AA" }, kid: "key-1" }, () =>
    base64("x"),
  ),
  forged("a JWT that names where its key is", { alg: "ES256", jku: "http://127.0.0.1:9/keys", kid: "stranger" }, () => base64("x")),
  forged("a JWT with a critical header that nobody knows", { alg: "ES256", kid: "key-1", crit: ["x"], x: 1 }, () => base64("x")),
  {
    name: "a revoked token",
    status: 401,
    headers: async ({ token, log }) => {
      const { text, id } = await token({ principal: "User:treasurer", createdBy: "User:admin" });
      await log.tokens.delete(id);
      return bearer(text);
    },
  },
  {
    name: "a token's id with another secret",
    status: 401,
    headers: async ({ token }) => {
      const { text } = await token({ principal: "User:treasurer", createdBy: "User:admin" });
      return bearer(`${text.slice(0, -4)}${text.endsWith("0000") ? "1111" : "0000"}`);
    },
  },
  {
    name: "an expired token",
    status: 401,
    headers: async ({ token }) => {
      const expiresMs = Date.now() + 20;
      const { text } = await token({ principal: "User:treasurer", createdBy: "User:admin", expiresMs });
      while (Date.now() <= expiresMs) await sleep(5);
      return bearer(text);
    },
  },
  jwt("a JWT of somebody without rights", { sub: "eve" }, 403),
  jwt("a JWT of somebody named like the admin", { sub: "admin" }, 403),
  jwt("a JWT of somebody with rights on another topic", { sub: "clerk" }, 403),
  {
    name: "a treasurer's token that is for another topic only",
    status: 403,
    principal: "User:treasurer",
    headers: async ({ token }) => {
      const scopes = [{ resourceType: "TOPIC", resourceName: "own", patternType: "LITERAL", operation: "ALL" }] as const;
      return bearer((await token({ principal: "User:treasurer", createdBy: "User:admin", scopes })).text);
    },
  },
  {
    name: "a token whose scopes allow more than its principal may",
    status: 403,
    headers: async ({ token }) => {
      const scopes = [{ resourceType: "TOPIC", resourceName: "*", patternType: "LITERAL", operation: "ALL" }] as const;
      return bearer((await token({ principal: "User:eve", createdBy: "User:admin", scopes })).text);
    },
  },
];
