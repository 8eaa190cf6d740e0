/** What is published works for those who install it: built, packed and used from another folder. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const tsc = join(root, "node_modules/typescript/bin/tsc");
interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "stratalog-package-"));
  const installed = join(folder, "node_modules/stratalog");
  mkdirSync(installed, { recursive: true });
  for (const name of ["package.json", "bin", "LICENSE"]) cpSync(join(root, name), join(installed, name), { recursive: true });
  await run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", join(installed, "dist")], { cwd: root });
  await run(process.execPath, ["scripts/build-functions.ts", "--out", join(installed, "dist/functions")], { cwd: root });
  // What npm installs with it, and what a user of the constructs has beside it.
  for (const name of [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]) {
    const place = join(folder, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, "node_modules", name), place);
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("the exports load as JavaScript", { timeout: 60_000 }, async () => {
  const program = `
    import { connect, LogError } from "stratalog";
    import { startServer } from "stratalog/server";
    import * as testing from "stratalog/testing";
    console.log(typeof connect, typeof LogError, typeof startServer, Object.keys(testing).length > 0);
  `;
  writeFileSync(join(folder, "use.js"), program);
  const { stdout } = await run(process.execPath, ["use.js"], { cwd: folder });
  assert.equal(stdout, "function function function true\n");
});

test("the declarations tell a user's compiler the types, and nothing is any", { timeout: 60_000 }, async () => {
  const program = `
    import { connect } from "stratalog";
    export const sent = connect().producer({ topic: "t" }).send({ value: "v" });
    export const offset: Promise<number> = sent.then((record) => record.offset);
    // @ts-expect-error an offset is no string
    export const wrong: Promise<string> = sent.then((record) => record.offset);
  `;
  writeFileSync(join(folder, "use.ts"), program);
  const compilerOptions = { noEmit: true, strict: true, module: "nodenext", target: "es2024", lib: ["es2024", "dom", "esnext.disposable"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
  await run(process.execPath, [tsc, "-p", folder]);
});

test("the constructs make a stack, with the functions of the package", { timeout: 60_000 }, async () => {
  const program = `
    import { App, Stack } from "aws-cdk-lib";
    import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
    import { EventLog } from "stratalog/cdk";
    const app = new App();
    const stack = new Stack(app, "Mine");
    const log = new EventLog(stack, "Log", {});
    const worker = new Role(stack, "Worker", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    log.topic("orders", { partitions: 8 }).grantProduce(worker);
    const types = Object.values(app.synth().getStackByName("Mine").template.Resources).map(({ Type }) => Type);
    console.log(types.filter((type) => type === "AWS::Lambda::Function").length, types.includes("Custom::StratalogTopic"));
  `;
  writeFileSync(join(folder, "stack.js"), program);
  const { stdout } = await run(process.execPath, ["stack.js"], { cwd: folder });
  assert.equal(stdout, "3 true\n");

  writeFileSync(join(folder, "stack.ts"), program.replace(/^.*const types = [^]*$/m, ""));
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, module: "nodenext", target: "es2024" };
  writeFileSync(join(folder, "tsconfig.cdk.json"), JSON.stringify({ compilerOptions, files: ["stack.ts"] }));
  await run(process.execPath, [tsc, "-p", join(folder, "tsconfig.cdk.json")]);
});

test("the command runs from its built form", { timeout: 60_000 }, async () => {
  const { stdout } = await run(process.execPath, ["node_modules/stratalog/bin/stratalog.js", "--version"], { cwd: folder });
  assert.ok(stdout.includes(manifest.version), stdout);
});
