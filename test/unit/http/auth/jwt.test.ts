import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { exportSPKI, generateKeyPair } from "jose";
import { limits } from "../../../../lib/core/limits.ts";
import type { ErrorBody } from "../../../../lib/http/wire.ts";
import { ManualClock, send } from "../fixtures.ts";
import { type Issuer, startIssuer } from "./issuer.ts";
import { acl, asAdmin, type Secured, secured } from "./secured.ts";

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("callers with a JWT", () => {
  const clock = new ManualClock();
  let issuer: Issuer;
  let one: Secured;
  before(async () => {
    issuer = await startIssuer(() => clock.nowMs());
    one = secured({ jwt: issuer.settings }, clock);
    await send(one.app, "POST", "/topics", '{"name":"t"}', asAdmin);
    await one.log.acls.add([acl("User:ada", "DESCRIBE", "t"), acl("User:mail@example.com", "DESCRIBE", "t")]);
  });
  after(async () => {
    issuer.close();
    await one.log.close();
  });
  const status = async (jwt: string, { app } = one): Promise<number> =>
    (await send(app, "GET", "/topics/t", undefined, { authorization: `Bearer ${jwt}` })).status;
  const seconds = (): number => Math.floor(clock.nowMs() / 1_000);

  test("are the principal of its subject, and the keys are fetched once", async () => {
    for (let time = 0; time < 3; time++) assert.equal(await status(await issuer.sign()), 200);
    assert.equal(await status(await issuer.sign({ sub: "bob" })), 403);
    assert.equal(await status(await issuer.sign({ aud: ["other", "stratalog"] })), 200);
    assert.equal(issuer.asked, 1);
  });

  test("are refused when a claim is not as it has to be", async () => {
    const tolerance = limits.jwtClockToleranceMs / 1_000;
    const bad: readonly Readonly<Record<string, unknown>>[] = [
      { aud: "other" },
      { aud: undefined },
      { aud: [] },
      { iss: "http://evil.example/" },
      { iss: undefined },
      { iss: issuer.settings.issuer.slice(0, -1) },
      { exp: undefined },
      { exp: seconds() - tolerance - 1 },
      { nbf: seconds() + tolerance + 60 },
      { sub: undefined },
      { sub: "" },
      { sub: "*" },
      { sub: "arn:aws:iam::123456789012:role/Admin" },
      { sub: "a\nb" },
    ];
    for (const claims of bad) {
      assert.equal(await status(await issuer.sign(claims)), 401, JSON.stringify(claims));
    }
    assert.equal(await status(await issuer.sign({ exp: seconds() - tolerance + 2 })), 200, "clocks differ a little");
    const admin = await send(one.app, "GET", "/topics/t", undefined, { authorization: `Bearer ${await issuer.sign({ sub: "admin" })}` });
    assert.equal(admin.status, 403, "a subject that is called like the admin is not one");
  });

  test("are refused when it is signed by another, otherwise, or not at all", async () => {
    const good = await issuer.sign();
    const [head = "", body = "", signature = ""] = good.split(".");
    const other = await generateKeyPair("ES256");
    const rsa = await generateKeyPair("RS256");
    // The old trick: the issuer's public key, which everyone has, as a shared secret.
    const secret = new TextEncoder().encode(await exportSPKI((await generateKeyPair("ES256")).publicKey));
    for (const jwt of [
      await issuer.sign({}, { key: other.privateKey }),
      await issuer.sign({}, { key: rsa.privateKey, alg: "RS256" }),
      await issuer.sign({}, { key: secret as never, alg: "HS256" }),
      `${base64url({ alg: "none" })}.${body}.`,
      `${base64url({ alg: "none" })}.${body}.${signature}`,
      `${base64url({ alg: "ES256", kid: "key-1", crit: ["exp"] })}.${body}.${signature}`,
      `${head}.${base64url({ ...(JSON.parse(Buffer.from(body, "base64url").toString()) as object), sub: "admin" })}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}`,
      `${head}.${body}`,
      `.${body}.${signature}`,
      `${good}.x`,
    ]) {
      const response = await send(one.app, "GET", "/topics/t", undefined, { authorization: `Bearer ${jwt}` });
      assert.equal(response.status, 401, jwt);
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
      assert.ok(!(await response.text()).includes(body));
    }
  });

  test("are refused when the issuer signs in a way that is not allowed here", async () => {
    const strict = secured({ jwt: { ...issuer.settings, algorithms: ["RS256", "ES384"] } }, clock);
    assert.equal(await status(await issuer.sign(), strict), 401);
    await strict.log.close();
  });

  test("may be named by another claim", async () => {
    const two = secured({ jwt: { ...issuer.settings, claim: "email" } }, clock);
    await send(two.app, "POST", "/topics", '{"name":"t"}', asAdmin);
    await two.log.acls.add([acl("User:mail@example.com", "DESCRIBE", "t")]);
    assert.equal(await status(await issuer.sign({ email: "mail@example.com" }), two), 200);
    assert.equal(await status(await issuer.sign(), two), 401);
    assert.equal(await status(await issuer.sign({ email: 7 }), two), 401);
    await two.log.close();
  });

  test("are neither let in nor refused while the issuer's keys cannot be fetched, and it is not asked all the time", async () => {
    const fresh = secured({ jwt: issuer.settings }, clock);
    await send(fresh.app, "POST", "/topics", '{"name":"t"}', asAdmin);
    await fresh.log.acls.add([acl("User:ada", "DESCRIBE", "t")]);
    issuer.status = 503;
    issuer.asked = 0;
    for (let time = 0; time < 5; time++) {
      const response = await send(fresh.app, "GET", "/topics/t", undefined, { authorization: `Bearer ${await issuer.sign()}` });
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("retry-after"), "1");
      assert.equal(((await response.json()) as ErrorBody).error.code, "unavailable");
    }
    assert.equal(issuer.asked, 1);
    assert.equal((await send(fresh.app, "GET", "/topics/t", undefined, asAdmin)).status, 200, "others are let in");
    issuer.status = 200;
    await clock.advance(limits.jwksRetryMs);
    assert.equal(await status(await issuer.sign(), fresh), 200);
    await fresh.log.close();
  });

  test("whose key nobody knows make the keys be fetched again, not too often", async () => {
    issuer.asked = 0;
    for (let time = 0; time < 3; time++) assert.equal(await status(await issuer.sign({}, { kid: `unknown-${time}` })), 401);
    assert.ok(issuer.asked <= 1);
  });

  test("signed with the issuer's next key are let in by a process that has not seen it yet", async () => {
    const fresh = secured({ jwt: issuer.settings }, clock);
    await fresh.log.acls.add([acl("User:ada", "DESCRIBE", "t")]);
    await issuer.rotate();
    assert.equal(await status(await issuer.sign(), fresh), 404);
    await fresh.log.close();
  });
});
