import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM"] as const;

/** Does a step, and prints what it is and how long it took. */
export async function step<T>(name: string, work: () => Promise<T>, say: (result: T) => string): Promise<T> {
  const started = performance.now();
  console.log(`${name} ...`);
  const result = await work();
  console.log(`${name}: ${say(result)} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return result;
}

/** Runs test files. @returns the runner's exit code */
export async function runTests(
  files: readonly string[],
  options: { readonly concurrency: number; readonly timeoutMs: number; readonly env: Readonly<Record<string, string>> },
): Promise<number> {
  const { concurrency, timeoutMs, env } = options;
  const args = ["--test", "--test-reporter=spec", `--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, ...files];
  const child = spawn(process.execPath, args, { stdio: "inherit", env: { ...process.env, ...env } });
  // The runner ends its tests on a signal; this process then stops the emulators and ends as the runner did.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of signals) process.once(signal, pass);
  await once(child, "close");
  for (const signal of signals) process.off(signal, pass);
  return child.exitCode ?? 128 + (child.signalCode === null ? 0 : constants.signals[child.signalCode]);
}
