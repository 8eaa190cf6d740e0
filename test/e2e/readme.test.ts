/** The README as code: its shell blocks run in order, as a newcomer would run them, in a copy of the project. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isAsShown, readmeBlocks, readmeSteps } from "./readme-page.ts";
import { environment } from "./start-server.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const readyWaitMs = 30_000;
const stepWaitMs = 60_000;

let folder: string;
let port: number;
let server: ChildProcess | undefined;
/** What the server said beside its greeting: shown when it does not start. */
let complaints = "";

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "stratalog-readme-"));
  for (const name of ["package.json", ".npmrc", "bin", "lib", "examples"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  port = await freePort();
});

after(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

test("every shell block of the README works in order, and prints what the page says", { timeout: 300_000 }, async () => {
  const steps = readmeSteps();
  assert.ok(steps.length > 8, "the README has its quickstart");
  for (const { kind, code, output } of steps) {
    if (kind === "start") await start(argumentsOf(code));
    if (kind !== "run") continue;
    const printed = await shell(code);
    if (output === undefined || isAsShown(printed, here(output))) continue;
    assert.equal(printed, here(output), `printed by: ${code}`);
  }
});

const sdkExamples = [
  { file: "examples/sdk.ts", prints: /^durable at \d:0\n\d 0 ada \{ item: 'book', copies: 2 \}\n$/ },
  { file: "examples/group.ts", prints: /^orders-by-customer \d 0 ada \{ item: 'book', copies: 2 \}\n$/ },
  { file: "examples/transform.ts", prints: /^\[ \{ topic: 'invoices', partition: 0, offset: 0 \} \]\n$/ },
];

for (const [nth, { file, prints }] of sdkExamples.entries()) {
  test(`an SDK example of the README is ${file}, and runs`, { timeout: 60_000 }, async () => {
    const example = readFileSync(join(root, file), "utf8");
    const shown = readmeBlocks().filter((block) => block.language === "ts")[nth];
    assert.equal(shown?.code, example.replace("../lib/client/index.ts", "stratalog"));
    if (server === undefined) await start();
    cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
    writeFileSync(join(folder, file), here(example));
    const { stdout } = await run(process.execPath, [file], { cwd: folder, timeout: stepWaitMs });
    assert.match(stdout, prints);
  });
}

test("the function of the README is examples/handler.ts", () => {
  const shown = readmeBlocks().find(({ language }) => language === "typescript");
  assert.equal(shown?.code, readFileSync(join(root, "examples/handler.ts"), "utf8"));
});

test("CI runs the README's test command", () => {
  const command = "npm ci && npm test";
  assert.ok(readmeBlocks().some(({ language, code }) => language === "sh" && code.startsWith(command)));
  const script = readFileSync(join(root, ".ci/run"), "utf8");
  assert.ok(script.includes("\nnpm ci\nnpm test\n"), ".ci/run runs the same two commands");
});

/** The page's port and data folder are the defaults; here the port is a free one. */
function here(code: string): string {
  return code.replaceAll("7070", String(port));
}

function settings(): NodeJS.ProcessEnv {
  return environment({ STRATALOG_PORT: String(port), STRATALOG_URL: `http://127.0.0.1:${port}`, npm_config_update_notifier: "false" });
}

async function shell(code: string): Promise<string> {
  // A terminal shows both outputs, and so does the page.
  const script = `set -euo pipefail\nexec 2>&1\n${here(code)}`;
  const { stdout } = await run("bash", ["-c", script], { cwd: folder, env: settings(), timeout: stepWaitMs });
  return stdout;
}

/** `npm start`, ready when the log answers. Its process group is its own, so that nothing of it outlives the test. */
async function start(more: readonly string[] = []): Promise<void> {
  if (server !== undefined) await gone(server);
  const child = spawn("npm", ["start", ...more], { cwd: folder, env: settings(), stdio: ["ignore", "ignore", "pipe"], detached: true });
  server = child;
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString("utf8");
  });
  const deadline = performance.now() + readyWaitMs;
  while (!(await answers())) {
    assert.equal(child.exitCode, null, `the server ended at its start: ${complaints}`);
    assert.ok(performance.now() < deadline, `the server does not answer: ${complaints}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What follows `npm start`, without a comment. */
function argumentsOf(code: string): readonly string[] {
  const [, more = ""] = /npm start\b([^#\n]*)/.exec(code) ?? [];
  return more.split(" ").filter((word) => word !== "");
}

async function answers(): Promise<boolean> {
  try {
    const { ok } = await fetch(`http://127.0.0.1:${port}/v1/health`);
    return ok;
  } catch {
    return false;
  }
}

async function stop(): Promise<void> {
  if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  process.kill(-server.pid, "SIGTERM");
  await gone(server);
}

/** Waits for a server that was killed. */
async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit", { signal: AbortSignal.timeout(readyWaitMs) });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
