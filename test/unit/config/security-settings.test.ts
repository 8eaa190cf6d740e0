import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readSetting } from "../../../lib/config/read-setting.ts";
import { adminTokenEnv, hasCredentials, securityFromSettings } from "../../../lib/config/security-settings.ts";

const adminToken = "0123456789abcdef0123456789abcdef";
const from = (env: Readonly<Record<string, string>>) => securityFromSettings((setting) => readSetting(setting, undefined, env), env);
const jwt = { STRATALOG_JWT_ISSUER: "https://login.example.com/", STRATALOG_JWT_AUDIENCE: "stratalog" };

describe("credentials from settings", () => {
  test("are none when nothing is set", () => {
    assert.deepEqual(from({}), {});
    assert.ok(!hasCredentials(from({})));
    assert.ok(!hasCredentials(from({ STRATALOG_SUPER_USERS: "User:ada", STRATALOG_ALLOWED_ORIGINS: "https://a.example" })));
    assert.ok(!hasCredentials(from({ STRATALOG_TOKENS: "off" })));
    for (const env of [{ [adminTokenEnv]: adminToken }, { STRATALOG_TOKENS: "on" }, jwt]) assert.ok(hasCredentials(from(env)));
  });

  test("have an issuer's keys at its well-known place, or where they are said to be", () => {
    assert.deepEqual(from(jwt).jwt, {
      issuer: "https://login.example.com/",
      audience: ["stratalog"],
      algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
      jwksUrl: "https://login.example.com/.well-known/jwks.json",
      claim: "sub",
    });
    const issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc";
    assert.equal(from({ ...jwt, STRATALOG_JWT_ISSUER: issuer }).jwt?.jwksUrl, `${issuer}/.well-known/jwks.json`);
    const jwksUrl = "https://keys.example.com/v1/keys?x=1";
    const more = {
      STRATALOG_JWT_JWKS_URL: jwksUrl,
      STRATALOG_JWT_CLAIM: "email",
      STRATALOG_JWT_AUDIENCE: "a, b",
      STRATALOG_JWT_ALGORITHMS: "ES384",
    };
    const { claim, audience, algorithms, jwksUrl: own } = from({ ...jwt, ...more }).jwt ?? {};
    assert.deepEqual([claim, audience, algorithms, own], ["email", ["a", "b"], ["ES384"], jwksUrl]);
  });

  test("are refused when they would let in more than was meant", () => {
    const bad: readonly Readonly<Record<string, string>>[] = [
      { STRATALOG_JWT_ISSUER: "https://login.example.com/" },
      { ...jwt, STRATALOG_JWT_ISSUER: "login" },
      { ...jwt, STRATALOG_JWT_ISSUER: "http://login.example.com/" },
      { ...jwt, STRATALOG_JWT_JWKS_URL: "http://login.example.com/keys" },
      { ...jwt, STRATALOG_JWT_JWKS_URL: "http://localhost.evil.example/keys" },
      { ...jwt, STRATALOG_JWT_JWKS_URL: "file:///keys" },
      ...["none", "HS256", "RS256,HS256", "rs256", ","].map((names) => ({ ...jwt, STRATALOG_JWT_ALGORITHMS: names })),
      { ...jwt, STRATALOG_JWT_CLAIM: "" },
      { STRATALOG_TOKENS: "yes" },
      ...["ada", "User:", "User:ada;bob", "User:arn:aws:s3:::x"].map((names) => ({ STRATALOG_SUPER_USERS: names })),
      ...["*", "null", "https://a.example/", "https://a.example/x", "a.example", "HTTPS://A.EXAMPLE"].map((origins) => ({
        STRATALOG_ALLOWED_ORIGINS: origins,
      })),
    ];
    for (const env of bad) assert.throws(() => from(env), { code: "invalid_request" }, JSON.stringify(env));
  });

  test("have an admin's token that is long enough, and is never repeated", () => {
    assert.equal(from({ [adminTokenEnv]: adminToken }).adminToken, adminToken);
    for (const token of [adminToken.slice(1), `${adminToken} `, `${adminToken}\n`, `${adminToken},x`]) {
      assert.throws(
        () => from({ [adminTokenEnv]: token }),
        (error: Error) => !error.message.includes(token.slice(0, 16)),
      );
    }
  });

  test("have super users, with commas in their names too, roles in one form", () => {
    const role = "User:arn:aws:iam::123456789012:role/Admin,prod";
    assert.deepEqual(from({ STRATALOG_SUPER_USERS: `${role};User:ada, User:bob` }).superUsers, [role, "User:ada", "User:bob"]);
    assert.deepEqual(from({ STRATALOG_SUPER_USERS: "User:arn:aws:sts::123456789012:assumed-role/Admin/session" }).superUsers, [
      "User:arn:aws:iam::123456789012:role/Admin",
    ]);
  });

  test("have the origins of pages, exactly", () => {
    const origins = "https://console.example.com, http://localhost:5173";
    assert.deepEqual(from({ STRATALOG_ALLOWED_ORIGINS: origins }).allowedOrigins, ["https://console.example.com", "http://localhost:5173"]);
  });
});
