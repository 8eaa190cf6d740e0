/** What each function may do, in full: an action that is not listed here fails, and so does a wildcard. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Key } from "aws-cdk-lib/aws-kms";
import { listOf, resourcesOf, statementsOf, synthesise, synthesiseApp } from "./support.ts";

const ownLog = ["logs:CreateLogStream", "logs:PutLogEvents"];
const table = [
  "dynamodb:ConditionCheckItem",
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];
const permitted: Readonly<Record<string, readonly string[]>> = {
  Api: [...ownLog, ...table, "s3:GetObject", "s3:PutObject", "s3:ListBucket"],
  Janitor: [...ownLog, ...table, "s3:GetObject", "s3:ListBucket"],
  Resources: [...ownLog, ...table],
};
const withKey = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"];

function rolesOf({ template }: ReturnType<typeof synthesise>): Readonly<Record<string, readonly string[]>> {
  const roles = resourcesOf(template, "AWS::IAM::Role").map((role) => {
    const name = /^Log([A-Z][a-z]+)Role/.exec(role.id)?.[1] ?? role.id;
    return [name, statementsOf(role).flatMap(({ Action }) => listOf(Action))] as const;
  });
  return Object.fromEntries(roles);
}

const byDefault = synthesise();

test("each function may do what is listed, and no more", () => {
  assert.deepEqual(rolesOf(byDefault), permitted);
});

test("with a key of one's own, each may use it for data, too", () => {
  const { stack, template } = synthesise((stack) => ({ encryptionKey: new Key(stack, "Key") }));
  assert.ok(stack.node.tryFindChild("Key"));
  const { Api: api = [] } = rolesOf({ ...byDefault, template });
  assert.deepEqual(new Set(api), new Set([...(permitted["Api"] ?? []), ...withKey]));
});

test("no managed policy, no policy beside the roles' own, no wildcard", () => {
  const { template } = byDefault;
  assert.equal(resourcesOf(template, "AWS::IAM::Policy").length, 0);
  for (const role of resourcesOf(template, "AWS::IAM::Role")) {
    assert.equal(role.Properties["ManagedPolicyArns"], undefined);
    for (const { Action, Resource } of statementsOf(role)) {
      assert.ok(!JSON.stringify(Action).includes("*"), role.id);
      // An object's ARN names a prefix; everything else is one resource.
      for (const resource of listOf(Resource)) {
        const stars = JSON.stringify(resource).replace('"/j/*"', "");
        assert.ok(!stars.includes("*"), `${role.id}: ${stars}`);
      }
    }
  }
});

test("nobody may delete objects; a throwaway stack empties its bucket by a function of CDK's", () => {
  const deletes = (of: ReturnType<typeof synthesise>["template"]) => JSON.stringify(of.toJSON()).includes("s3:DeleteObject");
  assert.equal(deletes(byDefault.template), false);
  assert.equal(deletes(synthesiseApp({ branch: "x" }).template), true);
});

test("only the services that call the functions may, each from one place", () => {
  const { template } = synthesise(() => ({ restApi: { auth: "iam" } }));
  const callers = resourcesOf(template, "AWS::Lambda::Permission");
  assert.deepEqual(
    new Set(callers.map(({ Properties }) => Properties["Principal"])),
    new Set(["events.amazonaws.com", "apigateway.amazonaws.com"]),
  );
  for (const { Properties } of callers) assert.notEqual(Properties["SourceArn"], undefined);
});
