import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Acl } from "../../../lib/core/access/acl.ts";
import { LogError } from "../../../lib/core/errors.ts";
import { limits } from "../../../lib/core/limits.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { CatalogAcls } from "../../../lib/log/acls.ts";
import { CatalogTokens } from "../../../lib/log/tokens.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Catalog } from "../../../lib/ports/catalog.ts";

const acl = (resourceName: string, more: Partial<Acl> = {}): Acl => ({
  resourceType: "TOPIC",
  resourceName,
  patternType: "LITERAL",
  principal: "User:ada",
  operation: "READ",
  permission: "ALLOW",
  ...more,
});

/** One store, with processes over it whose clock moves only when a test says so. */
function store() {
  const { catalog: real } = createMemoryEngine();
  const time = { nowMs: 1_000_000 };
  const reads = { gets: 0, queries: 0 };
  const faults: { get?: LogError; transact?: LogError; beforeTransact?: () => Promise<void>; slowGet?: Promise<unknown> } = {};
  const catalog: Catalog = {
    async get(key) {
      reads.gets++;
      // The look after the rows.
      const slow = reads.queries > 0 ? faults.slowGet : undefined;
      if (faults.get !== undefined) throw faults.get;
      const item = await real.get(key);
      await slow;
      return item;
    },
    async query(pk, range) {
      reads.queries++;
      return await real.query(pk, range);
    },
    async transact(writes) {
      const before = faults.beforeTransact;
      delete faults.beforeTransact;
      await before?.();
      if (faults.transact !== undefined) throw faults.transact;
      await real.transact(writes);
    },
  };
  const clock = { nowMs: () => time.nowMs, sleep: () => Promise.resolve() };
  const services = (isShared: boolean) => ({ catalog, clock, isShared, random: nodeRandom });
  return {
    real,
    time,
    reads,
    faults,
    acls: (isShared = true) => new CatalogAcls(services(isShared)),
    tokens: (isShared = true) => new CatalogTokens(services(isShared)),
  };
}

const mayRead = async (acls: CatalogAcls, name: string, isRefused = false): Promise<boolean> =>
  (await acls.index(isRefused)).isAllowed("User:ada", "READ", "TOPIC", name);

describe("ACLs in the catalog", () => {
  test("hold at once where they were changed, and elsewhere within the bound; a refusal is looked at again sooner", async () => {
    const { acls, time } = store();
    const [one, other] = [acls(), acls()];
    assert.ok(!(await mayRead(other, "t")));
    await one.add([acl("t")]);
    assert.ok(await mayRead(one, "t"));
    assert.ok(!(await mayRead(other, "t")), "as of a moment ago");
    time.nowMs += limits.accessRefusalCacheMs;
    assert.ok(await mayRead(other, "t", true));
    await one.remove({ resourceName: "t" });
    assert.ok(!(await mayRead(one, "t")));
    time.nowMs += limits.accessCacheMs - 1;
    assert.ok(await mayRead(other, "t"));
    time.nowMs += 1;
    assert.ok(!(await mayRead(other, "t")));
  });

  test("cost one small read each time they are looked for anew, and none in between or where nobody else writes", async () => {
    const { acls, time, reads } = store();
    const shared = acls();
    await shared.add([acl("t")]);
    await mayRead(shared, "t");
    Object.assign(reads, { gets: 0, queries: 0 });
    for (let round = 0; round < 3; round++) {
      time.nowMs += limits.accessCacheMs;
      await Promise.all([mayRead(shared, "t"), mayRead(shared, "t"), mayRead(shared, "u")]);
      await mayRead(shared, "t");
    }
    assert.deepEqual(reads, { gets: 3, queries: 0 });
    const alone = acls(false);
    await mayRead(alone, "t");
    Object.assign(reads, { gets: 0, queries: 0 });
    time.nowMs += 100 * limits.accessCacheMs;
    assert.ok(await mayRead(alone, "t"));
    assert.deepEqual(reads, { gets: 0, queries: 0 });
  });

  test("that cannot be read allow nothing, and say that it is worth another try", async () => {
    const { acls, time, faults } = store();
    const known = acls();
    await known.add([acl("t")]);
    assert.ok(await mayRead(known, "t"));
    faults.get = new LogError("timeout", "no answer", { outcome: "unknown" });
    assert.ok(await mayRead(known, "t"), "what is young is known");
    time.nowMs += limits.accessCacheMs;
    await assert.rejects(mayRead(known, "t"), { code: "unavailable", outcome: "not-applied", retryAfterMs: 1_000 });
    delete faults.get;
    assert.ok(await mayRead(known, "t"));
  });

  test("of a newer format are not guessed at", async () => {
    const { acls, real } = store();
    await real.transact([
      { key: { pk: "row-sets", sk: "acls" }, put: { v: 1 }, if: "absent" },
      { key: { pk: "acls", sk: "x" }, put: { v: 2 }, if: "absent" },
    ]);
    await assert.rejects(mayRead(acls(), "t"), { code: "unsupported_version" });
  });

  test("that are damaged are told, and allow nothing", async () => {
    const { acls, real } = store();
    await real.transact([
      { key: { pk: "row-sets", sk: "acls" }, put: { v: 1 }, if: "absent" },
      { key: { pk: "acls", sk: "x" }, put: { v: 1, ...acl("t"), operation: "EVERYTHING" }, if: "absent" },
    ]);
    await assert.rejects(mayRead(acls(), "t"), { code: "corrupt_log" });
  });

  test("are changed by one process after the other", async () => {
    const { acls, faults } = store();
    const [one, other] = [acls(), acls()];
    faults.beforeTransact = () => other.add([acl("other")]);
    await one.add([acl("one")]);
    assert.ok((await mayRead(one, "one")) && (await mayRead(one, "other")));
    faults.beforeTransact = () => other.remove({}).then(() => undefined);
    assert.deepEqual(await one.remove({ resourceName: "one" }), [], "the other one was first");
  });

  test("that were read while they changed are not kept", async () => {
    const { acls, reads, faults } = store();
    const one = acls(false);
    const slow = Promise.withResolvers<undefined>();
    faults.slowGet = slow.promise;
    const early = mayRead(one, "t");
    while (reads.queries === 0 || reads.gets < 2) await Promise.resolve();
    delete faults.slowGet;
    await one.add([acl("t")]);
    assert.ok(await mayRead(one, "t"));
    slow.resolve(undefined);
    await early;
    assert.ok(await mayRead(one, "t"), "the change is not forgotten");
  });

  test("are no more than a log may have", async () => {
    const { acls, real } = store();
    const full = acls();
    for (let at = 0; at < limits.aclsMax; at += limits.aclsRequestMax) {
      const count = Math.min(limits.aclsRequestMax, limits.aclsMax - at);
      await full.add(Array.from({ length: count }, (_, index) => acl(`t${at + index}`)));
    }
    await assert.rejects(full.add([acl("one-more")]), { code: "invalid_request", outcome: "not-applied" });
    await full.add([acl("t0")]);
    assert.ok((await mayRead(full, "t9999")) && !(await mayRead(full, "one-more")));
    assert.equal((await full.remove({ operation: "READ" })).length, limits.aclsMax);
    assert.deepEqual(await real.query("acls", { limit: 1 }), []);
  });

  test("that were deleted in part are told so", async () => {
    const { acls, faults } = store();
    const many = acls();
    for (let at = 0; at < 2; at++) await many.add(Array.from({ length: limits.aclsRequestMax }, (_, index) => acl(`t${at}-${index}`)));
    faults.beforeTransact = async () => {
      faults.beforeTransact = async () => {
        faults.transact = new LogError("throttled", "too much", { retryAfterMs: 5 });
      };
    };
    await assert.rejects(many.remove({ operation: "READ" }), { code: "throttled", outcome: "unknown" });
    delete faults.transact;
    assert.equal((await many.list({}, { limit: 1_000 })).length, limits.aclsRequestMax);
  });
});

describe("tokens in the catalog", () => {
  const ada = { principal: "User:ada", createdBy: "User:admin" };

  test("are found at once where they were made, and gone at once where they were deleted", async () => {
    const { tokens, time } = store();
    const [one, other] = [tokens(), tokens()];
    assert.equal(await other.find("x"), undefined);
    const { token, secret } = await one.create(ada, (text) => `hash of ${text}`);
    assert.equal(token.hash, `hash of ${secret}`);
    assert.deepEqual(await one.find(token.id), token);
    time.nowMs += limits.accessRefusalCacheMs;
    assert.deepEqual(await other.find(token.id), token);
    await one.delete(token.id);
    assert.equal(await one.find(token.id), undefined);
    assert.ok((await other.find(token.id)) !== undefined, "as of a moment ago");
    time.nowMs += limits.accessCacheMs;
    assert.equal(await other.find(token.id), undefined);
  });

  test("that nobody has made cost no read each", async () => {
    const { tokens, reads } = store();
    const all = tokens();
    for (let guess = 0; guess < 100; guess++) assert.equal(await all.find(String(guess)), undefined);
    assert.ok(reads.gets <= 2, "once for all");
  });

  test("make room when they have expired, and are no more than a log may have", async () => {
    const { tokens, time } = store();
    const full = tokens(false);
    const late = { ...ada, expiresMs: time.nowMs + 1 };
    const { token } = await full.create(late, () => "h");
    for (let count = 1; count < limits.tokensMax; count++) await full.create(ada, () => "h");
    await assert.rejects(
      full.create(ada, () => "h"),
      { code: "invalid_request" },
    );
    time.nowMs += 10;
    await full.create(ada, () => "h");
    assert.equal(await full.find(token.id), undefined);
    await assert.rejects(
      full.create(late, () => "h"),
      { code: "invalid_request" },
    );
  });
});
