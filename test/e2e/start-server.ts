import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The command's program. */
export const program = fileURLToPath(new URL("../../bin/stratalog.js", import.meta.url));

const startMsMax = 30_000;

export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly data: string;
  /** Everything that it has printed so far. */
  readonly printed: () => string;
  /** Sends the signal and waits for the process to end. @returns its exit code, or the signal that ended it */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals>;
}

export interface StartOptions {
  /** The data folder. */
  readonly data: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** More of the command line. */
  readonly args?: readonly string[];
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A server as users start it, as a process of its own. Resolves when it has printed its URL. */
export async function startServerProcess({ data, port = 0, args = [], env = {} }: StartOptions): Promise<ServerProcess> {
  const child = spawn(process.execPath, [program, "dev", "--port", String(port), "--data", data, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment(env),
  });
  let printed = "";
  const listening = Promise.withResolvers<string>();
  const onPrinted = (chunk: Buffer): void => {
    printed += chunk.toString();
    const url = /listens on (http:\/\/\S+)\n/.exec(printed)?.[1];
    if (url !== undefined) listening.resolve(url);
  };
  child.stdout.on("data", onPrinted);
  child.stderr.on("data", onPrinted);
  child.once("close", () => listening.reject(new Error(`The server ended: ${printed}`)));
  const late = setTimeout(() => {
    child.kill("SIGKILL");
    listening.reject(new Error(`The server printed no URL within ${startMsMax} ms: ${printed}`));
  }, startMsMax);
  const url = await listening.promise.finally(() => clearTimeout(late));
  const { pid } = child;
  assert.ok(pid !== undefined);
  return { url, port: Number(new URL(url).port), pid, data, printed: () => printed, stop: (signal) => stop(child, signal) };
}

/** A folder of its own for a test's server. Remove it in the end. */
export async function temporaryFolder(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "stratalog-e2e-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** This process's environment without what npm, the test runner and the user have set for other programs. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_TEST_CONTEXT|STRATALOG_)/.test(name));
  return { ...Object.fromEntries(kept), ...more };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = once(child, "close");
    child.kill(signal);
    await closed;
  }
  return child.exitCode ?? child.signalCode ?? 0;
}
