import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NewTokenBody } from "../../../../lib/http/wire.ts";
import { ManualClock, send } from "../fixtures.ts";
import { acl, asAdmin, secured } from "./secured.ts";

const records = '{"records":[{"value":"x"}]}';

describe("callers with an API token", () => {
  test("may what both a scope and their principal's ACLs allow", async () => {
    const { app, log, tokenFor } = secured({ superUsers: ["User:root"] });
    for (const name of ["orders", "orders-eu", "other"]) await send(app, "POST", "/topics", JSON.stringify({ name }), asAdmin);
    await log.acls.add([acl("User:ada", "ALL", "orders", { patternType: "PREFIXED" })]);
    const scope = (operation: "READ" | "WRITE", resourceName: string) =>
      ({ resourceType: "TOPIC", resourceName, patternType: "LITERAL", operation }) as const;
    const scopes = [scope("READ", "orders"), scope("WRITE", "other")];
    const ada = await tokenFor("User:ada", { scopes });
    const root = await tokenFor("User:root", { scopes });
    const statuses = async (headers: Readonly<Record<string, string>>) => {
      const all: number[] = [];
      for (const name of ["orders", "orders-eu", "other"]) {
        all.push((await send(app, "GET", `/topics/${name}/partitions/0/records`, undefined, headers)).status);
        all.push((await send(app, "POST", `/topics/${name}/records`, records, headers)).status);
      }
      return all;
    };
    assert.deepEqual(await statuses(ada), [200, 403, 403, 403, 403, 403]);
    assert.deepEqual(await statuses(root), [200, 403, 403, 403, 403, 200], "a super user's token is limited too");
    assert.deepEqual(await statuses(await tokenFor("User:ada")), [200, 200, 200, 200, 403, 403]);
    assert.deepEqual(await statuses(await tokenFor("User:root")), [200, 200, 200, 200, 200, 200]);
    for (const [method, path, body] of [
      ["GET", "/acls"],
      ["POST", "/tokens", '{"principal":"User:root"}'],
    ] as const) {
      assert.equal((await send(app, method, path, body, root)).status, 403);
    }
    await log.close();
  });

  test("are let in until it expires or is deleted, and not at all where tokens are not accepted", async () => {
    const clock = new ManualClock();
    const { app, log } = secured({}, clock);
    const make = async (more: object) =>
      (await (await send(app, "POST", "/tokens", JSON.stringify({ principal: "User:ada", ...more }), asAdmin)).json()) as NewTokenBody;
    const enter = async ({ token }: NewTokenBody) =>
      (await send(app, "GET", "/health", undefined, { authorization: `Bearer ${token}` })).status;
    const [short, long] = [await make({ expiresMs: clock.nowMs() + 1_000 }), await make({})];
    assert.deepEqual([await enter(short), await enter(long)], [200, 200]);
    await clock.advance(1_000);
    assert.deepEqual([await enter(short), await enter(long)], [401, 200]);
    assert.equal((await send(app, "DELETE", `/tokens/${long.id}`, undefined, asAdmin)).status, 204);
    assert.equal(await enter(long), 401, "at once");
    await log.close();
    const off = secured({ tokens: false });
    const none = await off.tokenFor("User:ada");
    assert.equal((await send(off.app, "GET", "/health", undefined, none)).status, 401);
    await off.log.close();
  });

  test("make and see ACLs and tokens with ALTER and DESCRIBE on the cluster", async () => {
    const { app, log, tokenFor } = secured();
    const ada = await tokenFor("User:ada");
    const body = JSON.stringify({ acls: [acl("User:eve", "ALL", "*")] });
    const calls = [
      ["GET", "/acls", undefined, 200],
      ["GET", "/tokens", undefined, 200],
      ["POST", "/acls", body, 200],
      ["DELETE", "/acls?principal=User:eve", undefined, 200],
      ["POST", "/tokens", '{"principal":"User:eve"}', 201],
      ["DELETE", "/tokens/0123456789abcdef", undefined, 404],
      ["GET", "/metrics", undefined, 404],
    ] as const;
    const statuses = async () => {
      const all: number[] = [];
      for (const [method, path, sent] of calls) all.push((await send(app, method, path, sent, ada)).status);
      return all;
    };
    assert.deepEqual(
      await statuses(),
      calls.map(() => 403),
    );
    await log.acls.add([acl("User:ada", "DESCRIBE", "kafka-cluster")]);
    assert.deepEqual(await statuses(), [200, 200, 403, 403, 403, 403, 404]);
    await log.acls.add([acl("User:ada", "ALTER", "kafka-cluster")]);
    assert.deepEqual(
      await statuses(),
      calls.map(([, , , status]) => status),
    );
    assert.equal((await send(app, "POST", "/topics", '{"name":"t"}', ada)).status, 403);
    await log.acls.add([acl("User:ada", "CREATE", "kafka-cluster")]);
    assert.equal((await send(app, "POST", "/topics", '{"name":"t"}', ada)).status, 201);
    await log.close();
  });
});
