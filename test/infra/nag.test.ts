/** cdk-nag's AwsSolutions on every variant of the stack. What is not followed is listed here, rule by rule and resource by resource. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Stack, Validations } from "aws-cdk-lib";
import { Function as LambdaFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import { StratalogEventSource } from "../../infra/constructs/index.ts";
import type { EventLogStack } from "../../infra/stacks/event-log-stack.ts";
import { synthesiseApp } from "./support.ts";

const variants: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "by default": {},
  "with a REST API for IAM": { restApi: "iam" },
  "with a REST API for bearers": { restApi: "bearer", tokens: "true" },
  "with a key of one's own": { ownKey: "true" },
  "that is thrown away": { branch: "feature", restApi: "iam", responseStreaming: "false" },
};

/** A function and a queue that are there already: what is found is found at the log. */
function trigger(stack: EventLogStack): void {
  const arn = (service: string, name: string): string => `arn:aws:${service}:eu-west-1:123456789012:${name}`;
  LambdaFunction.fromFunctionArn(stack, "Billing", arn("lambda", "function:billing")).addEventSource(
    new StratalogEventSource(stack.log, {
      topic: stack.log.topic("orders"),
      startingPosition: StartingPosition.AT_TIMESTAMP,
      startingPositionTimestamp: 1_700_000_000,
      onFailure: new SqsDlq(Queue.fromQueueArn(stack, "Dead", arn("sqs", "dead"))),
    }),
  );
}

type Finding = `${string} at ${string}`;

function findings(stack: Stack, checks: AwsSolutionsChecks): Finding[] {
  return checks
    .validateScope(stack)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }): Finding => `${ruleName} at ${constructPath ?? ""}`),
    );
}

/** The same checks, deaf to what is accepted. */
function allFindings(stack: Stack): Finding[] {
  return findings(stack, Object.assign(new AwsSolutionsChecks(), { isAcknowledged: () => false }));
}

/** What is accepted, with its place and its reason. */
function accepted(stack: Stack): { readonly rule: string; readonly path: string; readonly reason: string }[] {
  return stack.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) =>
        Object.entries(data as Readonly<Record<string, string>>).map(([id, reason]) => ({
          rule: id.replace(/^annotation::/i, ""),
          path: node.path,
          reason,
        })),
      ),
  );
}

const stacks = Object.entries(variants).map(([name, context]) => ({ name, stack: synthesiseApp(context).stack }));
for (const [name, context] of [
  ["that triggers a function", {}],
  ["that triggers one, with a key of one's own", { ownKey: "true" }],
] as const) {
  const { stack } = synthesiseApp(context);
  trigger(stack);
  stacks.push({ name, stack });
}

for (const { name, stack } of stacks) {
  test(`a stack ${name} has no finding that is not accepted`, () => {
    assert.deepEqual(findings(stack, new AwsSolutionsChecks()), []);
  });

  test(`a stack ${name} accepts each finding at its own resource, with a reason, and nothing that is not found`, () => {
    const found = allFindings(stack);
    assert.ok(found.length > 0);
    for (const { rule, path, reason } of accepted(stack)) {
      assert.ok(reason.length > 40, rule);
      const covered = found.filter((finding) => finding.startsWith(`${rule} at ${path}`));
      assert.equal(covered.length, 1, `${rule} at ${path} covers ${covered.length} findings`);
    }
  });
}

test("a stack that triggers functions accepts what stands here beside the others", () => {
  const { stack } = synthesiseApp();
  const before = new Set(accepted(stack).map(({ rule, path }) => `${path} ${rule}`));
  trigger(stack);
  assert.deepEqual(
    accepted(stack)
      .map(({ rule, path }) => `${path} ${rule}`)
      .filter((each) => !before.has(each))
      .map((each) => each.replace(/<.*>/, "<bucket>"))
      .toSorted(),
    [
      "Stratalog/Log/Delivery/Deliver/Role AwsSolutions-IAM5[Resource::<bucket>/j/*]",
      "Stratalog/Log/Delivery/Deliver/Role AwsSolutions-IAM5[Resource::<bucket>/o/*]",
      "Stratalog/Log/Delivery/TimeLookups AwsSolutions-IAM5[Resource::<bucket>/j/*]",
      "Stratalog/Log/Delivery/TimeLookups AwsSolutions-IAM5[Resource::<bucket>/o/*]",
    ],
  );
});

test("the accepted findings are these", () => {
  const { stack } = synthesiseApp({ restApi: "bearer", tokens: "true" });
  assert.deepEqual(
    accepted(stack)
      .map(({ rule, path }) => `${path} ${rule.replace(/<.*>/, "<bucket>")}`)
      .toSorted(),
    [
      "Stratalog/Log/Api/Role AwsSolutions-IAM5[Resource::<bucket>/j/*]",
      "Stratalog/Log/Api/Role AwsSolutions-IAM5[Resource::<bucket>/o/*]",
      "Stratalog/Log/Bucket AwsSolutions-S1",
      "Stratalog/Log/Janitor/Role AwsSolutions-IAM5[Resource::<bucket>/j/*]",
      "Stratalog/Log/Janitor/Role AwsSolutions-IAM5[Resource::<bucket>/o/*]",
      "Stratalog/Log/Rest/Api AwsSolutions-APIG2",
      "Stratalog/Log/Rest/Api/Default/ANY AwsSolutions-APIG4",
      "Stratalog/Log/Rest/Api/Default/ANY AwsSolutions-COG4",
      "Stratalog/Log/Rest/Api/Default/{proxy+}/ANY AwsSolutions-APIG4",
      "Stratalog/Log/Rest/Api/Default/{proxy+}/ANY AwsSolutions-COG4",
      "Stratalog/Log/Rest/Api/DeploymentStage.prod AwsSolutions-APIG3",
    ],
  );
});
