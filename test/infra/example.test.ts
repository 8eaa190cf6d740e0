import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readmeBlocks } from "../e2e/readme-page.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

const examples = [
  { file: "examples/cdk.ts", has: ["Custom::StratalogTopic", "Custom::StratalogAcl", "AWS::Lambda::Url"] },
  { file: "examples/triggered.ts", has: ["Custom::StratalogConsumer", "AWS::Lambda::EventSourceMapping", "AWS::Events::Rule"] },
];

before(async () => {
  await run(process.execPath, ["scripts/build-functions.ts"], { cwd: root });
});

for (const [nth, { file, has }] of examples.entries()) {
  test(`a CDK app of the README is ${file}, and synthesises`, async () => {
    const example = (await readFile(join(root, file), "utf8")).replace("../infra/constructs/index.ts", "stratalog/cdk");
    const block = readmeBlocks().filter(({ language }) => language === "mts")[nth];
    assert.equal(block?.code.trim(), example.replace(/^\/\*\*.*\*\/\n/, "").trim());

    const folder = await mkdtemp(join(tmpdir(), "stratalog-example-"));
    try {
      await run(process.execPath, [file], { cwd: root, env: { ...process.env, CDK_OUTDIR: folder } });
      const template = JSON.parse(await readFile(join(folder, "Shop.template.json"), "utf8")) as {
        readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
      };
      const types = Object.values(template.Resources).map(({ Type }) => Type);
      for (const type of has) assert.ok(types.includes(type), type);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
