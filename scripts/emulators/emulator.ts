import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** A stand-in for a service of AWS. */
export interface Emulator {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * A program that prints "listens on <port>" once it serves 127.0.0.1, and ends when its standard input does. That end
 * also comes when this process is killed, which no handler of ours could see to.
 */
export interface EmulatorProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly startMsMax: number;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const stopMsMax = 10_000;
const tailMax = 4_000;

/** Starts the program. What it keeps this process waiting for is its start and its stop, nothing between. */
export async function startProgram(program: EmulatorProgram): Promise<Emulator> {
  const { name, command, args, environment = {}, startMsMax } = program;
  // Detached: Ctrl-C goes to the whole terminal, and the tests that it ends still use the emulator while they do.
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], detached: true, env: { ...process.env, ...environment } });
  let tail = "";
  const listening = Promise.withResolvers<number>();
  const onPrinted = (chunk: Buffer): void => {
    tail = (tail + chunk.toString()).slice(-tailMax);
    const port = /^listens on (\d+)$/m.exec(tail)?.[1];
    if (port !== undefined) listening.resolve(Number(port));
  };
  child.stdout.on("data", onPrinted);
  child.stderr.on("data", onPrinted);
  // A pipe to a program that has ended; that it has, "close" tells.
  child.stdin.on("error", () => undefined);
  child.once("error", (cause) => listening.reject(new Error(`${name} cannot be started with ${command}`, { cause })));
  child.once("close", (code, signal) => listening.reject(new Error(`${name} ended (${signal ?? code}) as it started:\n${tail}`)));
  const late = setTimeout(() => {
    listening.reject(new Error(`${name} does not answer after ${startMsMax / 1000} s:\n${tail}`));
    child.kill("SIGKILL");
  }, startMsMax);
  const port = await listening.promise.finally(() => clearTimeout(late));
  for (const handle of handlesOf(child)) handle.unref();
  return { endpoint: `http://127.0.0.1:${port}`, stop: () => stop(child) };
}

async function stop(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  for (const handle of handlesOf(child)) handle.ref();
  const closed = once(child, "close");
  child.stdin.end();
  await Promise.race([closed, sleep(stopMsMax, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await closed;
}

function handlesOf(child: Child): { ref(): void; unref(): void }[] {
  // What spawn types as streams are sockets when they are pipes.
  return [child, ...[child.stdin, child.stdout, child.stderr].map((stream) => stream as unknown as Socket)];
}
