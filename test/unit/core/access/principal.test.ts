import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalPrincipal, principalOfArn, principalOfName } from "../../../../lib/core/access/principal.ts";

test("an AWS identity's principal is its ARN, a role's the same for all its forms", () => {
  for (const [arn, principal] of [
    ["arn:aws:sts::123456789012:assumed-role/Name/session", "User:arn:aws:iam::123456789012:role/Name"],
    ["arn:aws:sts::123:assumed-role/N+=,.@-_n/i-0abc@x", "User:arn:aws:iam::123:role/N+=,.@-_n"],
    ["arn:aws:iam::123456789012:role/Name", "User:arn:aws:iam::123456789012:role/Name"],
    ["arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/Name", "User:arn:aws:iam::123456789012:role/Name"],
    ["arn:aws-cn:sts::123456789012:assumed-role/Name/session", "User:arn:aws-cn:iam::123456789012:role/Name"],
    ["arn:aws-us-gov:iam::123456789012:role/Name", "User:arn:aws-us-gov:iam::123456789012:role/Name"],
    ["arn:aws:iam::123456789012:user/team/ada", "User:arn:aws:iam::123456789012:user/team/ada"],
    ["arn:aws:iam::123456789012:root", "User:arn:aws:iam::123456789012:root"],
    ["arn:aws:sts::123456789012:federated-user/ada", "User:arn:aws:sts::123456789012:federated-user/ada"],
  ] as const) {
    assert.equal(principalOfArn(arn), principal);
    assert.equal(canonicalPrincipal(`User:${arn}`), principal);
  }
});

test("what is no AWS identity has no principal by ARN", () => {
  for (const text of [
    "",
    "ada",
    "arn:aws:s3:::bucket",
    "arn:aws:iam::x:role/Name",
    "arn:aws:iam::123:role/a b",
    "arn:aws:iam::123:user/a\nb",
    "arn:evil:iam::123:role/Name",
    `arn:aws:iam::123456789012:user/${"x".repeat(512)}`,
  ]) {
    assert.equal(principalOfArn(text), undefined, text);
  }
});

test("a name can be no AWS identity's, nor everyone", () => {
  assert.equal(principalOfName("ada"), "User:ada");
  assert.equal(principalOfName("auth0|5f7c8ec7"), "User:auth0|5f7c8ec7");
  for (const name of [
    "",
    "*",
    "arn:aws:iam::123456789012:role/Admin",
    "arn:",
    "a\0b",
    "a\nb",
    "\ud800",
    "x".repeat(508),
    "ü".repeat(254),
  ]) {
    assert.equal(principalOfName(name), undefined, name);
  }
});

test("a principal has one form", () => {
  assert.equal(canonicalPrincipal("User:*"), "User:*");
  for (const text of ["", "User:", "ada", "user:ada", "Group:ada", "User:arn:aws:s3:::bucket", "User:a\tb", " User:ada"]) {
    assert.throws(() => canonicalPrincipal(text), { code: "invalid_request" }, text);
  }
});
