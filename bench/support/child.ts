import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Child {
  readonly port: number;
  readonly pid: number;
  /** Resident set size, bytes. */
  memoryBytes(): Promise<number>;
  stop(): Promise<void>;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** What `npm start` runs, on a free port over a data folder, ready to serve. @param more of its command line */
export async function startStratalog(dataFolder: string, more: readonly string[] = []): Promise<Child> {
  const { scripts } = JSON.parse(await readFile(`${root}/package.json`, "utf8")) as { scripts: { start: string } };
  const [, ...args] = scripts.start.split(" ");
  return await startChild([...args, "--port", "0", "--data", dataFolder, ...more], /127\.0\.0\.1:(\d+)/);
}

export async function startBareHttp(): Promise<Child> {
  return await startChild(["bench/support/bare-http.ts"], /^(\d+)$/);
}

/** A server over a data folder with this many groups and triggered consumers that have nothing to do. */
export async function startIdleConsumers(dataFolder: string, count: number): Promise<Child> {
  return await startChild(["bench/support/idle-consumers.ts", dataFolder, String(count)], /^(\d+)$/);
}

async function startChild(args: readonly string[], portPattern: RegExp): Promise<Child> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const port = await readPort(child, portPattern);
  const { pid } = child;
  if (pid === undefined) throw new Error("the child has no process");
  return {
    port,
    pid,
    memoryBytes: async () => {
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
    },
    stop: () => end(child, "SIGTERM"),
    kill: () => end(child, "SIGKILL"),
  };
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

async function readPort(child: ChildProcess, pattern: RegExp): Promise<number> {
  if (child.stdout === null) throw new Error("the child has no standard output");
  for await (const line of createInterface({ input: child.stdout })) {
    const port = pattern.exec(line)?.[1];
    if (port !== undefined) {
      child.stdout.resume();
      return Number(port);
    }
  }
  throw new Error(`the child ended before it printed its port (exit code ${child.exitCode})`);
}
