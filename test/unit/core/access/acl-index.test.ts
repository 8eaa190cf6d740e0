import assert from "node:assert/strict";
import { test } from "node:test";
import type { Acl, NeededOperation, Operation } from "../../../../lib/core/access/acl.ts";
import { AclIndex } from "../../../../lib/core/access/acl-index.ts";

const acl = (more: Partial<Acl> = {}): Acl => ({
  resourceType: "TOPIC",
  resourceName: "orders",
  patternType: "LITERAL",
  principal: "User:ada",
  operation: "READ",
  permission: "ALLOW",
  ...more,
});
const decide =
  (...acls: readonly Acl[]) =>
  (operation: NeededOperation, name = "orders", principal = "User:ada"): boolean =>
    new AclIndex(acls).isAllowed(principal, operation, "TOPIC", name);

test("nothing is allowed by no ACL, and one allows what it names", () => {
  assert.equal(decide()("READ"), false);
  const may = decide(acl());
  assert.ok(may("READ"));
  assert.ok(!may("WRITE"));
  assert.ok(!may("READ", "orders2"));
  assert.ok(!may("READ", "order"));
  assert.ok(!may("READ", "orders", "User:bob"));
  assert.ok(!new AclIndex([acl()]).isAllowed("User:ada", "READ", "GROUP", "orders"));
});

test("a DENY wins over every ALLOW, whatever its pattern, and for everyone", () => {
  const all = acl({ resourceName: "*", operation: "ALL" });
  for (const deny of [
    acl({ permission: "DENY" }),
    acl({ permission: "DENY", operation: "ALL" }),
    acl({ permission: "DENY", resourceName: "*" }),
    acl({ permission: "DENY", resourceName: "ord", patternType: "PREFIXED" }),
    acl({ permission: "DENY", principal: "User:*" }),
  ]) {
    assert.ok(!decide(all, acl(), deny)("READ"));
    assert.equal(decide(all, deny)("WRITE"), deny.operation !== "ALL");
  }
});

test("what an ALLOW implies, a DENY does not", () => {
  for (const operation of ["READ", "WRITE", "DELETE", "ALTER"] as const satisfies Operation[]) {
    assert.ok(decide(acl({ operation }))("DESCRIBE"), operation);
    assert.ok(decide(acl({ operation: "DESCRIBE" }), acl({ operation, permission: "DENY" }))("DESCRIBE"), operation);
  }
  assert.ok(decide(acl({ operation: "ALTER_CONFIGS" }))("DESCRIBE_CONFIGS"));
  for (const operation of ["CREATE", "ALTER_CONFIGS", "DESCRIBE_CONFIGS"] as const satisfies Operation[]) {
    assert.ok(!decide(acl({ operation }))("DESCRIBE"), operation);
  }
  assert.ok(!decide(acl({ operation: "DESCRIBE" }))("READ"));
});

test("a prefix is every name that starts so, and * in a prefix is a character", () => {
  const may = decide(acl({ resourceName: "ord", patternType: "PREFIXED" }));
  assert.ok(may("READ") && may("READ", "ord") && !may("READ", "or") && !may("READ", "xord"));
  assert.ok(!decide(acl({ resourceName: "*", patternType: "PREFIXED" }))("READ"));
});
