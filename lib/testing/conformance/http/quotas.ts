import assert from "node:assert/strict";
import type { AlterQuotaBody, QuotaBody, QuotaListBody } from "../../../http/wire.ts";
import { type Api, apiCase, freshName, type HttpCase, jsonBody } from "./target.ts";

/** Enough for everybody, should the server hold its callers to it. */
const much = 1_000_000_000;
const none = { producerByteRate: null, consumerByteRate: null, requestRate: null };

const patch = (body: unknown) => ({ ...jsonBody(body), method: "PATCH" });
const alter = (api: Api, body: AlterQuotaBody): Promise<QuotaBody> => api.json("/quotas", patch(body));
const list = (api: Api, query = ""): Promise<QuotaListBody> => api.json(`/quotas${query}`);

/** A case about a principal of its own, whose quotas are taken away in the end. */
function quotaCase(name: string, run: (api: Api, principal: string) => Promise<void>): HttpCase {
  return apiCase(name, async (api) => {
    const principal = `User:${freshName()}`;
    try {
      await run(api, principal);
    } finally {
      await (await api.send("/quotas", patch({ principal, ...none }))).arrayBuffer();
    }
  });
}

export const quotaCases: readonly HttpCase[] = [
  quotaCase("quotas are set, listed and taken away, each kind by itself", async (api, principal) => {
    const query = `?principal=${encodeURIComponent(principal)}`;
    assert.deepEqual((await list(api, query)).quotas, []);
    assert.deepEqual(await alter(api, { principal, producerByteRate: much, requestRate: much }), {
      principal,
      producerByteRate: much,
      requestRate: much,
    });
    const changed = { principal, producerByteRate: much - 1, consumerByteRate: 1 };
    assert.deepEqual(await alter(api, { ...changed, requestRate: null }), changed);
    assert.deepEqual((await list(api, query)).quotas, [changed]);
    const all = await list(api);
    assert.equal(typeof all.enforced, "boolean");
    assert.deepEqual(
      all.quotas.filter((quota) => quota.principal === principal),
      [changed],
    );
    assert.deepEqual(await alter(api, { principal, ...none }), { principal });
    assert.deepEqual((await list(api, query)).quotas, []);
  }),

  quotaCase("a quota is a whole positive number of a known kind, for a principal", async (api, principal) => {
    for (const body of [
      {},
      { principal },
      { requestRate: 1 },
      { principal: "ada", requestRate: 1 },
      { principal: "", requestRate: 1 },
      { principal, requestRate: 0 },
      { principal, requestRate: -1 },
      { principal, requestRate: 1.5 },
      { principal, requestRate: "1" },
      { principal, requestRate: 1e300 },
      { principal, requestPercentage: 1 },
      [],
    ]) {
      await api.refused(400, "invalid_request", "/quotas", patch(body));
    }
    await api.refused(400, "invalid_request", "/quotas?principal=ada");
    await api.refused(400, "invalid_request", "/quotas?user=ada");
  }),
];
