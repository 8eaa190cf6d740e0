import assert from "node:assert/strict";
import type { AclListBody, AclsBody, DeletedAclsBody, WireAcl } from "../../../http/wire.ts";
import { type Api, apiCase, freshName, type HttpCase, jsonBody } from "./target.ts";

/** An ACL about a topic that nobody else's is about. */
function aclOf(resourceName: string, more: Partial<WireAcl> = {}): WireAcl {
  return {
    resourceType: "TOPIC",
    resourceName,
    patternType: "LITERAL",
    principal: "User:ada",
    operation: "READ",
    permission: "ALLOW",
    ...more,
  };
}

/** A case about ACLs of a name of its own, deleted in the end. */
function aclCase(name: string, run: (api: Api, name: string) => Promise<void>): HttpCase {
  return apiCase(name, async (api) => {
    const own = freshName();
    try {
      await run(api, own);
    } finally {
      await (await api.send(`/acls?patternType=MATCH&resourceType=TOPIC&resourceName=${own}`, { method: "DELETE" })).arrayBuffer();
    }
  });
}

const add = (api: Api, ...acls: readonly unknown[]): Promise<AclsBody> => api.post("/acls", { acls });
const list = async (api: Api, query: string): Promise<readonly WireAcl[]> => (await api.json<AclListBody>(`/acls?${query}`)).acls;
const key = (acl: WireAcl): string => JSON.stringify(Object.entries(acl).toSorted());
const sorted = (acls: readonly WireAcl[]): readonly string[] => acls.map(key).toSorted();

export const aclCases: readonly HttpCase[] = [
  aclCase("ACLs are added, listed and deleted", async (api, name) => {
    const acls = [aclOf(name), aclOf(name, { operation: "WRITE" }), aclOf(name, { principal: "User:*", permission: "DENY" })];
    assert.deepEqual((await add(api, ...acls)).acls, acls);
    assert.deepEqual(sorted(await list(api, `resourceName=${name}`)), sorted(acls));
    const { deleted } = await api.json<DeletedAclsBody>(`/acls?resourceName=${name}&operation=READ`, { method: "DELETE" });
    assert.deepEqual(sorted(deleted), sorted([acls[0] as WireAcl, acls[2] as WireAcl]));
    assert.deepEqual(await list(api, `resourceName=${name}`), [acls[1]]);
  }),

  aclCase("adding an ACL that is there changes nothing, and patternType is LITERAL by default", async (api, name) => {
    const { patternType: _, ...short } = aclOf(name);
    for (let time = 0; time < 2; time++) assert.deepEqual((await add(api, short, short)).acls, [aclOf(name), aclOf(name)]);
    assert.deepEqual(await list(api, `resourceName=${name}`), [aclOf(name)]);
  }),

  aclCase("an AWS role is one principal, however it is written", async (api, name) => {
    const role = "User:arn:aws:iam::123456789012:role/Writer";
    for (const principal of [
      role,
      "User:arn:aws:iam::123456789012:role/some/path/Writer",
      "User:arn:aws:sts::123456789012:assumed-role/Writer/session",
    ]) {
      assert.equal((await add(api, aclOf(name, { principal }))).acls[0]?.principal, role);
      assert.equal((await list(api, `resourceName=${name}&principal=${encodeURIComponent(principal)}`)).length, 1);
    }
    assert.equal((await list(api, `resourceName=${name}`)).length, 1);
  }),

  aclCase("a filter takes those that have all of its fields, MATCH those that affect a name", async (api, name) => {
    const prefix = name.slice(0, -2);
    const acls = [
      aclOf(name),
      aclOf(name, { patternType: "PREFIXED", operation: "WRITE" }),
      aclOf(prefix, { patternType: "PREFIXED", principal: "User:bob" }),
      aclOf(`${name}x`),
      aclOf(name, { resourceType: "GROUP" }),
    ];
    await add(api, ...acls);
    const found = async (query: string): Promise<readonly string[]> =>
      sorted((await list(api, `${query}&limit=1000`)).filter((acl) => acl.resourceName.startsWith(prefix)));
    const wanted = (...at: readonly number[]): readonly string[] => sorted(at.map((index) => acls[index] as WireAcl));
    assert.deepEqual(await found(`resourceName=${name}`), wanted(0, 1, 4));
    assert.deepEqual(await found(`resourceName=${name}&patternType=PREFIXED`), wanted(1));
    assert.deepEqual(await found(`resourceName=${name}&resourceType=GROUP`), wanted(4));
    assert.deepEqual(await found("principal=User:bob"), wanted(2));
    assert.deepEqual(await found(`resourceType=TOPIC&resourceName=${name}&patternType=MATCH`), wanted(0, 1, 2));
    assert.deepEqual(await found(`resourceName=${name}&permission=DENY`), []);
    await (await api.send(`/acls?resourceName=${name}x`, { method: "DELETE" })).arrayBuffer();
    await (await api.send(`/acls?resourceName=${name}`, { method: "DELETE" })).arrayBuffer();
  }),

  aclCase("ACLs are listed page by page", async (api, name) => {
    const acls = ["a", "b", "c", "d", "e"].map((letter) => aclOf(name, { principal: `User:${letter}` }));
    await add(api, ...acls);
    const paged: WireAcl[] = [];
    let cursor: string | undefined;
    do {
      const from: string = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page: AclListBody = await api.json(`/acls?resourceName=${name}&limit=2${from}`);
      assert.ok(page.acls.length <= 2);
      paged.push(...page.acls);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(paged, acls);
  }),

  aclCase("a request with a bad ACL adds none", async (api, name) => {
    const bad: readonly unknown[] = [
      null,
      "x",
      [],
      {},
      { ...aclOf(name), host: "*" },
      aclOf(""),
      aclOf("a b"),
      aclOf("x".repeat(250)),
      aclOf("*", { patternType: "PREFIXED" }),
      aclOf(name, { resourceType: "CLUSTER", operation: "ALTER" }),
      aclOf("kafka-cluster", { resourceType: "CLUSTER" }),
      aclOf(name, { operation: "CLUSTER_ACTION" }),
      aclOf(name, { resourceType: "GROUP", operation: "WRITE" }),
      ...["ada", "User:", "user:ada", "Group:ada", "User:arn:aws:s3:::bucket", "User:a\nb", `User:${"x".repeat(600)}`].map((principal) =>
        aclOf(name, { principal }),
      ),
      ...["resourceType", "patternType", "operation", "permission"].map((field) => ({ ...aclOf(name), [field]: "read" })),
      ...["resourceType", "resourceName", "operation", "permission", "principal"].map((field) => ({ ...aclOf(name), [field]: 1 })),
    ];
    for (const acl of bad) await api.refused(400, "invalid_request", "/acls", jsonBody({ acls: [aclOf(name), acl] }));
    for (const body of ["{}", '{"acls":{}}', '{"acls":[]}', `{"acls":${JSON.stringify(Array(100).fill(aclOf(name)))}}`, "[]"]) {
      await api.refused(400, "invalid_request", "/acls", jsonBody(body));
    }
    assert.deepEqual(await list(api, `resourceName=${name}`), []);
  }),

  aclCase("what ACLs are asked for with is checked, and none are deleted without a filter", async (api, name) => {
    await add(api, aclOf(name));
    await api.refused(400, "invalid_request", "/acls", { method: "DELETE" });
    for (const query of [
      "resourceType=topic",
      "patternType=ANY",
      "patternType=MATCH",
      "operation=EAT",
      "permission=MAYBE",
      "principal=ada",
      "host=x",
      `resourceName=${name}&resourceName=${name}`,
    ]) {
      await api.refused(400, "invalid_request", `/acls?${query}`);
      await api.refused(400, "invalid_request", `/acls?${query}`, { method: "DELETE" });
    }
    await api.refused(400, "invalid_request", `/acls?cursor=${"x".repeat(1_001)}`);
    assert.equal((await list(api, `resourceName=${name}`)).length, 1);
  }),
];
