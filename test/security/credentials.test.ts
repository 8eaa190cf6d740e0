/** Each bad credential against each operation, through each way in: refused alike, with nothing told and nothing changed. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { badCredentials } from "./credentials.ts";
import { attempts, forEveryone, operationIds } from "./requests.ts";
import { secrets, type Target, targets } from "./targets.ts";

test("every operation of the API is attempted", () => {
  assert.deepEqual(Object.keys(attempts).sort(), [...operationIds].sort());
});

for (const [way, open] of Object.entries(targets)) {
  describe(`through ${way}`, () => {
    let target: Target;
    before(async () => {
      target = await open();
    });
    after(() => target.close());

    for (const { name, status, headers: make, query, principal } of badCredentials) {
      test(`${name} gets nothing`, async () => {
        const headers = await make(target);
        const before = await target.snapshot();
        const refusals = new Set<string>();
        for (const [id, { method, path, body }] of Object.entries(attempts)) {
          const url = `${target.url}/v1${path}${query === undefined ? "" : `${path.includes("?") ? "&" : "?"}${query}`}`;
          const type = body === undefined ? {} : { "content-type": "application/json" };
          const init = { method, headers: { accept: "*/*", ...type, ...headers }, ...(body === undefined ? {} : { body }) };
          const response = await fetch(url, init);
          const text = await response.text();
          const expected = status === 403 && forEveryone.has(id) ? 200 : status;
          assert.equal(response.status, expected, `${id}: ${text}`);
          for (const secret of secrets) {
            const isAsked = secret === principal || path.includes(secret) || (body?.includes(secret) ?? false);
            if (!isAsked) assert.ok(!text.includes(secret), `${id} tells ${secret}`);
          }
          const credential = headers["authorization"]?.replace(/^Bearer /, "").trim() ?? "";
          if (credential.length > 8) assert.ok(!text.includes(credential), `${id} repeats the credential`);
          if (expected === 401) refusals.add(text.replace(/"traceId":"[^"]*"/, ""));
          if (expected === 401) assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/);
        }
        assert.ok(refusals.size <= 1, "one refusal for all that is asked");
        assert.deepEqual(await target.snapshot(), before, "nothing changed");
      });
    }

    test("a topic or group that is there and one that is not are refused with the same words", async () => {
      const headers = { authorization: `Bearer ${await target.issuer.sign({ sub: "eve" })}` };
      const told = async (kind: string, name: string): Promise<string> =>
        (await (await fetch(`${target.url}/v1/${kind}/${name}`, { headers })).text()).replaceAll(name, "NAME");
      assert.equal(await told("topics", "hidden-orders"), await told("topics", "hidden-others"));
      assert.equal(await told("groups", "hidden-readers"), await told("groups", "hidden-others"));
      assert.equal(await told("consumers", "hidden-trigger"), await told("consumers", "hidden-others"));
    });
  });
}
