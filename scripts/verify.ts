/**
 * `npm run verify [-- --no-tests]`: everything that CI checks, each check an npm script of its own. All of them run,
 * two at a time; one that fails shows its output. The tests come last and print as they run.
 */
import { spawn } from "node:child_process";

const checks = ["format", "lint", "types", "types:pure", "boundaries", "dead-code", "generated", "package"];
const parallelMax = 2;

interface Result {
  readonly name: string;
  readonly ok: boolean;
}

/** Runs one npm script; its output is kept back unless it fails. */
function check(name: string): Promise<Result> {
  const started = performance.now();
  const child = spawn("npm", ["run", "--silent", name], { stdio: ["ignore", "pipe", "pipe"] });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const ok = code === 0;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)\n`);
      if (!ok) process.stdout.write(`${Buffer.concat(output).toString("utf8").trimEnd()}\n\n`);
      resolve({ name, ok });
    });
  });
}

function tests(): Promise<Result> {
  const child = spawn("npm", ["test"], { stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ name: "test", ok: code === 0 });
    });
  });
}

async function allChecks(): Promise<Result[]> {
  const waiting = [...checks];
  const results: Result[] = [];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) results.push(await check(name));
  };
  await Promise.all(Array.from({ length: parallelMax }, worker));
  return results;
}

const results = await allChecks();
if (!process.argv.includes("--no-tests")) results.push(await tests());
const failed = results.filter((result) => !result.ok).map((result) => result.name);
if (failed.length > 0) {
  process.stdout.write(`verify: failed: ${failed.join(", ")}. Run one again with: npm run <name>\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`verify: all ${results.length} checks passed\n`);
}
