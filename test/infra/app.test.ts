/** `cdk synth`, as a user runs it: no account, no credentials. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundleFolder } from "../../infra/constructs/bundles.ts";
import { resourcesOf, synthesiseApp } from "./support.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "stratalog-synth-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("cdk synth needs no account and prints the template", { timeout: 120_000 }, async () => {
  const cdk = join(root, "node_modules/aws-cdk/bin/cdk");
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: folder,
    CDK_DISABLE_CLI_TELEMETRY: "true",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const { stdout } = await run(
    process.execPath,
    [cdk, "synth", "--json", "--no-notices", "--output", join(folder, "out"), "-c", "branch=synth-test"],
    {
      cwd: root,
      env,
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  const template = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { readonly Outputs: object; readonly Resources: object };
  assert.deepEqual(Object.keys(template.Outputs).toSorted(), [
    "ApiFunctionName",
    "BucketName",
    "DashboardName",
    "FunctionUrl",
    "JanitorFunctionName",
    "TableName",
  ]);
  const written = JSON.parse(readFileSync(join(folder, "out", "Stratalog-synth-test.template.json"), "utf8")) as typeof template;
  assert.deepEqual(written.Resources, template.Resources);
});

test("the REST API's URL is an output, too, and no account is named", () => {
  const { template } = synthesiseApp({ restApi: "iam" });
  const { Outputs: outputs } = template.toJSON() as { readonly Outputs: Readonly<Record<string, unknown>> };
  assert.ok("RestUrl" in outputs);
  assert.ok(!/:\d{12}:/.test(JSON.stringify(template.toJSON())));
});

test("a setting that cannot be is refused, with what it can be", () => {
  assert.throws(() => synthesiseApp({ restApi: "open" }), /-c restApi=open: restApi is iam\|bearer/);
  assert.throws(() => synthesiseApp({ responseStreaming: "no" }), /responseStreaming is true\|false/);
  assert.throws(() => synthesiseApp({ apiMemoryMb: "big" }), /-c apiMemoryMb=big/);
  assert.throws(() => synthesiseApp({ restApi: "iam", domainName: "log.example.com" }), /-c domainName and -c certificateArn/);
});

test("settings of the context reach the stack", () => {
  const { template } = synthesiseApp({
    superUsers: "User:ada;User:arn:aws:iam::123456789012:role/Operator",
    apiConcurrency: "20",
    apiTimeoutSeconds: "60",
    alarmTopicArn: "arn:aws:sns:eu-west-1:123456789012:alarms",
    dashboard: "false",
    ownKey: "true",
  });
  template.hasResourceProperties("AWS::Lambda::Function", {
    Timeout: 60,
    ReservedConcurrentExecutions: 20,
    Environment: { Variables: { STRATALOG_SUPER_USERS: "User:ada;User:arn:aws:iam::123456789012:role/Operator" } },
  });
  template.hasResourceProperties("AWS::KMS::Key", { EnableKeyRotation: true });
  for (const { Properties } of resourcesOf(template, "AWS::CloudWatch::Alarm")) {
    assert.deepEqual(Properties["AlarmActions"], ["arn:aws:sns:eu-west-1:123456789012:alarms"]);
  }
});

test("a stack can be put over a table and a bucket that an earlier one has left", () => {
  const { template, stack } = synthesiseApp({ tableName: "old-table", bucketName: "old-bucket" });
  template.resourceCountIs("AWS::DynamoDB::Table", 0);
  template.resourceCountIs("AWS::S3::Bucket", 0);
  assert.deepEqual([stack.log.table.tableName, stack.log.bucket.bucketName], ["old-table", "old-bucket"]);
  const role = JSON.stringify(resourcesOf(template, "AWS::IAM::Role").find(({ id }) => id.startsWith("LogApiRole")));
  assert.match(role, /:table\/old-table"/);
});

test("without the functions' bundles the error says how to make them", () => {
  assert.throws(() => bundleFolder("api", join(folder, "nothing")), /run npm run build:functions/);
});
