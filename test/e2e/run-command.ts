import { spawn } from "node:child_process";
import { once } from "node:events";
import { environment, program } from "./start-server.ts";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** The server; `STRATALOG_URL` of the command. */
  readonly url?: string;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input, at once and then closed. */
  readonly input?: string | Uint8Array;
  /** It is sent a signal when its output contains the text. */
  readonly interruptAt?: string;
  /** Which one. Default SIGINT. */
  readonly interruptWith?: NodeJS.Signals;
}

const runMsMax = 60_000;

/** Runs `stratalog` with these arguments, as a process of its own, to its end. */
export async function runCommand(
  args: readonly string[],
  { url, env: more = {}, input = "", interruptAt, interruptWith = "SIGINT" }: RunOptions = {},
): Promise<CommandResult> {
  const env = environment({ ...(url !== undefined && { STRATALOG_URL: url }), ...more });
  const child = spawn(process.execPath, [program, ...args], { env, timeout: runMsMax });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    if (interruptAt !== undefined && Buffer.concat(stdout).includes(interruptAt)) child.kill(interruptWith);
  });
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A command may end before it has read everything.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  await once(child, "close");
  return { code: child.exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
