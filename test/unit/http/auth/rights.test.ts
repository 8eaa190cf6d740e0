import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { createMemoryEngine } from "../../../../lib/engines/memory/index.ts";
import type { ErrorBody } from "../../../../lib/http/wire.ts";
import { base, ManualClock, send } from "../fixtures.ts";
import { acl, asAdmin, type Secured, secured, sendAs } from "./secured.ts";

const records = '{"records":[{"value":"x"}]}';
const read = "/topics/t/partitions/0/records";

async function refusal(response: Response): Promise<string> {
  assert.equal(response.status, 403);
  const { error } = (await response.json()) as ErrorBody;
  assert.equal(error.code, "forbidden");
  assert.equal(error.outcome, "not-applied");
  return error.message;
}

describe("what a caller may do", () => {
  test("nothing without an ACL, and with one what it says", async () => {
    const { app, log, tokenFor } = secured();
    const ada = await tokenFor("User:ada");
    assert.equal((await send(app, "POST", "/topics", '{"name":"t"}', asAdmin)).status, 201);
    await refusal(await send(app, "POST", "/topics/t/records", records, ada));
    await refusal(await send(app, "GET", read, undefined, ada));
    await log.acls.add([acl("User:ada", "WRITE", "t")]);
    assert.equal((await send(app, "POST", "/topics/t/records", records, ada)).status, 200);
    await refusal(await send(app, "GET", read, undefined, ada));
    assert.equal((await send(app, "GET", "/topics/t", undefined, ada)).status, 200, "WRITE implies DESCRIBE");
    await log.acls.add([acl("User:ada", "READ", "t")]);
    assert.equal((await send(app, "GET", read, undefined, ada)).status, 200);
    await log.acls.add([acl("User:*", "READ", "*", { permission: "DENY" })]);
    await refusal(await send(app, "GET", read, undefined, ada));
    assert.equal((await send(app, "GET", read, undefined, asAdmin)).status, 200, "a super user asks no ACL");
    await log.close();
  });

  test("what another process over the same store allows is found soon, and what it forbids within the bound", async () => {
    const clock = new ManualClock();
    const engine = createMemoryEngine();
    const [one, other] = [secured({}, clock, {}, engine), secured({}, clock, {}, engine)];
    const ada = await one.tokenFor("User:ada");
    await send(one.app, "POST", "/topics", '{"name":"t"}', asAdmin);
    const status = async ({ app }: Secured) => (await send(app, "GET", "/topics/t", undefined, ada)).status;
    assert.deepEqual([await status(one), await status(other)], [403, 403]);
    await one.log.acls.add([acl("User:ada", "DESCRIBE", "t")]);
    assert.equal(await status(one), 200);
    await clock.advance(limits.accessRefusalCacheMs);
    assert.equal(await status(other), 200);
    await one.log.acls.remove({ operation: "DESCRIBE" });
    assert.equal(await status(one), 403);
    await clock.advance(limits.accessCacheMs);
    assert.equal(await status(other), 403);
  });

  test("the refusal for a topic that is there is the one for a topic that is not, and for a name that is none", async () => {
    const { app, log, tokenFor } = secured();
    const ada = await tokenFor("User:ada");
    await send(app, "POST", "/topics", '{"name":"t"}', asAdmin);
    const of = async (name: string) => {
      const messages = [];
      for (const [method, path, body] of [
        ["GET", `/topics/${name}`],
        ["GET", `/topics/${name}/partitions/0/records`],
        ["GET", `/topics/${name}/records`],
        ["GET", `/topics/${name}/offsets`],
        ["POST", `/topics/${name}/records`, records],
        ["PATCH", `/topics/${name}`, '{"partitions":2}'],
        ["DELETE", `/topics/${name}`],
        ["POST", "/topics", `{"name":"${decodeURIComponent(name)}"}`],
      ] as const) {
        messages.push((await refusal(await send(app, method, path, body, ada))).replaceAll(decodeURIComponent(name), "*"));
      }
      return messages;
    };
    const there = await of("t1");
    assert.deepEqual(await of("x1"), there);
    assert.deepEqual(await of("a%2Fb"), there);
    await log.close();
  });

  test("an AWS role is one principal, with a session and with a path, and goes before a bearer token", async () => {
    const { app, log } = secured();
    await send(app, "POST", "/topics", '{"name":"t"}', asAdmin);
    await log.acls.add([acl("User:arn:aws:iam::123456789012:role/Writer", "WRITE", "t")]);
    const as = (identity: string, headers = {}) => sendAs(app, identity, new Request(`${base}/topics/t`, { headers }));
    assert.equal((await as("arn:aws:sts::123456789012:assumed-role/Writer/session-1")).status, 200);
    assert.equal((await as("arn:aws:iam::123456789012:role/path/to/Writer")).status, 200);
    assert.equal((await as("arn:aws:iam::123456789012:user/Writer", asAdmin)).status, 403);
    assert.equal((await as("arn:aws-cn:iam::123456789012:role/Writer")).status, 403);
    assert.equal((await as("Writer")).status, 401);
    await log.close();
  });
});
