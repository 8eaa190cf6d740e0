/** cdk-nag's AwsSolutions on every variant of the stack. What is not followed is listed here, rule by rule and resource by resource. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { synthesiseApp } from "./support.ts";

const variants: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "by default": {},
  "with a REST API for IAM": { restApi: "iam" },
  "with a REST API for bearers": { restApi: "bearer", tokens: "true" },
  "with a key of one's own": { ownKey: "true" },
  "that is thrown away": { branch: "feature", restApi: "iam", responseStreaming: "false" },
};

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

for (const [name, context] of Object.entries(variants)) {
  const { stack } = synthesiseApp(context);

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
