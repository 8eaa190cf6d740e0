import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Acl,
  aclText,
  type NeededOperation,
  neededOperations,
  operations,
  patternTypes,
  permissions,
  type ResourceType,
  resourceTypes,
} from "../../lib/core/access/acl.ts";
import { affects, matchesAcl } from "../../lib/core/access/acl-filter.ts";
import { AclIndex } from "../../lib/core/access/acl-index.ts";

/** Few names, so that they meet. */
const name = fc.string({ unit: fc.constantFrom("a", "b", "-"), minLength: 1, maxLength: 4 });
const who = fc.constantFrom("User:ada", "User:bob", "User:*");
const anyAcl: fc.Arbitrary<Acl> = fc.record({
  resourceType: fc.constantFrom("TOPIC", ...resourceTypes),
  resourceName: fc.oneof(name, fc.constant("*")),
  patternType: fc.constantFrom(...patternTypes),
  principal: who,
  operation: fc.oneof(fc.constantFrom(...operations), fc.constant("ALL" as const)),
  permission: fc.constantFrom("ALLOW", "ALLOW", ...permissions),
});
interface Question {
  readonly principal: string;
  readonly operation: NeededOperation;
  readonly resourceType: ResourceType;
  readonly name: string;
}
const question: fc.Arbitrary<Question> = fc.record({
  principal: fc.constantFrom("User:ada", "User:bob", "User:eve"),
  operation: fc.constantFrom(...neededOperations),
  resourceType: fc.constantFrom("TOPIC", ...resourceTypes),
  name,
});

/** Which operations of an ALLOW are enough, as Kafka's documentation says. */
const enough: Readonly<Record<string, readonly string[]>> = {
  DESCRIBE: ["DESCRIBE", "READ", "WRITE", "DELETE", "ALTER"],
  DESCRIBE_CONFIGS: ["DESCRIBE_CONFIGS", "ALTER_CONFIGS"],
};

/** All ACLs, one by one. */
function naive(acls: readonly Acl[], { principal, operation, resourceType, name: of }: Question): boolean {
  const about = acls.filter(
    (acl) =>
      acl.resourceType === resourceType &&
      (acl.principal === principal || acl.principal === "User:*") &&
      (acl.patternType === "PREFIXED" ? of.startsWith(acl.resourceName) : acl.resourceName === "*" || acl.resourceName === of),
  );
  if (about.some((acl) => acl.permission === "DENY" && [operation, "ALL"].includes(acl.operation))) return false;
  return about.some((acl) => acl.permission === "ALLOW" && [...(enough[operation] ?? [operation]), "ALL"].includes(acl.operation));
}

test("a decision from the index is the one from all ACLs", () => {
  let allowed = 0;
  fc.assert(
    fc.property(fc.array(anyAcl, { maxLength: 30 }), fc.array(question, { minLength: 1, maxLength: 20 }), (acls, questions) => {
      const index = new AclIndex(acls);
      for (const asked of questions) {
        const { principal, operation, resourceType } = asked;
        const expected = naive(acls, asked);
        if (expected) allowed++;
        assert.equal(index.isAllowed(principal, operation, resourceType, asked.name), expected);
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(allowed > 100, "both answers occur");
});

test("a MATCH filter finds the ACLs that can change what is decided about a name, and no others", () => {
  fc.assert(
    fc.property(fc.array(anyAcl, { maxLength: 30 }), question, (acls, { principal, operation, resourceType, name: of }) => {
      const matching = acls.filter((acl) => matchesAcl({ resourceType, resourceName: of, patternType: "MATCH" }, acl));
      assert.ok(matching.every((acl) => affects(acl, of)));
      const decide = (some: readonly Acl[]): boolean => new AclIndex(some).isAllowed(principal, operation, resourceType, of);
      assert.equal(decide(matching), decide(acls));
    }),
  );
});

test("an ACL's text is its own", () => {
  fc.assert(
    fc.property(anyAcl, anyAcl, (one, other) => {
      const same = (Object.keys(one) as (keyof Acl)[]).every((field) => one[field] === other[field]);
      assert.equal(aclText(one) === aclText(other), same);
    }),
  );
});
