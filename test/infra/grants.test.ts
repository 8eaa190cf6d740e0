/** Declared topics, and what a grant gives. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AccountRootPrincipal, ArnPrincipal, Group, Role, ServicePrincipal, User } from "aws-cdk-lib/aws-iam";
import { EventLog } from "../../infra/constructs/index.ts";
import { principalName } from "../../infra/constructs/principals.ts";
import { checkAcl } from "../../lib/core/access/check-acl.ts";
import { at, functionsFolder, listOf, resourcesOf, type Statement, statementsOf, synthesise } from "./support.ts";

const roleIn = (stack: Stack) => new Role(stack, "Worker", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });

function policiesOf(template: Template, id: string): readonly Statement[] {
  return resourcesOf(template, "AWS::IAM::Policy")
    .filter((policy) => policy.id.startsWith(id))
    .flatMap(statementsOf);
}

/** The rules that a template declares, with what CloudFormation fills in filled in. */
function rulesOf(template: Template): readonly Record<string, string>[] {
  return resourcesOf(template, "Custom::StratalogAcl").flatMap(({ Properties }) => {
    const acls = Properties["acls"] as readonly Readonly<Record<string, unknown>>[];
    return acls.map(({ principal, ...rule }) => ({ ...rule, principal: filledIn(principal) }));
  });
}

function filledIn(value: unknown): string {
  if (typeof value === "string") return value;
  const parts = at(value, "Fn::Join", 1) as readonly unknown[] | undefined;
  if (parts !== undefined) return parts.map(filledIn).join("");
  const name = String(at(value, "Ref") ?? at(value, "Fn::GetAtt", 0));
  return { "AWS::Partition": "aws", "AWS::AccountId": "123456789012" }[name] ?? name;
}

test("a topic is declared as the function of declared resources takes it", () => {
  const { template } = synthesise(undefined, (log) => {
    log.topic("orders", { partitions: 8, config: { "retention.ms": "60000" } });
    log.topic("clicks", { partitionsPerShard: 16, onDelete: "delete" });
  });
  const topics = resourcesOf(template, "Custom::StratalogTopic").map(
    ({ Properties: { ServiceToken: token, ServiceTimeout, ...properties } }) => {
      assert.match(JSON.stringify(token), /LogResourcesFunction/);
      assert.equal(ServiceTimeout, "300");
      return properties;
    },
  );
  assert.deepEqual(topics, [
    { name: "orders", partitions: 8, config: { "retention.ms": "60000" }, onDelete: "retain" },
    { name: "clicks", partitions: 1, partitionsPerShard: 16, config: {}, onDelete: "delete" },
  ]);
});

test("a name or a config that the log would refuse is refused when the stack is made", () => {
  assert.throws(() => synthesise(undefined, (log) => log.topic("or ders")), { code: "invalid_topic" });
  assert.throws(() => synthesise(undefined, (log) => log.topic("orders", { config: { "retention.weeks": "1" } })), {
    code: "invalid_config",
  });
});

test("a grantee comes in by the URL only, and can never invoke the function itself", () => {
  const { template } = synthesise(undefined, (log, stack) => log.topic("orders").grantProduce(roleIn(stack)));
  const api = { "Fn::GetAtt": [resourcesOf(template, "AWS::Lambda::Function").find(({ id }) => id.startsWith("LogApi"))?.id, "Arn"] };
  assert.deepEqual(policiesOf(template, "Worker"), [
    {
      Action: "lambda:InvokeFunctionUrl",
      Effect: "Allow",
      Resource: api,
      Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
    },
    { Action: "lambda:InvokeFunction", Effect: "Allow", Resource: api, Condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } } },
  ]);
});

test("no statement of any grant invokes a function without the condition", () => {
  const { template } = synthesise(
    () => ({ restApi: { auth: "iam" } }),
    (log, stack) => {
      const topic = log.topic("orders");
      topic.grantProduce(roleIn(stack));
      topic.grantConsume(new User(stack, "Ada"), { groups: ["billing"] });
      log.grantAdmin(new ArnPrincipal("arn:aws:iam::123456789012:role/ops/Operator"));
    },
  );
  const invoking = resourcesOf(template, "AWS::IAM::Policy")
    .flatMap(statementsOf)
    .filter(({ Action }) => listOf(Action).includes("lambda:InvokeFunction"));
  assert.equal(invoking.length, 2);
  for (const { Condition } of invoking) assert.deepEqual(Condition, { Bool: { "lambda:InvokedViaFunctionUrl": "true" } });
  const permissions = resourcesOf(template, "AWS::Lambda::Permission").filter(({ Properties }) =>
    String(Properties["Principal"]).startsWith("arn:"),
  );
  assert.deepEqual(
    permissions
      .map(({ Properties }) => [Properties["Action"], Properties["FunctionUrlAuthType"] ?? Properties["InvokedViaFunctionUrl"]])
      .toSorted(),
    [
      ["lambda:InvokeFunction", true],
      ["lambda:InvokeFunctionUrl", "AWS_IAM"],
    ],
  );
});

test("where the REST door knows IAM, a grantee may use its stage; where it does not, the URL only", () => {
  const grantOn = (auth: "iam" | "bearer", functionUrl: boolean) =>
    synthesise(
      () => ({ functionUrl, restApi: { auth }, security: { tokens: true } }),
      (log, stack) => log.topic("orders").grantConsume(roleIn(stack)),
    ).template;
  const actions = (template: Template) => policiesOf(template, "Worker").flatMap(({ Action }) => listOf(Action));
  assert.deepEqual(actions(grantOn("iam", false)), ["execute-api:Invoke"]);
  assert.deepEqual(actions(grantOn("iam", true)), ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction", "execute-api:Invoke"]);
  assert.deepEqual(actions(grantOn("bearer", true)), ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]);
  assert.throws(() => grantOn("bearer", false), /No door of this log knows IAM principals/);
});

test("each grant is one right that the log takes, for the role without its path", () => {
  const { template } = synthesise(undefined, (log, stack) => {
    const orders = log.topic("orders");
    const imported = Role.fromRoleArn(stack, "Imported", "arn:aws:iam::123456789012:role/teams/billing/Worker");
    orders.grantProduce(imported);
    orders.grantConsume(imported, { groups: ["billing"] });
    orders.grantAdmin(new User(stack, "Ada"));
    log.grantAdmin(imported);
  });
  const worker = "User:arn:aws:iam::123456789012:role/Worker";
  const rules = rulesOf(template);
  const [ada] = rules.filter(({ operation, resourceName }) => operation === "ALL" && resourceName === "orders");
  assert.match(String(ada?.["principal"]), /^User:Ada/);
  const ofWorker = rules.filter((rule) => rule !== ada);
  for (const rule of ofWorker) assert.deepEqual(checkAcl(rule), rule);
  assert.deepEqual(
    new Set(
      ofWorker.map(({ principal, resourceType, resourceName, operation }) => [principal, resourceType, resourceName, operation].join(" ")),
    ),
    new Set([
      `${worker} TOPIC orders WRITE`,
      `${worker} TOPIC orders READ`,
      `${worker} GROUP billing READ`,
      `${worker} CLUSTER kafka-cluster ALL`,
      `${worker} TOPIC * ALL`,
      `${worker} GROUP * ALL`,
    ]),
  );
});

test("a role of the stack is named as CloudFormation will name it", () => {
  const { template } = synthesise(undefined, (log, stack) => log.topic("orders").grantProduce(roleIn(stack)));
  const [rule] = rulesOf(template);
  assert.match(String(rule?.["principal"]), /^User:arn:aws:iam::123456789012:role\/Worker[0-9A-F]+$/);
});

test("the same grant twice is one, and a group of two topics is one right", () => {
  const { template } = synthesise(undefined, (log, stack) => {
    const role = roleIn(stack);
    for (const topic of [log.topic("orders"), log.topic("clicks")]) {
      for (let times = 0; times < 2; times++) topic.grantConsume(role, { groups: ["billing"] });
    }
  });
  assert.deepEqual(
    rulesOf(template).map(({ resourceType, resourceName }) => `${resourceType} ${resourceName}`),
    ["GROUP billing", "TOPIC orders", "TOPIC clicks"],
  );
});

test("a grantee of another stack depends on the log's, never the other way round", () => {
  const app = new App();
  const home = new Stack(app, "Home");
  const away = new Stack(app, "Away");
  const topic = new EventLog(home, "Log", { functionsFolder }).topic("orders");
  topic.grantProduce(roleIn(away));
  assert.equal(resourcesOf(Template.fromStack(away), "Custom::StratalogAcl").length, 1);
  assert.deepEqual([away.dependencies, home.dependencies], [[home], []]);
});

test("who has no single name in the log gets no grant", () => {
  const stack = new Stack(new App(), "Test");
  for (const principal of [
    new ServicePrincipal("s3.amazonaws.com"),
    new AccountRootPrincipal(),
    new ArnPrincipal("*"),
    new Group(stack, "Group"),
  ]) {
    assert.throws(() => principalName(principal), /access rules for roles and users/);
  }
  const session = new ArnPrincipal("arn:aws:sts::123456789012:assumed-role/Worker/session");
  assert.equal(principalName(session), "User:arn:aws:iam::123456789012:role/Worker");
});
