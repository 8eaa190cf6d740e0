import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { aheadMsEnv } from "./clock-ahead.ts";
import type { JanitorLog } from "./janitor-log.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The least that `--janitor-interval` takes is a second. */
const serverFlags = ["--janitor-interval", "1", "--metrics", "on", "--log-level", "info", "--log-format", "json"];

export interface ServerProcess {
  readonly url: string;
  stop(): Promise<void>;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** `stratalog serve` over a data folder, ready to serve. @param aheadMs of its clock */
export async function startServer(data: string, aheadMs: number, log: JanitorLog): Promise<ServerProcess> {
  const child = spawnAhead(["serve", "--json", "--port", "0", "--data", data, ...serverFlags], aheadMs);
  createInterface({ input: child.stderr }).on("line", (line) => log.read(line));
  const exited = once(child, "exit");
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return { url: await readUrl(child.stdout, exited), stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}

/** `stratalog check` over the folder of a stopped server. @returns its findings that are faults, as text, or what it said instead of an end */
export async function checkFolder(data: string, aheadMs: number): Promise<readonly string[]> {
  const child = spawnAhead(["check", "--data", data, "--json"], aheadMs);
  child.stderr.resume();
  const exited = once(child, "exit");
  const faults: string[] = [];
  let hasEnded = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as { readonly type: string; readonly isFault?: boolean };
    hasEnded ||= told.type === "summary";
    if (told.isFault === true) faults.push(line);
  }
  const [status] = (await exited) as [number | null];
  if (!hasEnded || (status !== 0 && faults.length === 0)) faults.push(`stratalog check ended with ${status}`);
  return faults;
}

function spawnAhead(args: readonly string[], aheadMs: number) {
  const ahead = fileURLToPath(new URL("clock-ahead.ts", import.meta.url));
  return spawn(process.execPath, ["--import", ahead, "bin/stratalog.js", ...args], {
    cwd: root,
    env: { ...process.env, [aheadMsEnv]: String(aheadMs) },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function readUrl(stdout: NonNullable<ChildProcess["stdout"]>, exited: Promise<unknown>): Promise<string> {
  const line = once(createInterface({ input: stdout }), "line") as Promise<[string]>;
  const first = await Promise.race([line, exited.then(() => undefined)]);
  if (first === undefined) throw new Error("the server ended before it said where it listens");
  return (JSON.parse(first[0]) as { readonly url: string }).url;
}
