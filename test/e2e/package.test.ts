/** What is published works for those who install it: built, packed and used from another folder. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startServerProcess } from "./start-server.ts";

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

test("the SDK runs with this Node, and with the Node 20 and newer that the machine has beside", { timeout: 60_000 }, async () => {
  const program = `
    import { connect } from "stratalog";
    const log = connect({ url: process.argv[2], token: async () => "none" });
    const topic = "t" + process.versions.node;
    await log.topics.create({ name: topic });
    const producer = log.producer({ topic, bufferBytes: 1, batchBytes: 1 });
    for (const value of ["a", "b"]) {
      void producer.send({ key: "k", value });
      await producer.ready();
    }
    await producer.close();
    const values = [];
    for await (const { value } of log.consume({ topic, from: "earliest", until: "end", format: "json" })) values.push(value);
    const consumer = log.consumer({ group: topic, topics: [topic], autoOffsetReset: "earliest", enableAutoCommit: false });
    for await (const { value } of consumer) {
      values.push(value);
      await consumer.commitWith([{ topic, value: "of " + value }]);
      if (value === "of b") break;
    }
    console.log(values.join());
  `;
  writeFileSync(join(folder, "old.js"), program);
  const server = await startServerProcess({ data: join(folder, "data") });
  try {
    for (const node of await nodes()) {
      const { stdout } = await run(node, ["old.js", server.url], { cwd: folder });
      assert.equal(stdout, "a,b,a,b,of a,of b\n", node);
    }
  } finally {
    await server.stop();
  }
});

/** This Node, and one of each other version from 20 on that is on the path. */
async function nodes(): Promise<readonly string[]> {
  const found = new Map<string, string>([[process.versions.node, process.execPath]]);
  for (const place of (process.env["PATH"] ?? "").split(delimiter)) {
    const node = join(place, "node");
    if (!existsSync(node)) continue;
    const { stdout } = await run(node, ["-p", "process.versions.node"]);
    const version = stdout.trim();
    if (Number.parseInt(version) >= 20 && !found.has(version)) found.set(version, node);
  }
  return [...found.values()];
}

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
