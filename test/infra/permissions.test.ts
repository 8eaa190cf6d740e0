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
  Api: [...ownLog, ...table, "s3:GetObject", "s3:PutObject", "s3:GetObject", "s3:ListBucket"],
  Janitor: [
    ...[...ownLog, ...table, "s3:GetObject", "s3:DeleteObject"],
    ...["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListBucket"],
  ],
  Resources: [...ownLog, ...table],
};
/** What may be done with objects, by their prefix: payloads are written by the API and segments by the janitor. */
const permittedObjects: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Api: { "/j/*": ["s3:GetObject", "s3:PutObject"], "/o/*": ["s3:GetObject"] },
  Janitor: {
    "/j/*": ["s3:GetObject", "s3:DeleteObject"],
    "/o/*": ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"],
  },
  Resources: {},
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

test("of objects each function may do what is listed under their prefix", () => {
  for (const role of resourcesOf(byDefault.template, "AWS::IAM::Role")) {
    const name = /^Log([A-Z][a-z]+)Role/.exec(role.id)?.[1] ?? role.id;
    const found = statementsOf(role).flatMap(({ Action, Resource }) => {
      const pattern = /"(\/[a-z]\/\*)"/.exec(JSON.stringify(Resource))?.[1];
      return pattern === undefined ? [] : [[pattern, listOf(Action)] as const];
    });
    assert.deepEqual(Object.fromEntries(found), permittedObjects[name]);
  }
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
        const stars = JSON.stringify(resource).replace(/"\/[jo]\/\*"/, "");
        assert.ok(!stars.includes("*"), `${role.id}: ${stars}`);
      }
    }
  }
});

test("only the janitor may delete objects; a throwaway stack empties its bucket by a function of CDK's", () => {
  const deleting = (of: ReturnType<typeof synthesise>) =>
    resourcesOf(of.template, "AWS::IAM::Role").filter(({ Properties }) => JSON.stringify(Properties).includes("s3:DeleteObject"));
  assert.deepEqual(
    deleting(byDefault).map(({ id }) => /^Log([A-Z][a-z]+)Role/.exec(id)?.[1]),
    ["Janitor"],
  );
  // What CDK's own function may do is in the bucket's policy.
  const emptying = (of: ReturnType<typeof synthesise>["template"]) =>
    resourcesOf(of, "AWS::S3::BucketPolicy").filter(({ Properties }) => JSON.stringify(Properties).includes("s3:DeleteObject"));
  assert.deepEqual(emptying(byDefault.template), []);
  assert.equal(emptying(synthesiseApp({ branch: "x" }).template).length, 1);
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
