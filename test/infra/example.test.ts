import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readmeBlocks } from "../e2e/readme-page.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the README's CDK app is examples/cdk.ts, and synthesises", async () => {
  const example = (await readFile(join(root, "examples/cdk.ts"), "utf8")).replace("../infra/constructs/index.ts", "stratalog/cdk");
  const block = readmeBlocks().find(({ language }) => language === "mts");
  assert.equal(block?.code.trim(), example.replace(/^\/\*\*.*\*\/\n/, "").trim());

  const folder = await mkdtemp(join(tmpdir(), "stratalog-example-"));
  try {
    await promisify(execFile)(process.execPath, ["scripts/build-functions.ts"], { cwd: root });
    await promisify(execFile)(process.execPath, ["examples/cdk.ts"], { cwd: root, env: { ...process.env, CDK_OUTDIR: folder } });
    const template = JSON.parse(await readFile(join(folder, "Shop.template.json"), "utf8")) as {
      readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>>;
    };
    const types = Object.values(template.Resources).map(({ Type }) => Type);
    for (const type of ["Custom::StratalogTopic", "Custom::StratalogAcl", "AWS::Lambda::Url"]) assert.ok(types.includes(type), type);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
